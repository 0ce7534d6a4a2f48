/**
 * Lists that AWS gives in pages, as fast as it takes the calls.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";
import { AwsCallError } from "./errors.ts";
import { Pace, type PaceRates, plainClock } from "./pace.ts";

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** What the next page is asked for with; `undefined` behind the last. */
  readonly next: string | undefined;
}

/**
 * A page takes AWS some 100 ms and the next one needs its token, so this only bounds what a near
 * service would get. Each list has a pace of its own, as AWS limits each region for itself.
 */
const rates: PaceRates = { first: 20, least: 0.5, most: 20 };

/**
 * How long a page is asked for again that AWS refuses because there were too many calls, besides
 * the three tries that the SDK makes each time. Milliseconds; our choice.
 */
const patience = 60_000;

/**
 * The pages, each fetched when it is asked for.
 *
 * @param ask Fetches one; `token` is `undefined` for the first.
 * @param signal Gives up; its reason is thrown.
 * @param clock Time.
 * @param random From 0 to 1; spreads what several of us do at once.
 * @throws AwsCallError What `ask` rejects with.
 */
export async function* pages<Item>(
  ask: (token: string | undefined) => Promise<Page<Item>>,
  signal?: AbortSignal,
  clock: Clock = plainClock,
  random: () => number = Math.random,
): AsyncGenerator<readonly Item[], void, void> {
  const pace = new Pace(clock, random, rates);
  let token: string | undefined;
  do {
    const since = clock.now();
    let page: Page<Item> | undefined;
    while (page === undefined) {
      await pace.turn(signal);
      try {
        page = await ask(token);
        pace.succeeded();
      } catch (error) {
        if (
          !(error instanceof AwsCallError) || error.kind !== "throttled" ||
          clock.now() - since > patience
        ) throw error;
        pace.refused();
      }
    }
    yield page.items;
    token = page.next;
  } while (token !== undefined);
}
