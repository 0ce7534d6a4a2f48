/**
 * Rows of cells in the width of a terminal.
 *
 * @module
 */

import { columnGap, columnWidths } from "../columns.ts";
import { cutText, fitText, lettersOf, textWidth } from "../text_width.ts";

/** One column. */
export interface Column<Row> {
  readonly title: string;
  /** Without control characters. */
  readonly cell: (row: Row) => string;
  /** How few columns of the terminal do; without it the column is never cut. */
  readonly least?: number;
  /** The lower, the sooner it gives way. */
  readonly importance: number;
  /** True where the end of a cell tells more than its beginning. */
  readonly keepEnd?: boolean;
}

/**
 * Lays rows out in columns; columns without content are left out.
 * @param columns From left to right.
 * @param rows At least one.
 * @param width Columns of the terminal; Infinity where nothing is to be cut.
 * @returns The header and a line for each row.
 */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string[] {
  const used = columns.map((column) => ({
    ...column,
    cells: rows.map(column.cell),
  })).filter(({ cells }) => cells.some((cell) => cell !== ""));
  const widths = columnWidths(
    used.map(({ title, cells, least = Infinity, importance }) => {
      const natural = Math.max(...[title, ...cells].map(textWidth));
      return { natural, least, importance };
    }),
    width,
  );
  const line = (texts: readonly string[]) =>
    texts.flatMap((text, at) => {
      const columns = widths[at] ?? 0;
      if (columns === 0) return [];
      return [
        used[at]?.keepEnd ? fitEnd(text, columns) : fitText(text, columns),
      ];
    }).join(" ".repeat(columnGap)).trimEnd();
  return [
    line(used.map(({ title }) => title)),
    ...rows.map((_, at) => line(used.map(({ cells }) => cells[at] ?? ""))),
  ];
}

/** As `fitText`, with `…` at the beginning. */
function fitEnd(text: string, columns: number): string {
  if (textWidth(text) <= columns) return fitText(text, columns);
  const reversed = lettersOf(text).toReversed().join("");
  const cut = lettersOf(cutText(reversed, columns)).toReversed().join("");
  return fitText(cut, columns);
}
