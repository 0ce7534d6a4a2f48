/**
 * What the parts of one channel share: how far the session is, its keys, its events.
 *
 * @module
 */

import type { SessionCipher } from "./encryption.ts";
import type { ChannelEvent, FailedEvent } from "./events.ts";

/** The state of one end of a data channel. */
export class ChannelState {
  /** The session began: payload may flow. */
  started = false;
  /** After `closed` and `failed`: nothing goes in or out any more. */
  over = false;
  /** Set once encryption was agreed on. */
  cipher: SessionCipher | undefined;
  readonly #onStarted: () => void;
  #events: ChannelEvent[] = [];
  #at = 0;

  /** @param onStarted Called when the session begins. */
  constructor(onStarted: () => void) {
    this.#onStarted = onStarted;
  }

  /** Queues an event, and draws its consequences. */
  emit(event: ChannelEvent): void {
    if (this.over) return;
    this.#events.push(event);
    if (event.type === "started") {
      this.started = true;
      this.#onStarted();
    }
    this.over = event.type === "closed" || event.type === "failed";
  }

  /** Ends the channel with a sentence for the user. */
  fail(reason: FailedEvent["reason"], message: string): void {
    this.emit({ type: "failed", reason, message });
  }

  /** The next event; `undefined` when there is none. */
  poll(): ChannelEvent | undefined {
    const event = this.#events[this.#at];
    if (event === undefined) return undefined;
    if (++this.#at === this.#events.length) {
      this.#events = [];
      this.#at = 0;
    }
    return event;
  }
}
