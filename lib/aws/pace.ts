/**
 * How fast the calls of one operation follow one another. AWS does not tell its limits, so the rate
 * is learned: half of it after each refusal, a little more after each success.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/** Calls per second to begin with, at least, and at most. */
export interface PaceRates {
  readonly first: number;
  readonly least: number;
  readonly most: number;
}

/** Of the calls of Run Command. Our choice, see docs/decisions/fleets.md. */
const defaultRates: PaceRates = { first: 5, least: 0.5, most: 10 };

/** What a success adds to the rate, in calls per second. */
const step = 0.05;

/** The shortest wait after a refusal, in milliseconds. */
const pause = 500;

/** The pace of one operation. */
export class Pace {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #rates: PaceRates;
  #rate: number;
  /** When the next call may be made. */
  #next = 0;

  /**
   * @param clock Time.
   * @param random From 0 to 1; spreads what several of us do at once.
   * @param rates The bounds.
   */
  constructor(
    clock: Clock,
    random: () => number = Math.random,
    rates: PaceRates = defaultRates,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#rates = rates;
    this.#rate = rates.first;
  }

  /** Calls per second. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Waits for the next call's turn.
   * @param signal Gives up; its reason is thrown.
   */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const at = Math.max(now, this.#next);
    this.#next = at + 1000 / this.#rate;
    await waitFor(at - now, this.#clock, signal);
  }

  /** The last call was taken. */
  succeeded(): void {
    this.#rate = Math.min(this.#rates.most, this.#rate + step);
  }

  /** The last call was one too many. */
  refused(): void {
    this.#rate = Math.max(this.#rates.least, this.#rate / 2);
    const wait = pause * (1 + this.#random());
    this.#next = Math.max(this.#next, this.#clock.now() + wait);
  }
}

/**
 * Waits.
 * @param delay Milliseconds; none at all where it is not more than 0.
 * @param clock Time.
 * @param signal Gives up; its reason is thrown.
 */
export async function waitFor(
  delay: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  if (delay <= 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal?.reason);
  const cancel = clock.setTimer(delay, resolve);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Real time, as far as a pace needs it. */
export const plainClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer(delay, run) {
    const id = setTimeout(run, delay);
    return () => clearTimeout(id);
  },
};
