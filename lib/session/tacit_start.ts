/**
 * The beginning of a session that nothing announces: without a handshake the first output does
 * (handshake.md §1), but a program that waits for input, or works for long, prints none. What shows
 * it is that the agent takes the terminal's size, which it does not before the program runs, and
 * that it asks for no handshake, which it does before everything else.
 *
 * @module
 */

import type { DataChannel } from "../protocol/channel/data_channel.ts";
import type { Clock } from "./transport.ts";

/**
 * So long after the size was taken, in milliseconds, no handshake comes any more: the agent asks
 * for it as soon as the session exists, and again after 200 ms (handshake.md §2).
 */
export const tacitDelay = 2000;

/** Watches for the beginning of one session. */
export class TacitStart {
  readonly #channel: DataChannel;
  readonly #clock: Clock;
  readonly #flush: () => void;
  #watching = false;
  #cancel: (() => void) | undefined;

  /**
   * @param channel The session's.
   * @param clock Measures the delay.
   * @param flush Called after the channel was used.
   */
  constructor(channel: DataChannel, clock: Clock, flush: () => void) {
    this.#channel = channel;
    this.#clock = clock;
    this.#flush = flush;
  }

  /** The terminal's size was sent; where there is none, nothing is watched. */
  watch(): void {
    this.#watching = this.#channel.unacknowledged > 0;
  }

  /** Something happened that may have been its acknowledgement. */
  progress(): void {
    if (
      !this.#watching || this.#cancel !== undefined ||
      this.#channel.unacknowledged > 0
    ) return;
    this.#cancel = this.#clock.setTimer(tacitDelay, () => {
      this.#channel.assumeBegun(this.#clock.now());
      this.#flush();
    });
  }

  /** It began, or will not any more. */
  stop(): void {
    this.#watching = false;
    this.#cancel?.();
  }
}
