/**
 * What came, on its way to whoever reads it: standard output, a local program. Arrivals never wait
 * for the reader: they are copied and queue here, whoever fills the queue bounds it, and what was
 * written is reported so that there is room again.
 *
 * @module
 */

/** Bytes written with one call at most. */
const writeSize: number = 64 * 1024;
/** Bytes of a buffer for little; one that is full is followed by one of {@linkcode writeSize}. */
const smallSize: number = 4 * 1024;
/** So many buffers of a size are kept for the next one who needs one. */
const spareLimit = 16;

/** Buffers that nobody uses, for all queues of the program: there may be thousands of them. */
const spares = {
  large: [] as Uint8Array[],
  small: [] as Uint8Array[],
};

/** Writes in order, one call at a time, several arrivals together. */
export class OutputQueue {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #written: (bytes: number) => void;
  readonly #failed: (error: unknown) => void;
  /** Buffers of what waits, each but the last of them full. */
  #waiting: Uint8Array[] = [];
  /** Bytes in the last of them. */
  #filled = 0;
  #running = false;
  #broken = false;
  #idle: (() => void)[] = [];
  /** Bytes that came so far. */
  total = 0;

  /**
   * @param write Writes all of the bytes, which are used again afterwards.
   * @param written Told how many bytes were written.
   * @param failed Told once that writing is not possible any more.
   */
  constructor(
    write: (bytes: Uint8Array) => Promise<void>,
    written: (bytes: number) => void,
    failed: (error: unknown) => void,
  ) {
    this.#write = write;
    this.#written = written;
    this.#failed = failed;
  }

  /** Queues bytes; they are copied. */
  push(bytes: Uint8Array): void {
    this.total += bytes.length;
    if (this.#broken || bytes.length === 0) return;
    this.#append(bytes);
    if (this.#running) return;
    this.#running = true;
    // What else comes in this turn goes out with it.
    queueMicrotask(() => this.#run());
  }

  /** Resolves when everything queued was written, or cannot be. */
  drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const last = this.#waiting.length === 1;
        const buffer = this.#waiting.shift()!;
        const bytes = last ? buffer.subarray(0, this.#filled) : buffer;
        await this.#write(bytes);
        const { length } = bytes;
        giveBack(buffer);
        this.#written(length);
      }
    } catch (error) {
      this.#broken = true;
      this.#waiting = [];
      this.#failed(error);
    } finally {
      this.#running = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /**
   * Pieces of a few bytes, kept as they came, would take a hundred times their length in memory
   * while the reader is stopped.
   */
  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      let buffer = this.#waiting.at(-1);
      if (buffer === undefined || this.#filled === buffer.length) {
        const little = buffer === undefined && bytes.length - at < smallSize;
        buffer = take(little);
        this.#waiting.push(buffer);
        this.#filled = 0;
      }
      const end = Math.min(bytes.length, at + buffer.length - this.#filled);
      buffer.set(
        at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end),
        this.#filled,
      );
      this.#filled += end - at;
      at = end;
    }
  }
}

function take(little: boolean): Uint8Array {
  return little
    ? spares.small.pop() ?? new Uint8Array(smallSize)
    : spares.large.pop() ?? new Uint8Array(writeSize);
}

function giveBack(buffer: Uint8Array): void {
  const kept = buffer.length === smallSize ? spares.small : spares.large;
  if (kept.length < spareLimit) kept.push(buffer);
}
