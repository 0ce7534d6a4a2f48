/**
 * Notices that the machine slept. Timers and our clock stand still meanwhile, so only the wall clock
 * shows it; that it was set by hand looks the same, and a connection that is checked for nothing is
 * no harm.
 *
 * @module
 */

import type { Clock } from "./transport.ts";

/** Milliseconds between two looks at the clocks. */
export const sleepInterval = 5_000;
/** A wall clock that is ahead by this much more than before, in milliseconds, has jumped. */
export const sleepJump = 5_000;

/** Compares the two clocks again and again. */
export class SleepWatch {
  readonly #clock: Clock;
  readonly #slept: (milliseconds: number) => void;
  #cancel: (() => void) | undefined;
  #ahead = 0;

  /**
   * @param slept Told for how long, within {@linkcode sleepInterval} after the machine woke up.
   */
  constructor(clock: Clock, slept: (milliseconds: number) => void) {
    this.#clock = clock;
    this.#slept = slept;
  }

  /** Begins to look; a clock without a wall clock shows nothing. */
  start(): void {
    if (this.#clock.wall === undefined || this.#cancel !== undefined) return;
    this.#ahead = this.#difference();
    this.#wait();
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #difference(): number {
    return (this.#clock.wall?.() ?? 0) - this.#clock.now();
  }

  #wait(): void {
    this.#cancel = this.#clock.setTimer(sleepInterval, () => {
      const ahead = this.#difference();
      const jump = ahead - this.#ahead;
      this.#ahead = ahead;
      this.#wait();
      if (jump > sleepJump) this.#slept(jump);
    });
  }
}
