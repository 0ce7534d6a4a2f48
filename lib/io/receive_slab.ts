/**
 * Memory to read a connection into, from which messages are handed out as views.
 *
 * @module
 */

const smallest = 4 * 1024;
const largest = 64 * 1024;

/** Gives room to read into. */
export interface ReceiveMemory {
  /** Where to read the next bytes to: never empty, at most 64 KiB. */
  room(): Uint8Array<ArrayBuffer>;
  /**
   * The bytes just read.
   *
   * @param count How many bytes were read into the last {@linkcode room}.
   */
  take(count: number): Uint8Array<ArrayBuffer>;
  /** Nobody needs the bytes taken last: nothing of them was handed out. */
  giveBack(): void;
}

/**
 * Gives never the same room twice, so that a view of what was read stays valid for ever. An idle
 * connection has 4 KiB; slabs grow to 64 KiB once reads fill them.
 */
export class ReceiveSlab implements ReceiveMemory {
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

  /** The bytes just read, which from now on belong to the caller. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const start = this.#used;
    this.#used += count;
    if (this.#used === this.#slab.length) {
      this.#size = Math.min(largest, this.#size * 4);
    }
    return this.#slab.subarray(start, this.#used);
  }

  /** Nothing to do: the bytes are behind what is given next. */
  giveBack(): void {}
}

/**
 * Two buffers in turn: what was read stays as it is while the next read fills the other one. At
 * 40 MB each second, memory that is used once lets a process grow by hundreds of MB.
 */
export class ReceivePair implements ReceiveMemory {
  #next = new Uint8Array(smallest);
  #last = new Uint8Array(0);

  /** The buffer whose bytes nobody uses any more. */
  room(): Uint8Array<ArrayBuffer> {
    return this.#next;
  }

  /** The bytes just read, which stay until the next ones were taken, and more are read. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const filled = this.#next;
    const size = count === filled.length
      ? Math.min(largest, filled.length * 4)
      : filled.length;
    this.#next = this.#last.length === size ? this.#last : new Uint8Array(size);
    this.#last = filled;
    return filled.subarray(0, count);
  }

  /** The next bytes come to where the last ones were, and not over those before. */
  giveBack(): void {
    [this.#next, this.#last] = [this.#last, this.#next];
  }
}
