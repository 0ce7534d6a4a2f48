/**
 * One timer for a moment that moves with every message.
 *
 * @module
 */

import type { Clock } from "./transport.ts";

/** Calls back at the latest when told to; now and then earlier. */
export class WakeUp {
  readonly #clock: Clock;
  readonly #run: (late: number) => void;
  #cancel: (() => void) | undefined;
  #at = Infinity;

  /**
   * @param run Called when it is time, with how much later than asked for that is, in milliseconds:
   * a process that was stopped is called hours late.
   */
  constructor(clock: Clock, run: (late: number) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /**
   * Asks for a call. A timer that fires early does no harm and is cheaper than a new one for each
   * message, so only an earlier moment than the last one sets a new timer.
   *
   * @param at When, on the clock; `undefined` for not at all.
   * @param pause Milliseconds that pass in any case, however overdue it is.
   */
  set(at: number | undefined, pause = 0): void {
    if (at === undefined) return this.cancel();
    if (this.#cancel !== undefined && at >= this.#at) return;
    const now = this.#clock.now();
    const due = Math.max(at, now + pause);
    if (this.#cancel !== undefined && due >= this.#at) return;
    this.cancel();
    this.#at = due;
    this.#cancel = this.#clock.setTimer(due - now, () => {
      this.#cancel = undefined;
      this.#run(this.#clock.now() - due);
    });
  }

  /** Asks for no call any more. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
