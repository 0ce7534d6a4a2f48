/**
 * Pauses of a millisecond where timers are coarser than that.
 *
 * @module
 */

/** How much of a pause that was too long is made up for, in milliseconds. */
const mostDebt = 5;

/**
 * The pause after each read of the official agent (sessions.md §2.5). A timer of 1 ms takes 2 and
 * more here, where the agent's takes 1.06: what one pause was too long is left out of the next.
 */
export class PauseDebt {
  readonly #pause: number;
  #due = 0;

  /** @param pause Milliseconds; 0 = none ever. */
  constructor(pause: number) {
    this.#pause = pause;
  }

  /** Something was sent at `now`, in milliseconds: for so many more nothing may be; 0 = go on. */
  next(now: number): number {
    if (this.#pause === 0) return 0;
    this.#due = Math.max(this.#due, now - mostDebt) + this.#pause;
    return Math.max(0, this.#due - now);
  }
}
