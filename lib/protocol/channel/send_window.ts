/**
 * How much may be in flight (data-channel.md §6.2): enough to keep the way full, and not so much
 * that a keystroke waits behind megabytes. The agent's acknowledgements show both: as long as they
 * come about as fast as they ever did, there is no queue on the way.
 *
 * @module
 */

/** The window before any acknowledgement, in bytes of frames (data-channel.md §6.2). */
export const initialWindow: number = 1024 * 1024;
/** The window grows to this. */
export const maximumWindow: number = 8 * 1024 * 1024;
/** It does not shrink below this: some messages of the largest size. */
export const minimumWindow: number = 64 * 1024;

/** Milliseconds in a queue, beside the round trip's own time, up to which the window grows, … */
export const roomyDelay = 20;
/** … and above which it shrinks: what people begin to notice. */
export const crowdedDelay = 50;

/** Once there was a queue, the window grows by this share of what is acknowledged. */
const carefulGrowth = 1 / 4;

/** By this share of the difference the shortest round trip is corrected with each longer one. */
const ageing = 1 / 16;

/** The window of one direction. */
export class SendWindow {
  #bytes = initialWindow;
  #least = Infinity;
  #roomy = true;
  #careful = false;
  /** It was full since the last round trip was measured, or in the round trip before that. */
  #filled = false;
  #used = false;

  /** Bytes of frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A round trip was measured, not more often than one after the other.
   *
   * @param roundTrip Milliseconds.
   */
  sample(roundTrip: number): void {
    this.#used = this.#filled;
    this.#filled = false;
    this.#least = Math.min(this.#least, roundTrip);
    // Twice its own time: what a way takes varies, and a window that fills it is half a queue.
    const delay = roundTrip - 2 * this.#least;
    this.#roomy = delay <= roomyDelay;
    if (this.#roomy) return;
    this.#careful = true;
    if (delay > crowdedDelay) {
      // What is in flight, shortened to what comes back in the time that is allowed.
      const share = (2 * this.#least + crowdedDelay) / roundTrip;
      this.#bytes = Math.max(minimumWindow, Math.floor(this.#bytes * share));
    }
    // What is left when hardly anything is in flight is no queue of ours: the way is longer now.
    if (this.#bytes === minimumWindow) {
      this.#least += (roundTrip - this.#least) * ageing;
    }
  }

  /** The window is full: only one that is needed may grow (RFC 7661 §4.3). */
  filled(): void {
    this.#filled = true;
  }

  /** So many bytes were acknowledged. */
  acknowledged(bytes: number): void {
    if (!this.#roomy || !(this.#used || this.#filled)) return;
    const growth = this.#careful ? Math.ceil(bytes * carefulGrowth) : bytes;
    this.#bytes = Math.min(maximumWindow, this.#bytes + growth);
  }

  /** Another connection may be another way. */
  reconnected(): void {
    this.#least = Infinity;
    this.#roomy = true;
  }
}
