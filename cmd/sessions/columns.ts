/**
 * Rows of cells in the width of a terminal.
 *
 * @module
 */

/** One column. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /**
   * How few characters do, where there are not enough for all; without it the column is never cut.
   */
  readonly least?: number;
  /**
   * True for a column that is left out where the narrowest columns do not fit; the last goes first.
   */
  readonly mayGo?: boolean;
  /** True where the end of a cell tells more than its beginning. */
  readonly keepEnd?: boolean;
}

const gap = "  ";

/**
 * Lays rows out in columns. Where they do not fit, the widest of those that may be cut is cut,
 * again and again; columns without content are left out.
 * @param columns From left to right; the last one gives way first.
 * @param rows At least one.
 * @param width Characters of a line.
 * @returns The header and a line for each row.
 */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string[] {
  let used = columns.map((column) => {
    const cells = rows.map(column.cell);
    const longest = Math.max(0, ...cells.map((cell) => cell.length));
    return { column, cells, width: Math.max(longest, column.title.length) };
  }).filter(({ cells }) => cells.some((cell) => cell !== ""));
  const total = () =>
    used.reduce((sum, each) => sum + each.width + gap.length, -gap.length);
  const least = () =>
    used.reduce(
      (sum, { column, width }) =>
        sum + Math.min(width, column.least ?? width) + gap.length,
      -gap.length,
    );
  while (least() > width) {
    const goes = used.findLast(({ column }) => column.mayGo);
    if (goes === undefined) break;
    used = used.filter((each) => each !== goes);
  }
  for (let over = total() - width; over > 0; over--) {
    const widest = used.filter(({ column, width }) =>
      width > (column.least ?? Infinity)
    ).reduce<(typeof used)[number] | undefined>(
      (best, each) =>
        best === undefined || each.width >= best.width ? each : best,
      undefined,
    );
    if (widest === undefined) break;
    widest.width--;
  }
  const line = (texts: readonly string[]) =>
    texts.map((text, at) => {
      const { width, column } = used[at]!;
      return cut(text, width, column.keepEnd ?? false).padEnd(width);
    }).join(gap).trimEnd();
  return [
    line(used.map(({ column }) => column.title)),
    ...rows.map((_, at) => line(used.map(({ cells }) => cells[at] ?? ""))),
  ];
}

function cut(text: string, width: number, keepEnd: boolean): string {
  if (text.length <= width) return text;
  return keepEnd
    ? `…${text.slice(text.length - width + 1)}`
    : `${text.slice(0, width - 1)}…`;
}
