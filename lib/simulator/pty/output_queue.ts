/**
 * The bytes between a pseudo-terminal that pushes and a reader that pulls.
 *
 * @module
 */

/** Where the source is asked to wait, in bytes. */
const highWater = 64 * 1024;

/** A byte queue with one reader, which asks its source to wait when it grows. */
export class OutputQueue {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #waiting: (() => void) | undefined;
  #paused = false;

  /**
   * @param pause Called with true when the source should wait, with false when it may go on.
   */
  constructor(private readonly pause: (paused: boolean) => void) {}

  /** Takes bytes from the source. They must not change afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#ended) return;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (!this.#paused && this.#size >= highWater) {
      this.#paused = true;
      this.pause(true);
    }
    this.#wake();
  }

  /** Nothing more will come; what is queued can still be read. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The next bytes, at most `limit`; `undefined` at the end. One call at a time. */
  async read(limit: number): Promise<Uint8Array | undefined> {
    while (this.#size === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    const head = this.#chunks[0]!;
    let bytes = head;
    if (head.length > limit) {
      bytes = head.subarray(0, limit);
      this.#chunks[0] = head.subarray(limit);
    } else if (head.length === limit || this.#chunks.length === 1) {
      this.#chunks.shift();
    } else {
      bytes = this.#gather(limit);
    }
    this.#size -= bytes.length;
    if (this.#paused && this.#size < highWater / 2) {
      this.#paused = false;
      this.pause(false);
    }
    return bytes;
  }

  /** Joins small chunks, so that a program that writes byte by byte does not make a message each. */
  #gather(limit: number): Uint8Array {
    const joined = new Uint8Array(Math.min(limit, this.#size));
    let at = 0;
    while (at < joined.length) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, joined.length - at);
      joined.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return joined;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
