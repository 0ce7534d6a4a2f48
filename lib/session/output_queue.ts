/**
 * What the remote side printed, on its way to standard output. Arrivals never wait for the
 * terminal: they queue here, the channel's capacity bounds the queue, and what was printed is
 * reported so that there is room again.
 *
 * @module
 */

/** Bytes written with one call at most. */
const writeSize: number = 64 * 1024;

/** Writes in order, one call at a time, several arrivals together. */
export class OutputQueue {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #written: (bytes: number) => void;
  readonly #failed: (error: unknown) => void;
  #waiting: Uint8Array[] = [];
  #running: Promise<void> | undefined;
  #broken = false;
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

  /** Queues bytes; they are not copied. */
  push(bytes: Uint8Array): void {
    this.total += bytes.length;
    if (this.#broken) return;
    this.#waiting.push(bytes);
    this.#running ??= this.#run();
  }

  /** Resolves when everything queued was written, or cannot be. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = this.#next();
        await this.#write(bytes);
        this.#written(bytes.length);
      }
    } catch (error) {
      this.#broken = true;
      this.#waiting = [];
      this.#failed(error);
    } finally {
      this.#running = undefined;
    }
  }

  #next(): Uint8Array {
    if (this.#waiting.length === 1) return this.#waiting.pop()!;
    let count = 0, size = 0;
    while (count < this.#waiting.length) {
      const length = this.#waiting[count]!.length;
      if (count > 0 && size + length > writeSize) break;
      size += length;
      count++;
    }
    const together = new Uint8Array(size);
    let at = 0;
    for (const bytes of this.#waiting.splice(0, count)) {
      together.set(bytes, at);
      at += bytes.length;
    }
    return together;
  }
}
