/**
 * Where a node is that is not where it was looked for: the wrong region is a common reason, and
 * nothing in AWS's answer tells.
 *
 * @module
 */

import type { RegionList } from "./regions.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";
import { parseTarget, tagsMeant, type TargetSpec } from "./target_spec.ts";

/** The calls of the search. */
export interface ElsewhereCalls {
  /** The regions to search. */
  regions(signal: AbortSignal): Promise<RegionList>;
  /** DescribeInstanceInformation in a region (api.md §4). */
  nodes(
    region: string,
    filters: readonly NodeFilter[],
    signal: AbortSignal,
  ): AsyncIterable<NodeInformation>;
}

/** What is looked for: filters that all have to fit. */
export type Sought = readonly NodeFilter[];

/** How long it may take, in milliseconds: somebody waits for an error message. */
const limit = 4000;

/**
 * Asks every other region at once. A region that does not answer in time, or may not be asked, is as
 * good as one that does not have it: this is a courtesy, and never an error of its own.
 *
 * @param sought What is looked for.
 * @param calls The calls.
 * @param signal Gives up; what was found by then is given back.
 * @param timeout Milliseconds.
 * @returns The regions that have it, in the order of the list.
 */
export async function findElsewhere(
  sought: Sought,
  calls: ElsewhereCalls,
  signal: AbortSignal,
  timeout: number = limit,
): Promise<readonly string[]> {
  if (signal.aborted) return [];
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(stop, timeout);
  signal.addEventListener("abort", stop, { once: true });
  const found = new Set<string>();
  const search = async () => {
    const { own, regions } = await calls.regions(over.signal);
    await Promise.all(
      regions.filter((region) => region !== own).map(async (region) => {
        try {
          for await (const _ of calls.nodes(region, sought, over.signal)) {
            found.add(region);
            break;
          }
        } catch {
          // Not permitted, not reached, not in time: nothing is known of it.
        }
      }),
    );
    return regions;
  };
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  over.signal.addEventListener("abort", () => resolve(undefined), {
    once: true,
  });
  try {
    const regions = await Promise.race([
      search().catch(() => undefined),
      stopped,
    ]);
    const list = [...found];
    return regions === undefined
      ? list.sort()
      : regions.filter((region) => found.has(region));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    over.abort();
  }
}

/**
 * What a target's text looks for, where one call to each region can look for it: an id, or tags, of
 * which a name is one.
 *
 * @param text As typed.
 */
export function soughtBy(text: string): Sought | undefined {
  let spec: TargetSpec;
  try {
    spec = parseTarget(text);
  } catch {
    // Nothing is meant by it, so it is nowhere.
    return undefined;
  }
  if (spec.kind === "id") return [{ key: "InstanceIds", values: [spec.id] }];
  return tagsMeant(spec)?.map(({ key, values }) => ({
    key: `tag:${key}`,
    values,
  }));
}
