/**
 * Acknowledgements as finished payloads in a ring of memory: what they are about may be gone when
 * they go out, and objects and text for each of them took a fifth of a download's time.
 *
 * @module
 */

import { acknowledgeBytes, writeAcknowledge } from "../message/acknowledge.ts";
import type { ClientMessage } from "../message/client_message.ts";

/** Slots of the first ring; it doubles as needed. */
const firstSlots = 32;

/** A queue of payloads, in the order of adding. */
export class AcknowledgeRecords {
  #bytes = new Uint8Array(firstSlots * acknowledgeBytes);
  #lengths = new Uint16Array(firstSlots);
  /** When each was noted, in milliseconds. */
  #times = new Float64Array(firstSlots);
  #first = 0;
  #count = 0;

  /** Payloads in the queue. */
  get length(): number {
    return this.#count;
  }

  /** Notes the acknowledgement of a message. */
  add(message: ClientMessage, now: number): void {
    const slot = this.#room();
    this.#lengths[slot] = writeAcknowledge(
      message,
      this.#bytes,
      slot * acknowledgeBytes,
    );
    this.#times[slot] = now;
  }

  /** Notes a payload once more. */
  copy(payload: Uint8Array, now: number): void {
    const slot = this.#room();
    this.#bytes.set(payload, slot * acknowledgeBytes);
    this.#lengths[slot] = payload.length;
    this.#times[slot] = now;
  }

  #room(): number {
    const slots = this.#lengths.length;
    if (this.#count === slots) this.#grow(2 * slots);
    return (this.#first + this.#count++) % this.#lengths.length;
  }

  #grow(slots: number): void {
    const old = this.#bytes, lengths = this.#lengths, times = this.#times;
    this.#bytes = new Uint8Array(slots * acknowledgeBytes);
    this.#lengths = new Uint16Array(slots);
    this.#times = new Float64Array(slots);
    for (let i = 0; i < this.#count; i++) {
      const from = (this.#first + i) % lengths.length;
      const start = from * acknowledgeBytes;
      this.#bytes.set(
        old.subarray(start, start + acknowledgeBytes),
        i * acknowledgeBytes,
      );
      this.#lengths[i] = lengths[from]!;
      this.#times[i] = times[from]!;
    }
    this.#first = 0;
  }

  /** The payload at a place, 0 being the first; valid until the next change. */
  at(index: number): Uint8Array {
    const slot = (this.#first + index) % this.#lengths.length;
    const start = slot * acknowledgeBytes;
    return this.#bytes.subarray(start, start + this.#lengths[slot]!);
  }

  /** When the one at a place was noted, in milliseconds. */
  time(index: number): number {
    return this.#times[(this.#first + index) % this.#lengths.length]!;
  }

  /** Takes the first away. */
  shift(): void {
    this.#first = (this.#first + 1) % this.#lengths.length;
    this.#count--;
    if (this.#count > 0 || this.#lengths.length === firstSlots) return;
    // What a long outage took is not kept for the quiet after it.
    if (this.#lengths.length > 32 * firstSlots) this.#grow(firstSlots);
  }
}
