/**
 * A table that fits: which of its columns are shown in so many columns of a terminal, and how wide.
 *
 * @module
 */

/** One column of a table. */
export interface ColumnNeed {
  /** What its widest cell takes. */
  readonly natural: number;
  /** What it can be cut down to; where that is not less than `natural`, it is never cut. */
  readonly least: number;
  /** The lower, the sooner it gives way. */
  readonly importance: number;
}

/** Between two columns. */
export const columnGap = 2;

/**
 * How wide each column is to be; 0 leaves it out. The least important ones are left out until the
 * others fit at their least, and what is left over goes to the most important ones first. The most
 * important one is always there, cut if it has to be.
 *
 * @param needs The columns, from left to right.
 * @param available Columns of the terminal; Infinity where there is none.
 */
export function columnWidths(
  needs: readonly ColumnNeed[],
  available: number,
): number[] {
  const least = needs.map(({ natural, least }) =>
    Math.max(1, Math.min(natural, least))
  );
  const ranked = needs.map((_, at) => at).sort((a, b) =>
    (needs[b]?.importance ?? 0) - (needs[a]?.importance ?? 0) || a - b
  );
  const kept: number[] = [];
  let used = -columnGap;
  for (const at of ranked) {
    const more = columnGap + (least[at] ?? 0);
    // A less important column does not stand where a more important one did not fit.
    if (kept.length > 0 && used + more > available) break;
    kept.push(at);
    used += more;
  }
  const widths = needs.map(() => 0);
  let spare = available - used;
  for (const at of kept) {
    const natural = needs[at]?.natural ?? 0;
    const more = Math.min(spare, natural - (least[at] ?? 0));
    widths[at] = Math.max(1, Math.min(natural, (least[at] ?? 0) + more));
    spare -= Math.max(0, more);
  }
  const [only] = kept;
  if (kept.length === 1 && only !== undefined && spare < 0) {
    widths[only] = Math.max(1, available);
  }
  return widths;
}
