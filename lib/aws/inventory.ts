/**
 * All nodes of one account and region, as a stream that fills: what Session Manager knows, page
 * by page, and beside it what EC2 knows, whose pages are twenty times as large, so that names come
 * first.
 *
 * @module
 */

import type { Ec2Instance } from "./ec2.ts";
import { AwsCallError } from "./errors.ts";
import {
  type InventoryNode,
  inventoryNode,
  type NodeSightings,
} from "./inventory_node.ts";
import { merged } from "./merged.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";

/** The calls of an inventory; `SsmCalls` and `Ec2Calls` have them. */
export interface InventoryCalls {
  /** DescribeInstanceInformation (api.md §4). */
  nodePages(
    filters: readonly NodeFilter[],
    signal?: AbortSignal,
  ): AsyncIterable<readonly NodeInformation[]>;
  /** EC2 DescribeInstances. */
  instancePages(
    tags: readonly TagValues[],
    signal?: AbortSignal,
  ): AsyncIterable<readonly Ec2Instance[]>;
}

/** A tag that a node must have, with one of the values. */
export interface TagValues {
  /** At most 128 characters. */
  readonly key: string;
  /** At least one. */
  readonly values: readonly string[];
}

/** Who knows of nodes. */
export type InventorySource = "session-manager" | "ec2";

/** What an inventory tells. */
export type InventoryUpdate =
  /** Nodes that are new or of which more is known; each stands for all that was said of it. */
  | { readonly kind: "nodes"; readonly nodes: readonly InventoryNode[] }
  /** One of the two cannot be asked; what the other one knows comes all the same. */
  | {
    readonly kind: "problem";
    readonly source: InventorySource;
    readonly error: AwsCallError;
  };

/** What arrives from the two. */
type Arrival =
  | { readonly page: readonly NodeInformation[] }
  | { readonly instances: readonly Ec2Instance[] }
  | { readonly over: InventorySource }
  | { readonly failed: InventorySource; readonly error: AwsCallError };

/**
 * Takes the inventory. Instances that EC2 alone knows are nodes, too, with the reason why
 * sessions do not reach them; of terminated ones those that Session Manager still knows.
 *
 * @param calls The calls.
 * @param tags All must fit; none = every node.
 * @param signal Gives up; its reason is thrown.
 * @throws The signal's reason. A call that fails is a problem among the updates.
 */
export async function* inventory(
  calls: InventoryCalls,
  tags: readonly TagValues[],
  signal?: AbortSignal,
): AsyncGenerator<InventoryUpdate, void, void> {
  const seen = new Map<string, NodeSightings>();
  const heard = { sessionManager: false, ec2: false };
  const nodes = (sightings: readonly NodeSightings[]): InventoryUpdate => ({
    kind: "nodes",
    nodes: sightings.filter((each) => !isGone(each))
      .map((each) => inventoryNode(each, heard)),
  });
  const note = (id: string, news: Partial<NodeSightings>): NodeSightings => {
    const before = seen.get(id) ??
      { id, information: undefined, instance: undefined };
    const now = { ...before, ...news };
    seen.set(id, now);
    return now;
  };
  for await (const arrival of arrivals(calls, tags, signal)) {
    if ("page" in arrival) {
      yield nodes(
        arrival.page.map((information) =>
          note(information.id, { information })
        ),
      );
    } else if ("instances" in arrival) {
      yield nodes(
        arrival.instances.map((instance) => note(instance.id, { instance })),
      );
    } else if ("failed" in arrival) {
      const { failed: source, error } = arrival;
      yield { kind: "problem", source, error };
    } else if (arrival.over === "session-manager") {
      heard.sessionManager = true;
      yield nodes(
        [...seen.values()].filter(({ information }) =>
          information === undefined
        ),
      );
    } else {
      heard.ec2 = true;
      yield nodes(
        [...seen.values()].filter(({ id, instance }) =>
          instance === undefined && id.startsWith("i-")
        ),
      );
    }
  }
}

/** True for an instance that is terminated, and that only EC2 still tells of. */
function isGone({ information, instance }: NodeSightings): boolean {
  return information === undefined && instance?.state === "terminated";
}

async function* arrivals(
  calls: InventoryCalls,
  tags: readonly TagValues[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Arrival, void, void> {
  const filters = tags.map(({ key, values }) => ({
    key: `tag:${key}`,
    values,
  }));
  yield* merged<Arrival>([
    told(
      calls.nodePages(filters, signal),
      (page) => ({ page }),
      "session-manager",
      signal,
    ),
    told(
      calls.instancePages(tags, signal),
      (instances) => ({ instances }),
      "ec2",
      signal,
    ),
  ]);
}

async function* told<Page>(
  pages: AsyncIterable<Page>,
  arrival: (page: Page) => Arrival,
  source: InventorySource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Arrival, void, void> {
  try {
    for await (const page of pages) yield arrival(page);
    yield { over: source };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof AwsCallError)) throw error;
    yield { failed: source, error };
  }
}
