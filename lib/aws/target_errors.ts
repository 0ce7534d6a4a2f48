/**
 * What a lookup of a node comes to: the node, or why it is none.
 *
 * @module
 */

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
   * @param target What was asked for, without a prefix.
   * @param candidates The nodes, at least two, those online first.
   * @param several What they have in common, after their number: `have the name web`.
   */
  constructor(
    readonly target: string,
    readonly candidates: readonly TargetCandidate[],
    readonly several: string,
  ) {
    super(`Cannot choose a node: ${candidates.length} ${several}`);
  }
}

/** No node is what was asked for. */
export class TargetNotFoundError extends Error {
  override name = "TargetNotFoundError";
  /**
   * @param target What was asked for, without a prefix.
   * @param suggestions Names like it, best first; may be empty.
   * @param where What was searched, for the message.
   * @param one What such a node would be, after "a node": `named web`.
   * @param complete False where there are too many nodes for a computer name to be looked for.
   */
  constructor(
    readonly target: string,
    readonly suggestions: readonly string[],
    where: string,
    one: string,
    readonly complete: boolean = true,
  ) {
    super(`Cannot find a node ${one}: ${where}`);
  }
}
