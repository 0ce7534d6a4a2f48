/**
 * What a lookup of a node comes to: the node, or why it is none.
 *
 * @module
 */

import { visible } from "../text.ts";

/** The node to connect to. */
export interface ResolvedTarget {
  /** What StartSession takes. */
  readonly id: string;
  /** The Name tag, when the user gave that. */
  readonly name: string | undefined;
  /** `Linux`, `Windows` or `MacOS`, where the lookup told. */
  readonly platform?: string | undefined;
  /** Four numeric parts, where the lookup told. */
  readonly agentVersion?: string | undefined;
}

/** One of several nodes that may be meant. */
export interface TargetCandidate {
  readonly id: string;
  /** The Name tag, as far as it is known. */
  readonly name: string | undefined;
  /** EC2's state or Session Manager's ping status. */
  readonly state: string;
  readonly address: string | undefined;
  readonly computerName: string | undefined;
  readonly platform?: string | undefined;
  readonly agentVersion?: string | undefined;
}

/** The text is shaped like an id and is none. */
export class InvalidTargetError extends Error {
  override name = "InvalidTargetError";
}

/** Several nodes are what was asked for. */
export class AmbiguousTargetError extends Error {
  override name = "AmbiguousTargetError";
  /**
   * @param target The name, or the tag as `Key=Value`.
   * @param candidates The nodes, at least two, those online first.
   * @param kind What `target` is.
   */
  constructor(
    readonly target: string,
    readonly candidates: readonly TargetCandidate[],
    kind: "name" | "tag" = "name",
  ) {
    super(
      `Cannot choose a node: ${candidates.length} have the ${kind} ${
        visible(target)
      }`,
    );
  }
}

/** No node is what was asked for. */
export class TargetNotFoundError extends Error {
  override name = "TargetNotFoundError";
  /**
   * @param target The name, or the tag as `Key=Value`.
   * @param suggestions Names like it, best first; may be empty.
   * @param where What was searched, for the message.
   * @param kind What `target` is.
   */
  constructor(
    readonly target: string,
    readonly suggestions: readonly string[],
    where: string,
    kind: "name" | "tag" = "name",
  ) {
    super(
      `Cannot find a node ${kind === "name" ? "named" : "with the tag"} ${
        visible(target)
      }: ${where}`,
    );
  }
}
