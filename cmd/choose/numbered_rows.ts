/**
 * Rows of a numbered list that fit the terminal.
 *
 * @module
 */

import { columnGap, columnWidths } from "../columns.ts";
import { cutText, fitText, textWidth } from "../text_width.ts";
import type { ChoiceColumn } from "./source.ts";

/** In a terminal with fewer columns than this a row would lose its name or id. */
const narrow = 60;

/**
 * Cells as lines of a table.
 * @param rows The cells of each line, made safe to show.
 * @param columns What they are.
 * @param available The terminal's columns; `undefined` where it does not tell.
 */
export function fittingRows(
  rows: readonly (readonly string[])[],
  columns: readonly ChoiceColumn[],
  available = Infinity,
): string[] {
  // `  12  ` stands in front.
  const margin = String(rows.length).length + 4;
  const widths = columnWidths(
    columns.map(({ least = Infinity, importance }, at) => ({
      natural: Math.max(...rows.map((row) => textWidth(row[at] ?? ""))),
      least,
      importance,
    })),
    available < narrow ? Infinity : available - margin,
  );
  return rows.map((row) =>
    row.flatMap((cell, at) => {
      const width = widths[at] ?? 0;
      if (width === 0) return [];
      const last = widths.slice(at + 1).every((each) => each === 0);
      return [last ? cutText(cell, width) : fitText(cell, width)];
    }).join(" ".repeat(columnGap)).trimEnd()
  );
}
