/**
 * What the remote side printed, on its way to standard output. Arrivals never wait for the
 * terminal: they queue here, the channel's capacity bounds the queue, and what was printed is
 * reported so that there is room again.
 *
 * @module
 */

/** Bytes written with one call at most, unless they came together. */
const writeSize: number = 64 * 1024;
/** Bytes of the first buffer for what has to wait; it doubles up to {@linkcode writeSize}. */
const firstBuffer: number = 4 * 1024;

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
   * @param write Writes all of the bytes.
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

  /** Queues bytes; they must not change any more. */
  push(bytes: Uint8Array): void {
    this.total += bytes.length;
    if (this.#broken) return;
    if (this.#running) return this.#append(bytes);
    this.#running = true;
    this.#run(bytes);
  }

  /** Resolves when everything queued was written, or cannot be. */
  drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #run(first: Uint8Array): Promise<void> {
    try {
      for (
        let bytes: Uint8Array | undefined = first;
        bytes !== undefined;
        bytes = this.#next()
      ) {
        await this.#write(bytes);
        this.#written(bytes.length);
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
   * Copies what has to wait: pieces of a few bytes, kept as they came, take a hundred times their
   * length in memory while a terminal is stopped.
   */
  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const buffer = this.#room(bytes.length - at);
      const piece = bytes.subarray(at, at + buffer.length - this.#filled);
      buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
    }
  }

  /** The last buffer, with room for as many of the bytes as fit into one write. */
  #room(wanted: number): Uint8Array {
    const last = this.#waiting.at(-1);
    if (last === undefined || this.#filled === writeSize) {
      const buffer = new Uint8Array(
        Math.min(writeSize, Math.max(firstBuffer, wanted)),
      );
      this.#waiting.push(buffer);
      this.#filled = 0;
      return buffer;
    }
    const needed = this.#filled + wanted;
    if (needed <= last.length || last.length === writeSize) return last;
    const larger = new Uint8Array(
      Math.min(writeSize, Math.max(needed, 2 * last.length)),
    );
    larger.set(last.subarray(0, this.#filled));
    return this.#waiting[this.#waiting.length - 1] = larger;
  }

  #next(): Uint8Array | undefined {
    const buffer = this.#waiting.shift();
    return this.#waiting.length === 0
      ? buffer?.subarray(0, this.#filled)
      : buffer;
  }
}
