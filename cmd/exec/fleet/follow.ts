/**
 * A command of Run Command on thousands of nodes, followed to its end: what is new is looked for
 * page by page, shown and forgotten. What is kept of a node is its id.
 *
 * AWS tells how many are over in one call, and which ones in one call for each 50. So the pages are
 * gone through when that is worth it: soon where they are few, after a while where they are many.
 *
 * @module
 */

import type { CommandInvocation } from "../../../lib/aws/mod.ts";
import { waitFor } from "../../../lib/aws/pace.ts";
import type { Clock } from "../../../lib/session/transport.ts";
import type { RunCommandAccess } from "../../context.ts";

/** What to follow. */
export interface FollowOptions {
  readonly commandId: string;
  readonly calls: RunCommandAccess;
  readonly clock: Clock;
  /** Gives up; its reason is thrown. */
  readonly signal: AbortSignal;
  /** How many nodes there are, and how many of them are over. */
  readonly onProgress: (nodes: number, completed: number) => void;
  /** A node is over. It is called once for each. */
  readonly onEnded: (invocation: CommandInvocation) => Promise<void>;
}

/** What came of it. */
export interface Followed {
  /** Nodes in all. */
  readonly nodes: number;
  /** Nodes that AWS counts and does not list. */
  readonly missing: number;
}

/** Waits between two looks, in milliseconds. */
const wait = { first: 500, growth: 1.3, longest: 5_000 } as const;

/** A round through the pages may come after so many milliseconds for each, or this long at most. */
const perPage = 300;
const longestPause = 15_000;

/** A round is worth it sooner when so large a part of the nodes is new. */
const worthwhile = 0.1;

/** So many nodes on a page (api.md §5). */
const pageSize = 50;

/** How long AWS may not know of a new command or its nodes, in milliseconds. */
const unknownLimit = 60_000;

/** So many rounds may find nothing new at the end before what is missing is given up. */
const lastRounds = 5;

/**
 * Follows a command until all its nodes are over.
 * @param options Which.
 * @returns How many nodes there were; 0 when none fits.
 * @throws AwsCallError, the signal's reason, and what `onEnded` throws.
 */
export async function followCommand(options: FollowOptions): Promise<Followed> {
  const { commandId, calls, clock, signal } = options;
  const done = new Set<string>();
  const begin = clock.now();
  let last = begin;
  let delay: number = wait.first;
  let fruitless = 0;
  for (;;) {
    await waitFor(delay * (0.8 + 0.4 * Math.random()), clock, signal);
    delay = Math.min(wait.longest, delay * wait.growth);
    const found = await calls.progress(commandId, signal);
    const unknown = found === undefined || found.nodes === 0 && !found.over;
    if (unknown) {
      if (clock.now() - begin < unknownLimit) continue;
      throw new Error(
        `Cannot follow command ${commandId}: AWS does not know it, or its nodes`,
      );
    }
    const { nodes, completed, over } = found;
    options.onProgress(nodes, completed);
    const fresh = completed - done.size;
    const pages = Math.ceil(nodes / pageSize);
    const due = clock.now() - last >= Math.min(longestPause, pages * perPage);
    if (over || fresh > 0 && (due || fresh >= nodes * worthwhile)) {
      const before = done.size;
      await round(options, done, over ? nodes : completed);
      last = clock.now();
      if (done.size > before) delay = wait.first;
      fruitless = over && done.size === before ? fruitless + 1 : 0;
    }
    if (over && (done.size >= nodes || fruitless >= lastRounds)) {
      return { nodes, missing: Math.max(0, nodes - done.size) };
    }
  }
}

/** Goes through the pages, until as many are done as there can be. */
async function round(
  { commandId, calls, signal, onEnded }: FollowOptions,
  done: Set<string>,
  enough: number,
): Promise<void> {
  let token: string | undefined;
  do {
    const page = await calls.page(commandId, token, signal);
    for (const invocation of page.invocations) {
      if (invocation.state === "running" || done.has(invocation.nodeId)) {
        continue;
      }
      done.add(invocation.nodeId);
      await onEnded(invocation);
    }
    token = page.nextToken;
  } while (token !== undefined && done.size < enough);
}
