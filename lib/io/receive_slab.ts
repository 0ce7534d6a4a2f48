/**
 * Memory to read a connection into, from which messages are handed out as views.
 *
 * @module
 */

const smallest = 4 * 1024;
const largest = 64 * 1024;

/**
 * Gives room to read into, and never the same room twice, so that a view of what was read stays
 * valid for ever. An idle connection has 4 KiB; slabs grow to 64 KiB once reads fill them.
 */
export class ReceiveSlab {
  #size = smallest;
  #slab = new Uint8Array(smallest);
  #used = 0;

  /** Where to read the next bytes to: never empty, at most 64 KiB. */
  room(): Uint8Array<ArrayBuffer> {
    // A small remainder would make many small reads.
    if (this.#slab.length - this.#used < this.#slab.length / 4) {
      this.#slab = new Uint8Array(this.#size);
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used);
  }

  /**
   * The bytes just read, which from now on belong to the caller.
   *
   * @param count How many bytes were read into the last {@linkcode room}.
   */
  take(count: number): Uint8Array<ArrayBuffer> {
    const start = this.#used;
    this.#used += count;
    if (this.#used === this.#slab.length) {
      this.#size = Math.min(largest, this.#size * 4);
    }
    return this.#slab.subarray(start, this.#used);
  }
}
