/**
 * Which of several times comes first.
 *
 * @module
 */

/**
 * The first of some moments.
 *
 * @param times Milliseconds; `undefined` where something has none.
 * @returns `undefined` when none has one.
 */
export function soonest(
  times: readonly (number | undefined)[],
): number | undefined {
  let next: number | undefined;
  for (const time of times) {
    if (time !== undefined && (next === undefined || time < next)) next = time;
  }
  return next;
}
