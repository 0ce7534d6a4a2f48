/**
 * How far a copy is. Apart from the code that copies, which is loaded later.
 *
 * @module
 */

import { comparedPart } from "./chunk_plan.ts";

/** How far a copy is. */
export interface Tally {
  /** Bytes in all; `undefined` where nobody knows. */
  total: number | undefined;
  /** Bytes that are there. */
  done: number;
  /** Of these, bytes that an earlier try had copied. */
  found: number;
  /** Files in all. */
  files: number;
  filesDone: number;
  /** There is a partial file, which the next try would find. */
  partial: boolean;
  /** The file that was begun last, as the user calls it. */
  current: string;
}

/** Nothing so far. */
export function newTally(): Tally {
  return {
    total: 0,
    done: 0,
    found: 0,
    files: 0,
    filesDone: 0,
    partial: false,
    current: "",
  };
}

/** The part of one file in it. */
export class FileTally {
  readonly #tally: Tally;
  readonly #size: number;
  #done = 0;
  #found = 0;

  /** @param size Bytes that the total has for the file. */
  constructor(tally: Tally, size: number) {
    this.#tally = tally;
    this.#size = size;
  }

  /** There is a partial file now. */
  begin(): void {
    this.#tally.partial = true;
  }

  /** So many bytes more are there; negative when they were not after all. */
  add(bytes: number): void {
    this.#done += bytes;
    this.#tally.done += bytes;
  }

  /** So many bytes were there before. */
  addFound(bytes: number): void {
    this.#found += bytes;
    this.#tally.found += bytes;
    this.add(bytes);
  }

  /** The file is complete. */
  finish(): void {
    this.#tally.filesDone++;
  }

  /** It is not copied: nothing of it counts. */
  drop(): void {
    this.#tally.done -= this.#done;
    this.#tally.found -= this.#found;
    if (this.#tally.total !== undefined) this.#tally.total -= this.#size;
  }
}

/**
 * Counts what an earlier try had copied.
 *
 * @param good Whether each part of `comparedPart` is right.
 * @param size Bytes of the whole file.
 */
export function countFound(
  good: readonly boolean[],
  size: number,
  tally: FileTally,
): void {
  const step = comparedPart(size);
  good.forEach((is, at) => {
    if (is) tally.addFound(Math.min(step, size - at * step));
  });
}
