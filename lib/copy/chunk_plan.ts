/**
 * Files in parts: what is sent together, and what of an earlier try is still good.
 *
 * @module
 */

import type { Range } from "./requests.ts";

const KiB = 1024, MiB = 1024 * KiB;

/**
 * Bytes of a file that come in one reply: few enough that the agent's filter seldom spoils them
 * (`permutation.ts`), many enough that the node's tools have little to start.
 */
export const downChunk: number = 128 * KiB;
/** Bytes of a file that go with one request; what the node starts for each costs it 4 ms. */
export const upChunk: number = MiB;
/** Files up to so many bytes are fetched with their SHA-256 in one request. */
export const smallDown: number = downChunk;
/** Files up to so many bytes are stored with one request. */
export const smallUp: number = 256 * KiB;
/** What was copied before is compared in so many parts at most. */
const mostParts = 1024;

/** The ranges of a file of so many bytes. @param step Bytes in each but the last; whole blocks. */
export function* rangesOf(size: number, step: number): Generator<Range> {
  for (let offset = 0; offset < size; offset += step) {
    yield { offset, length: Math.min(step, size - offset) };
  }
}

/** Bytes in each part that is compared, of a file of so many bytes: whole MiB. */
export function comparedPart(size: number): number {
  return MiB * Math.max(1, Math.ceil(size / mostParts / MiB));
}

/**
 * The ranges that are still to be copied.
 *
 * @param size Bytes in the file.
 * @param step Bytes in each range, whole blocks, of which a compared part has a whole number.
 * @param good Whether each part of {@linkcode comparedPart} is right already.
 */
export function* missingRanges(
  size: number,
  step: number,
  good: readonly boolean[],
): Generator<Range> {
  const part = comparedPart(size);
  for (const range of rangesOf(size, step)) {
    if (good[Math.floor(range.offset / part)] !== true) yield range;
  }
}

/** The sums of a file's parts, as the node sends them. */
export function parseSums(data: Uint8Array): (string | undefined)[] {
  const lines = new TextDecoder("latin1").decode(data).trim().split("\n");
  return lines.map((line) => /[0-9a-f]{64}/.exec(line)?.[0]);
}
