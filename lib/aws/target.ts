/**
 * From what the user typed to a node id: ids as they are, anything else as a Name tag.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { Ec2Instance } from "./ec2.ts";
import { AwsCallError } from "./errors.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";

/** The calls a lookup makes; `SsmCalls` and `Ec2Calls` have them. */
export interface TargetCalls {
  /** DescribeInstanceInformation (api.md §4). */
  describeInstanceInformation(
    filters: readonly NodeFilter[],
    signal?: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /** EC2 DescribeInstances by exact Name tag. */
  findInstancesByName(
    name: string,
    signal?: AbortSignal,
  ): Promise<readonly Ec2Instance[]>;
  /** Some Name tags, for "did you mean". */
  someNames(signal?: AbortSignal): Promise<readonly string[]>;
}

/** The node to connect to. */
export interface ResolvedTarget {
  /** What StartSession takes. */
  readonly id: string;
  /** The Name tag, when the user gave one. */
  readonly name: string | undefined;
}

/** One of several nodes with the same name. */
export interface TargetCandidate {
  readonly id: string;
  readonly name: string;
  /** EC2's state or Session Manager's ping status. */
  readonly state: string;
  readonly address: string | undefined;
  readonly computerName: string | undefined;
}

/** The text is shaped like an id and is none. */
export class InvalidTargetError extends Error {
  override name = "InvalidTargetError";
}

/** Several nodes have the name. */
export class AmbiguousTargetError extends Error {
  override name = "AmbiguousTargetError";
  /**
   * @param target The name.
   * @param candidates The nodes, at least two, those online first.
   */
  constructor(
    readonly target: string,
    readonly candidates: readonly TargetCandidate[],
  ) {
    super(
      `Cannot choose a node: ${candidates.length} have the name ${
        visible(target)
      }`,
    );
  }
}

/** No node has the name. */
export class TargetNotFoundError extends Error {
  override name = "TargetNotFoundError";
  /**
   * @param target The name.
   * @param suggestions Names like it, best first; may be empty.
   * @param where What was searched, for the message.
   */
  constructor(
    readonly target: string,
    readonly suggestions: readonly string[],
    where: string,
  ) {
    super(`Cannot find a node named ${visible(target)}: ${where}`);
  }
}

/** `i-` with 8 or 17 hex digits, `mi-` with 17 (api.md §4). */
const NODE_ID = /^(i-[0-9a-f]{8}|i-[0-9a-f]{17}|mi-[0-9a-f]{17})$/;

/** `ecs:<cluster>_<task>_<runtime id>` (api.md §6). */
const ECS_TARGET = /^ecs:[A-Za-z0-9_-]+_[A-Za-z0-9]+_[A-Za-z0-9-]+$/;

/** Meant as an id: nothing but hex digits after the prefix. */
const LIKE_NODE_ID = /^m?i-[0-9a-f]*$/i;

/**
 * Finds the node. An id goes through without a call. A name is looked up with
 * DescribeInstanceInformation by `tag:Name`, and with EC2 only when that finds nothing: a stopped
 * or never registered instance is then found too, so that the failed start can say so.
 *
 * Where several nodes have the name it is ambiguous even if only one of them is online: which one
 * that is changes with the weather, and a shell on the wrong machine costs more than a choice.
 *
 * @param text What the user typed.
 * @param calls The lookups.
 * @throws InvalidTargetError, AmbiguousTargetError, TargetNotFoundError, or AwsCallError when
 * neither lookup is permitted or the network fails.
 */
export async function resolveTarget(
  text: string,
  calls: TargetCalls,
  signal?: AbortSignal,
): Promise<ResolvedTarget> {
  if (NODE_ID.test(text) || ECS_TARGET.test(text)) {
    return { id: text, name: undefined };
  }
  if (LIKE_NODE_ID.test(text)) {
    throw new InvalidTargetError(
      `Cannot use ${visible(text)} as a node: an id has 8 or 17 lower-case ` +
        "hex digits after i-, or 17 after mi-",
    );
  }
  if (text === "" || text.length > 256) {
    throw new InvalidTargetError(
      "Cannot look up a node: a Name tag has 1 to 256 characters",
    );
  }
  let denied: AwsCallError | undefined;
  try {
    const nodes = await Array.fromAsync(
      calls.describeInstanceInformation(
        [{ key: "tag:Name", values: [text] }],
        signal,
      ),
    );
    if (nodes.length > 0) {
      return choose(text, nodes.map((node) => candidateOfNode(text, node)));
    }
  } catch (error) {
    denied = deniedOrThrow(error);
  }
  let ec2Denied = false;
  try {
    const instances = await calls.findInstancesByName(text, signal);
    if (instances.length > 0) {
      return choose(text, instances.map((each) => candidateOfEc2(text, each)));
    }
  } catch (error) {
    deniedOrThrow(error);
    ec2Denied = true;
  }
  // Without the first lookup "not found" would be a guess.
  if (denied !== undefined) throw denied;
  throw new TargetNotFoundError(
    text,
    ec2Denied ? [] : await suggestions(text, calls, signal),
    ec2Denied
      ? "Session Manager knows none in this account and region, and EC2 may " +
        "not be asked (ec2:DescribeInstances)"
      : "neither Session Manager nor EC2 knows one in this account and region",
  );
}

function deniedOrThrow(error: unknown): AwsCallError {
  if (error instanceof AwsCallError && error.kind === "access-denied") {
    return error;
  }
  throw error;
}

function choose(
  name: string,
  candidates: readonly TargetCandidate[],
): ResolvedTarget {
  const only = candidates[0];
  if (only !== undefined && candidates.length === 1) {
    return { id: only.id, name };
  }
  const rank = (each: TargetCandidate) =>
    each.state === "Online" || each.state === "running" ? 0 : 1;
  throw new AmbiguousTargetError(
    name,
    candidates.toSorted((a, b) =>
      rank(a) - rank(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
    ),
  );
}

function candidateOfNode(name: string, node: NodeInformation): TargetCandidate {
  return {
    id: node.id,
    name,
    state: node.ping,
    address: node.address,
    computerName: node.computerName,
  };
}

function candidateOfEc2(name: string, instance: Ec2Instance): TargetCandidate {
  return {
    id: instance.id,
    name,
    state: instance.state,
    address: instance.address,
    computerName: undefined,
  };
}

/** Up to three names that differ by case, by a typo or two, or that hold the text. */
async function suggestions(
  text: string,
  calls: TargetCalls,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  let names: readonly string[];
  try {
    names = await calls.someNames(signal);
  } catch (error) {
    // A courtesy: its failure must not hide the answer, except that the user gave up.
    signal?.throwIfAborted();
    if (error instanceof AwsCallError) return [];
    throw error;
  }
  const wanted = text.toLowerCase();
  const limit = wanted.length <= 4 ? 1 : 2;
  return names
    .map((name) => {
      const other = name.toLowerCase();
      const distance = editDistance(wanted, other);
      const near = distance <= limit ||
        (wanted.length >= 3 && other.includes(wanted));
      return { name, distance: near ? distance : Infinity };
    })
    .filter((each) => each.distance < Infinity)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((each) => each.name);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(
        next[j]! + 1,
        row[j + 1]! + 1,
        row[j]! + (a[i] === b[j] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length]!;
}
