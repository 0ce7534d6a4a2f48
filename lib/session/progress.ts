/**
 * Waiting for something that a session's progress brings.
 *
 * @module
 */

import type { Clock } from "./transport.ts";

/** The progress of one session, for those who wait for it. */
export class Progress {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something went on. */
  made(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /**
   * Waits until it is so.
   *
   * @param done Asked after each progress.
   * @param limit Milliseconds at most.
   */
  async until(done: () => boolean, limit: number): Promise<void> {
    let late = false;
    const cancel = this.#clock.setTimer(limit, () => {
      late = true;
      this.made();
    });
    while (!late && !done()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    cancel();
  }
}
