/**
 * What a choice is made from: items that may still be coming in.
 *
 * @module
 */

import type { Searched } from "./query.ts";

/** A column of the choice. */
export interface ChoiceColumn {
  readonly title: string;
  /** What it can be cut down to; absent: it is never cut. */
  readonly least?: number;
  /** The lower, the sooner it gives way in a narrow terminal. */
  readonly importance: number;
}

/** How an item is shown; foreign text in it has been made visible. */
export interface ChoiceRow {
  /** One for each column. */
  readonly cells: readonly string[];
  /** What it is called in a sentence, and where only one column fits. */
  readonly label: string;
  /** Why choosing it will probably not do: `stopped`. */
  readonly obstacle?: string | undefined;
}

/** Items to choose from. */
export interface ChoiceSource<Item extends object> {
  readonly columns: readonly ChoiceColumn[];
  /** Grows with every change of the items. */
  readonly version: number;
  /** The items known so far, in the order in which they are shown. An item that changed is a new object. */
  items(): readonly Item[];
  /** The same for an item that changed. */
  keyOf(item: Item): string;
  row(item: Item): ChoiceRow;
  searched(item: Item): Searched;
  /** True when nothing more will come. */
  readonly complete: boolean;
  /** What could not be asked, in a line; `undefined` where nothing is wrong. */
  readonly trouble: string | undefined;
  /** Calls `changed` after every change, until disposed of. */
  onChange(changed: () => void): Disposable;
}
