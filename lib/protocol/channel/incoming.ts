/**
 * Stream data as it arrives: repeats recognised, order restored (data-channel.md §4.3).
 *
 * @module
 */

import type { ClientMessage } from "../message/client_message.ts";

/** Messages held for the one before them, at most; the official client's number (§4.3). */
export const heldMessagesLimit = 10_000;
/** Bytes of frames held at most: the messages' limit at the payload size that agents use. */
export const heldBytesLimit: number = 12 * 1024 * 1024;

/** Numbers further ahead than this are nobody's: ten times what an agent keeps (§6.1). */
export const furthestAhead = 1_000_000;

/** What to do with an arriving message. */
export type Arrival = "expected" | "ahead" | "repeated" | "no room";

/** The receiving half of a channel's sequence. */
export class Incoming {
  #expected = 0;
  #heldBytes = 0;
  readonly #held = new Map<number, ClientMessage>();
  /** The number of a held message that is not acknowledged. */
  #refused: number | undefined;

  /** The number of the next message to take. */
  get expected(): number {
    return this.#expected;
  }
  /** Messages that wait for an earlier one, or for room in the session's queue. */
  get held(): number {
    return this.#held.size;
  }

  /** Says what an arriving message is, and holds it if it is ahead of its turn. */
  arrive(message: ClientMessage): Arrival {
    const number = message.sequence;
    // No peer is so far ahead, and a number beyond 2^53 could not be acknowledged as it is.
    if (number < 0 || number > this.#expected + furthestAhead) return "no room";
    if (number === this.#refused) return "no room";
    if (number < this.#expected || this.#held.has(number)) return "repeated";
    if (number === this.#expected) return "expected";
    return this.#hold(message) ? "ahead" : "no room";
  }

  /**
   * The session has no room for the expected message: it is held, but not to be acknowledged, so
   * that the peer feels the back-pressure and yet nothing has to come again.
   */
  refuse(message: ClientMessage): void {
    if (this.#hold(message)) this.#refused = message.sequence;
  }

  #hold(message: ClientMessage): boolean {
    const bytes = message.payload.length;
    if (
      this.#held.size >= heldMessagesLimit ||
      this.#heldBytes + bytes > heldBytesLimit
    ) {
      return false;
    }
    this.#held.set(message.sequence, message.detached());
    this.#heldBytes += bytes;
    return true;
  }

  /** The expected message was taken: its number will not come through again, whatever becomes of
   * its acknowledgement (pitfalls.md §6.3). */
  advance(): void {
    const message = this.#held.get(this.#expected);
    if (message !== undefined) {
      this.#held.delete(this.#expected);
      this.#heldBytes -= message.payload.length;
    }
    if (this.#refused === this.#expected) this.#refused = undefined;
    this.#expected++;
  }

  /**
   * The held message whose turn it is. It stays held until {@linkcode advance}: most are
   * acknowledged already, so none may be lost if the session cannot take it yet (pitfalls.md §1.8).
   */
  next(): ClientMessage | undefined {
    return this.#held.size > 0 ? this.#held.get(this.#expected) : undefined;
  }

  /** True if the held message whose turn it is was refused, so not acknowledged. */
  get nextIsRefused(): boolean {
    return this.#refused === this.#expected;
  }
}
