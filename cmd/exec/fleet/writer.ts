/**
 * Whole lines of many nodes on our two streams, in order: while one write is on its way the next
 * lines gather, up to a bound that whoever makes them is told of.
 *
 * @module
 */

import type { StatusLine } from "../../status_line.ts";
import type { OutputStream } from "./run_on_node.ts";

/** With so many bytes waiting, whoever can wait is asked to. */
const highWater = 1 << 20;

/** Lines of one stream that follow one another. */
interface Batch {
  readonly stream: OutputStream;
  readonly pieces: Uint8Array[];
  size: number;
}

/** Writes lines above the live line. */
export class LineWriter {
  readonly #status: StatusLine;
  #batches: Batch[] = [];
  #waiting = 0;
  #running: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  /** @param status The line at the bottom, and the terminal. */
  constructor(status: StatusLine) {
    this.#status = status;
  }

  /**
   * Takes pieces of a line; they are kept, not copied.
   * @param stream Where it goes.
   * @param pieces What it consists of.
   * @throws What a write before failed with, as a closed pipe.
   */
  write(stream: OutputStream, ...pieces: readonly Uint8Array[]): void {
    if (this.#failed !== undefined) throw this.#failed.error;
    let batch = this.#batches.at(-1);
    if (batch?.stream !== stream) {
      batch = { stream, pieces: [], size: 0 };
      this.#batches.push(batch);
    }
    for (const piece of pieces) {
      batch.pieces.push(piece);
      batch.size += piece.length;
      this.#waiting += piece.length;
    }
    this.#running ??= this.#run();
  }

  /** Resolves when there is room for more; `undefined` where there is. */
  room(): Promise<void> | undefined {
    return this.#waiting < highWater ? undefined : this.#running;
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
        const batch = this.#batches.shift();
        if (batch === undefined) break;
        const bytes = joined(batch);
        await this.#status.above(bytes, batch.stream);
        this.#waiting -= bytes.length;
      }
    } catch (error) {
      this.#failed = { error };
      this.#batches = [];
      this.#waiting = 0;
    } finally {
      this.#running = undefined;
    }
  }
}

function joined({ pieces, size }: Batch): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
