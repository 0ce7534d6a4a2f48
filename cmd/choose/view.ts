/**
 * A choice as lines of the screen.
 *
 * @module
 */

import type { TerminalSize } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import { columnGap, columnWidths } from "../columns.ts";
import { cutText, fitText, lettersOf, textWidth } from "../text_width.ts";
import type { ChoiceState } from "./choice_state.ts";
import type { ChoiceRow } from "./source.ts";

/** What a screen shows. */
export interface View {
  /** As many as the screen has, or fewer. */
  readonly lines: readonly string[];
  /** Where the cursor of the terminal is, from 0. */
  readonly cursor: { readonly row: number; readonly column: number };
}

/** What a choice is for. */
export interface ViewOptions {
  /** What one of the items is: `node`. */
  readonly noun: string;
  /** What Enter does: `shell`. */
  readonly action: string;
  readonly color: boolean;
  /** Why there is a choice, if that has to be said. */
  readonly reason?: string | undefined;
  /** What can be typed besides letters. */
  readonly filters?: string;
}

/** In front of each item. */
const markers = { current: "> ", other: "  " } as const;

/** With fewer lines there is no room for the header and the last line. */
const shortScreen = 5;

/**
 * Lays out the screen.
 * @param state The choice; told what is seen.
 * @param size The terminal's.
 * @param options How.
 */
export function viewOf<Item extends object>(
  state: ChoiceState<Item>,
  size: TerminalSize,
  options: ViewOptions,
): View {
  const { source } = state;
  const tall = size.rows >= shortScreen;
  const height = Math.max(1, size.rows - (tall ? 3 : 1));
  const available = size.cols - markers.other.length;
  const widths = columnWidths(
    source.columns.map(({ least = Infinity, importance }, at) => ({
      natural: state.widths[at] ?? 0,
      least,
      importance,
    })),
    available,
  );
  const paint = (code: string, text: string) =>
    options.color && code !== "" && text !== ""
      ? `\x1b[${code}m${text}\x1b[0m`
      : text;
  const { items, at } = state.window(height);
  const { line, column } = promptLine(state, size.cols, options, paint);
  const header = tall
    ? [paint(
      "1",
      markers.other +
        rowText(source.columns.map(({ title }) => title), widths),
    )]
    : [];
  const list = items.map((item, row) => {
    const shown = state.row(item);
    const text = cellsText(shown, widths, available);
    if (row === at) {
      return paint("7", fitText(markers.current + text, size.cols));
    }
    return paint(
      shown.obstacle === undefined ? "" : "2",
      markers.other + text,
    );
  });
  const blank = Array.from({ length: height - list.length }, () => "");
  const footer = tall ? [footerLine(state, size.cols, options, paint)] : [];
  return {
    lines: [line, ...header, ...list, ...blank, ...footer].slice(0, size.rows),
    cursor: { row: 0, column },
  };
}

type Paint = (code: string, text: string) => string;

/** `Node> web            12/5000 …` */
function promptLine<Item extends object>(
  state: ChoiceState<Item>,
  columns: number,
  { noun }: ViewOptions,
  paint: Paint,
): { readonly line: string; readonly column: number } {
  const title = columns < 30
    ? "> "
    : `${noun.charAt(0).toUpperCase()}${noun.slice(1)}> `;
  const { all, fitting } = state.counts;
  const counts = `${fitting}/${all}${state.source.complete ? "" : " …"}`;
  const room = columns - textWidth(title) - 1;
  const before = tail(visible(state.editor.before), room);
  const behind = visible(
    state.editor.text.slice(state.editor.before.length),
  );
  const typed = before + cutText(behind, room - textWidth(before));
  const space = room - textWidth(typed) - textWidth(counts);
  return {
    line: paint("1", title) + typed +
      (space > 0 ? " ".repeat(space) + paint("2", counts) : ""),
    column: textWidth(title) + textWidth(before),
  };
}

/** The end of a text that is too long. */
function tail(text: string, columns: number): string {
  const letters = lettersOf(text);
  while (letters.length > 0 && textWidth(letters.join("")) > columns) {
    letters.shift();
  }
  return letters.join("");
}

function footerLine<Item extends object>(
  state: ChoiceState<Item>,
  columns: number,
  { noun, action, reason, filters }: ViewOptions,
  paint: Paint,
): string {
  const { current, source } = state;
  const { label, obstacle } = current === undefined
    ? { label: "", obstacle: undefined }
    : state.row(current);
  const fit = (text: string) => cutText(text, columns);
  if (obstacle !== undefined) {
    const again = state.warned ? "; Enter again tries all the same" : "";
    return paint(
      state.warned ? "1;33" : "33",
      // What to do must not be what is cut.
      columns < 60 && state.warned
        ? fit(`${obstacle}${again}`)
        : fit(`${label} cannot be reached: ${obstacle}${again}`),
    );
  }
  if (current === undefined) {
    return fit(
      source.complete ? `No ${noun} like that` : `Looking for ${noun}s…`,
    );
  }
  if (source.trouble !== undefined) return paint("33", fit(source.trouble));
  const parts = [
    ...(reason === undefined ? [] : [visible(reason)]),
    `Enter: ${action}`,
    "Esc: leave",
    ...(filters === undefined ? [] : [filters]),
  ];
  return paint("2", fit(parts.join("   ")));
}

function cellsText(
  row: ChoiceRow,
  widths: readonly number[],
  available: number,
): string {
  const shown = widths.filter((width) => width > 0).length;
  return shown > 1 ? rowText(row.cells, widths) : cutText(row.label, available);
}

function rowText(cells: readonly string[], widths: readonly number[]): string {
  return cells.flatMap((cell, at) => {
    const width = widths[at] ?? 0;
    return width > 0 ? [fitText(cell, width)] : [];
  }).join(" ".repeat(columnGap)).trimEnd();
}
