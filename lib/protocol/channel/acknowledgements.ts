/**
 * Acknowledgements waiting to go out (data-channel.md §4.2, §6.2).
 *
 * They may wait a little and go out together: 2 ms cut the agent's repeats in a bulk download and
 * raised its rate by a tenth. After a pause they go at once, so an echo is never late.
 *
 * @module
 */

import { encodeAcknowledge } from "../message/acknowledge.ts";
import {
  type ClientMessage,
  encodeClientMessage,
} from "../message/client_message.ts";
import { MessageFlags, MessageType } from "../message/payload.ts";

/** The longest wait in milliseconds (data-channel.md §6.2). */
export const acknowledgeDelay = 2;
/** This many go at once: about 16 KiB of frames (data-channel.md §6.2). */
const flushCount = 55;
/** Silence in milliseconds after which a message is no part of a bulk transfer. */
const pause = 10;

/** The queue of one channel. */
export class Acknowledgements {
  readonly #delay: number;
  readonly #newId: () => Uint8Array;
  #waiting: ClientMessage[] = [];
  #at = 0;
  #due: number | undefined;
  #lastArrival = -Infinity;

  /**
   * @param delay The longest wait in milliseconds, 0 for none.
   * @param newId Makes a message id of 16 bytes.
   */
  constructor(delay: number, newId: () => Uint8Array) {
    this.#delay = delay;
    this.#newId = newId;
  }

  /** When the waiting ones are to go; `undefined` while there are none. */
  get due(): number | undefined {
    return this.#due;
  }

  /** Takes a message to acknowledge, a repeat as well as a new one (pitfalls.md §1.2). */
  add(message: ClientMessage, now: number): void {
    this.#waiting.push(message);
    const bulk = now - this.#lastArrival < pause;
    this.#lastArrival = now;
    if (!bulk || this.#waiting.length - this.#at >= flushCount) this.#due = now;
    else this.#due ??= now + this.#delay;
  }

  /** The next acknowledgement's frame, if its time has come. */
  poll(now: number): Uint8Array | undefined {
    if (this.#due === undefined || now < this.#due) return undefined;
    const message = this.#waiting[this.#at++]!;
    if (this.#at === this.#waiting.length) {
      this.#waiting = [];
      this.#at = 0;
      this.#due = undefined;
    }
    return encodeClientMessage({
      messageType: MessageType.Acknowledge,
      createdDate: now,
      sequenceNumber: 0,
      flags: MessageFlags.SynFin,
      messageId: this.#newId(),
      payloadType: 0,
      payload: encodeAcknowledge({
        messageType: message.messageType,
        messageId: message.messageIdText,
        sequenceNumber: message.sequence,
      }),
    });
  }
}
