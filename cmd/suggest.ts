/**
 * "Did you mean": the known words nearest to what was typed.
 *
 * @module
 */

/**
 * The known words that `typed` may have been meant to be, nearest first, at most three: those it
 * begins, and those one edit away from it per three letters (two at least for short words).
 *
 * @param typed What the user typed, without dashes.
 * @param known The words that would have been right.
 */
export function suggest(typed: string, known: readonly string[]): string[] {
  const limit = Math.max(
    typed.length <= 2 ? 1 : 2,
    Math.floor(typed.length / 3),
  );
  return known
    .map((word) => ({
      word,
      distance: word.startsWith(typed) && typed !== ""
        ? 0.5
        : editDistance(typed, word),
    }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.word < b.word ? -1 : 1))
    .slice(0, 3)
    .map(({ word }) => word);
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, at(previous, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforePrevious, j - 2) + 1);
      }
      row.push(best);
    }
    beforePrevious = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
