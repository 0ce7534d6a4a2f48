/**
 * Whole lines of many nodes on our two streams, in order: while one write is on its way the next
 * lines gather, up to a bound that whoever makes them is told of.
 *
 * @module
 */

import type { StatusLine } from "../../status_line.ts";
import type { OutputStream } from "./run_on_node.ts";

/** With so many bytes waiting, whoever can wait is asked to, until half of them are written. */
const highWater = 1 << 20;

/** Lines gather in blocks of so many bytes: arrays of their own would take far more than they hold. */
const blockSize = 1 << 16;

/** Bytes of one stream that follow one another. */
interface Block {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
  used: number;
}

/** Writes lines above the live line. */
export class LineWriter {
  readonly #status: StatusLine;
  #blocks: Block[] = [];
  #waiting = 0;
  #running: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #broken: (error: unknown) => void;
  #failed: { readonly error: unknown } | undefined;

  /**
   * @param status The line at the bottom, and the terminal.
   * @param broken Told once why nothing can be written any more, as a closed pipe.
   */
  constructor(status: StatusLine, broken: (error: unknown) => void = () => {}) {
    this.#status = status;
    this.#broken = broken;
  }

  /**
   * Takes a line.
   * @param stream Where it goes.
   * @param pieces What it consists of; they are copied.
   * @throws What a write before failed with, as a closed pipe.
   */
  write(stream: OutputStream, ...pieces: readonly Uint8Array[]): void {
    if (this.#failed !== undefined) throw this.#failed.error;
    let size = 0;
    for (const piece of pieces) size += piece.length;
    let block = this.#blocks.at(-1);
    // A line is not spread over blocks: another stream's line could come in between.
    if (block?.stream !== stream || block.bytes.length - block.used < size) {
      const bytes = new Uint8Array(Math.max(size, blockSize));
      block = { stream, bytes, used: 0 };
      this.#blocks.push(block);
    }
    for (const piece of pieces) {
      block.bytes.set(piece, block.used);
      block.used += piece.length;
    }
    this.#waiting += size;
    this.#running ??= this.#run();
  }

  /** Resolves when there is room for more; `undefined` where there is. */
  room(): Promise<void> | undefined {
    if (this.#waiting < highWater) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /**
   * Resolves when all is written.
   * @throws What a write failed with.
   */
  async written(): Promise<void> {
    await this.#running;
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  async #run(): Promise<void> {
    // Lines that come in the same turn go out together.
    await Promise.resolve();
    try {
      for (;;) {
        const block = this.#blocks.shift();
        if (block === undefined) break;
        await this.#status.above(
          block.bytes.subarray(0, block.used),
          block.stream,
        );
        this.#waiting -= block.used;
        if (this.#waiting <= highWater / 2) this.#makeRoom();
      }
    } catch (error) {
      this.#failed = { error };
      this.#blocks = [];
      this.#waiting = 0;
      this.#broken(error);
    } finally {
      this.#running = undefined;
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
