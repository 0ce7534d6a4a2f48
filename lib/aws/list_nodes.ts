/**
 * Nodes to choose from.
 *
 * @module
 */

import { AwsCallError } from "./errors.ts";
import type { NodeInformation } from "./ssm.ts";
import type { TargetCandidate } from "./target_errors.ts";

/** The calls a list needs; `SsmCalls` and `Ec2Calls` have them. */
export interface NodeListCalls {
  /** DescribeInstanceInformation; pages are fetched as they are asked for. */
  describeInstanceInformation(
    filters: readonly [],
    signal?: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /** Name tags of EC2 instances, by id. */
  namesOf(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
}

/** Some nodes of an account and region. */
export interface NodeList {
  /** Those online first, then by name and id. */
  readonly nodes: readonly TargetCandidate[];
  /** True when there are more nodes than were asked for. */
  readonly more: boolean;
}

/**
 * Lists nodes that Session Manager knows, with their Name tags where EC2 tells them. Nodes that are
 * no EC2 instances have none.
 *
 * @param calls The calls.
 * @param limit How many nodes at most.
 * @throws AwsCallError when Session Manager may not be asked. What EC2 refuses is left out.
 */
export async function listNodes(
  calls: NodeListCalls,
  limit: number,
  signal?: AbortSignal,
): Promise<NodeList> {
  const found: NodeInformation[] = [];
  let more = false;
  for await (const node of calls.describeInstanceInformation([], signal)) {
    more = found.length === limit;
    if (more) break;
    found.push(node);
  }
  const ids = found.map(({ id }) => id).filter((id) => id.startsWith("i-"));
  const names = ids.length === 0
    ? new Map<string, string>()
    : await namesOrNone(calls, ids, signal);
  const nodes = found.map((node): TargetCandidate => ({
    id: node.id,
    name: names.get(node.id),
    state: node.ping,
    address: node.address,
    computerName: node.computerName,
  }));
  return { nodes: nodes.toSorted(inOrder), more };
}

/**
 * Name tags of EC2 instances, as far as EC2 tells them: a courtesy, whose failure must not hide the
 * nodes, except that the user gave up.
 *
 * @param calls The call.
 * @param ids The instances.
 */
export async function namesOrNone(
  calls: Pick<NodeListCalls, "namesOf">,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  try {
    return await calls.namesOf(ids, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AwsCallError) return new Map();
    throw error;
  }
}

function inOrder(a: TargetCandidate, b: TargetCandidate): number {
  const rank = ({ state }: TargetCandidate) => state === "Online" ? 0 : 1;
  const compare = (x: string, y: string) => x < y ? -1 : x > y ? 1 : 0;
  // Without a name behind those that have one.
  const unnamed = Number(a.name === undefined) - Number(b.name === undefined);
  return rank(a) - rank(b) || unnamed ||
    compare(a.name ?? "", b.name ?? "") || compare(a.id, b.id);
}
