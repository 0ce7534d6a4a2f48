/**
 * A choice from a list on a terminal.
 *
 * @module
 */

import type { Terminal } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import { askLine } from "../ask_line.ts";
import { CommandError, exitCodes } from "../errors.ts";

/** What there is to choose from. */
export interface Choice<Item> {
  /** At least one. */
  readonly items: readonly Item[];
  /** A line for each, safe to show, that fits the terminal. */
  readonly rows: readonly string[];
  /** True when there are more than these. */
  readonly more: boolean;
  /** What one of them is: `node`. */
  readonly noun: string;
  /** What an item can be called besides its number. */
  readonly names: (item: Item) => readonly (string | undefined)[];
}

/**
 * Shows the list and asks until there is an answer: a number, or a name that only one has. Enter
 * takes the only one.
 *
 * @param terminal Where to ask.
 * @param choice What there is.
 * @param signal Gives up, and rejects with its reason.
 * @throws CommandError when nothing is chosen.
 */
export async function askChoice<Item>(
  terminal: Terminal,
  choice: Choice<Item>,
  signal: AbortSignal,
): Promise<Item> {
  const { items, rows, more, noun } = choice;
  const digits = String(items.length).length;
  const lines = rows.map((row, at) =>
    `  ${String(at + 1).padStart(digits)}  ${row}\n`
  );
  const say = (text: string) =>
    terminal.writeError(new TextEncoder().encode(text));
  await say(lines.join("") + (more ? "  … and more\n" : ""));
  const only = items.length === 1 ? items[0] : undefined;
  const title = noun.charAt(0).toUpperCase() + noun.slice(1);
  const question = only === undefined
    ? `${title} (1-${items.length}, or q to quit): `
    : `${title} (Enter for this one, or q to quit): `;
  while (true) {
    const answer = await askLine(terminal, question, signal);
    if (answer === undefined) await say("\n");
    if (answer === "" && only !== undefined) return only;
    if (answer === undefined || answer === "" || answer === "q") {
      throw new CommandError(`No ${noun} was chosen`, exitCodes.failed);
    }
    const chosen = answered(answer, choice);
    if (chosen !== undefined) return chosen;
    await say(`There is no ${visible(answer)} in the list\n`);
  }
}

/** By number, or a name that only one has. */
function answered<Item>(
  answer: string,
  { items, names }: Choice<Item>,
): Item | undefined {
  if (/^[1-9]\d*$/.test(answer)) return items[Number(answer) - 1];
  const meant = items.filter((item) => names(item).includes(answer));
  return meant.length === 1 ? meant[0] : undefined;
}

/**
 * Cells as lines of a table, made safe to show.
 * @param rows The cells of each line; all lines have as many.
 */
export function tableRows(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(visible));
  const widths = shown[0]?.map((_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0))
  );
  return shown.map((row) =>
    row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join("  ")
      .trimEnd()
  );
}
