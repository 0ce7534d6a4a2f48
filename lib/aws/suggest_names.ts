/**
 * "Did you mean", for Name tags.
 *
 * @module
 */

import { AwsCallError } from "./errors.ts";

/**
 * Up to three names that differ by case, by a typo or two, or that hold the text.
 * @param text The name that no node has.
 * @param someNames The call that gets names.
 * @param signal Gives up, and rejects with its reason.
 * @returns Best first; empty when the names cannot be had.
 */
export async function suggestNames(
  text: string,
  someNames: (signal?: AbortSignal) => Promise<readonly string[]>,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  let names: readonly string[];
  try {
    names = await someNames(signal);
  } catch (error) {
    // A courtesy: its failure must not hide the answer, except that the user gave up.
    signal?.throwIfAborted();
    if (error instanceof AwsCallError) return [];
    throw error;
  }
  const wanted = text.toLowerCase();
  const limit = wanted.length <= 4 ? 1 : 2;
  return names
    .map((name) => {
      const other = name.toLowerCase();
      const distance = editDistance(wanted, other);
      const near = distance <= limit ||
        (wanted.length >= 3 && other.includes(wanted));
      return { name, distance: near ? distance : Infinity };
    })
    .filter((each) => each.distance < Infinity)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((each) => each.name);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(
        next[j]! + 1,
        row[j + 1]! + 1,
        row[j]! + (a[i] === b[j] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length]!;
}
