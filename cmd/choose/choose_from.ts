/**
 * The choice among a few things that are all there: on a full screen, or as a numbered list.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { askChoice } from "../target/choice.ts";
import { hasFullScreen } from "./full_screen_terminal.ts";
import type { ChoiceColumn, ChoiceRow, ChoiceSource } from "./source.ts";
import type { Searched } from "./query.ts";

/** What a choice needs of the world. */
export type ChooserContext = Pick<
  Context,
  "terminal" | "attended" | "clock" | "color" | "env" | "log"
>;

/** What is shown of things to choose from; foreign text in cells is still to be made visible. */
export interface FixedColumn<Item> extends ChoiceColumn {
  readonly cell: (item: Item) => string | undefined;
}

/** What there is to choose from. */
export interface FixedChoice<Item extends object> {
  /** At least one. */
  readonly items: readonly Item[];
  /** From left to right. */
  readonly columns: readonly FixedColumn<Item>[];
  /** True when there are more than these. */
  readonly more: boolean;
  /** What one of them is: `node`. */
  readonly noun: string;
  /** Why there is a choice, as a sentence's beginning: `3 nodes are named web`. */
  readonly reason?: string;
  /** What an item can be called. */
  readonly names: (item: Item) => readonly (string | undefined)[];
}

/**
 * Lets the user choose.
 * @param context The terminal, at which somebody sits.
 * @param choice What there is.
 * @param action What follows the choice: `ssm shell`.
 * @param signal Gives up; its reason is thrown.
 * @throws CommandError when nothing is chosen; SignalError after Ctrl-C.
 */
export async function chooseFrom<Item extends object>(
  context: ChooserContext,
  choice: FixedChoice<Item>,
  action: string,
  signal: AbortSignal,
): Promise<Item> {
  const { items, columns, more, noun, reason, names } = choice;
  const cells = (item: Item) => columns.map(({ cell }) => cell(item) || "-");
  if (!hasFullScreen(context)) {
    if (reason !== undefined) {
      await context.terminal.writeError(
        new TextEncoder().encode(`${reason}:\n`),
      );
    }
    const { fittingRows } = await import("./numbered_rows.ts");
    const rows = fittingRows(
      items.map((item) => cells(item).map(visible)),
      columns,
      context.terminal.size()?.cols,
    );
    return await askChoice(
      context.terminal,
      { items, rows, more, noun, names },
      signal,
    );
  }
  const { pick } = await import("./pick.ts");
  const chosen = await pick(
    context,
    fixedSource(choice, cells),
    { noun, action, color: context.color, reason },
    signal,
  );
  if (chosen === undefined) {
    throw new CommandError(`No ${noun} was chosen`, exitCodes.failed);
  }
  return chosen;
}

function fixedSource<Item extends object>(
  { items, columns, more, names }: FixedChoice<Item>,
  cells: (item: Item) => string[],
): ChoiceSource<Item> {
  const labelOf = (item: Item) => names(item).find((name) => name) ?? "";
  const places = new Map(items.map((item, at) => [item, at]));
  return {
    columns,
    version: 0,
    items: () => items,
    keyOf: (item) => String(places.get(item)),
    row: (item): ChoiceRow => ({
      cells: cells(item).map(visible),
      label: visible(labelOf(item)),
    }),
    searched: (item): Searched => ({
      id: "",
      name: labelOf(item).toLowerCase(),
      host: "",
      addresses: [],
      tags: {},
      others: cells(item).map((cell) => cell.toLowerCase()),
    }),
    complete: true,
    trouble: more ? "There are more than these" : undefined,
    onChange: () => ({ [Symbol.dispose]() {} }),
  };
}
