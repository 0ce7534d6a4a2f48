/**
 * The one timer of a state machine whose next time-out moves all the time.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/** Moved only when it would be late; one that is early costs a look. */
export class MovedTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #set: { at: number; cancel: () => void } | undefined;

  /** @param run Called when it is time, and maybe before. */
  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Has `run` called by `at`, in milliseconds. */
  arm(at: number): void {
    if (this.#set !== undefined) {
      if (this.#set.at <= at) return;
      this.#set.cancel();
    }
    const delay = Math.max(0, at - this.#clock.now());
    const cancel = this.#clock.setTimer(delay, () => {
      this.#set = undefined;
      this.#run();
    });
    this.#set = { at, cancel };
  }

  /** Has nothing called. */
  cancel(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
