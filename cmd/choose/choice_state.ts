/**
 * A choice under way: what is typed, what fits, and where the cursor is. No input or output.
 *
 * @module
 */

import { textWidth } from "../text_width.ts";
import type { Key, KeyName } from "./keys.ts";
import { LineEditor } from "./line_editor.ts";
import { matching, type Prepared, prepared } from "./matcher.ts";
import type { ChoiceRow, ChoiceSource } from "./source.ts";

/** What a key led to. */
export type KeyOutcome<Item> =
  | { readonly kind: "chosen"; readonly item: Item }
  /** The user wants none. */
  | { readonly kind: "left" }
  | { readonly kind: "interrupted" }
  | { readonly kind: "suspend" }
  /** The screen may be spoilt. */
  | { readonly kind: "redraw" }
  | { readonly kind: "changed" };

/** Keys that need to know what fits. */
const movements: ReadonlySet<KeyName> = new Set([
  "up",
  "down",
  "page-up",
  "page-down",
  "home",
  "end",
]);

/** The state of one choice. */
export class ChoiceState<Item extends object> {
  readonly editor = new LineEditor();
  readonly source: ChoiceSource<Item>;
  readonly #prepared = new WeakMap<Item, Prepared<Item>>();
  readonly #rows = new WeakMap<Item, ChoiceRow>();
  #all: readonly Prepared<Item>[] = [];
  #matches: readonly Prepared<Item>[] = [];
  #version = -1;
  #query = "";
  #cursor = 0;
  #top = 0;
  /** The item that the cursor stays on while others come in; none before the user has moved it. */
  #held: string | undefined;
  /** The item that was chosen once in spite of its obstacle. */
  #warned: string | undefined;
  /** Where the cursor was when the user last saw it. */
  #seen: Item | undefined;
  #page = 1;
  /** True while what fits is still to be found out: of what is typed at once, only the last counts. */
  #stale = true;
  #widths: readonly number[] = [];

  /** @param source What there is. */
  constructor(source: ChoiceSource<Item>) {
    this.source = source;
    this.refresh();
  }

  /** How many there are, and how many of them fit. */
  get counts(): { readonly all: number; readonly fitting: number } {
    this.#match();
    return { all: this.#all.length, fitting: this.#matches.length };
  }

  /** What the widest cell of each column takes, its title included. */
  get widths(): readonly number[] {
    return this.#widths;
  }

  /** The item under the cursor. */
  get current(): Item | undefined {
    this.#match();
    return this.#matches[this.#cursor]?.item;
  }

  /** True when Enter on the current item has been answered with its obstacle. */
  get warned(): boolean {
    return this.current !== undefined &&
      this.source.keyOf(this.current) === this.#warned;
  }

  /**
   * How an item is shown.
   * @param item One of the source's.
   */
  row(item: Item): ChoiceRow {
    let row = this.#rows.get(item);
    if (row === undefined) {
      row = this.source.row(item);
      this.#rows.set(item, row);
    }
    return row;
  }

  /** Takes in what has changed in the source. */
  refresh(): void {
    if (this.#version === this.source.version) return;
    this.#version = this.source.version;
    this.#all = this.source.items().map((item) => {
      let ready = this.#prepared.get(item);
      if (ready === undefined) {
        ready = prepared(item, this.source.searched(item));
        this.#prepared.set(item, ready);
      }
      return ready;
    });
    this.#measure();
    this.#stale = true;
  }

  /**
   * The items to show, so that the cursor is among them.
   * @param height How many lines there are for them, at least 1.
   * @returns The items, and which of them the cursor is on. What is under it then is what Enter
   * takes, whatever comes in meanwhile.
   */
  window(
    height: number,
  ): { readonly items: readonly Item[]; readonly at: number } {
    this.#match();
    this.#page = height;
    const most = Math.max(0, this.#matches.length - height);
    this.#top = Math.min(
      Math.max(Math.min(this.#top, this.#cursor), this.#cursor - height + 1),
      most,
    );
    this.#seen = this.current;
    return {
      items: this.#matches.slice(this.#top, this.#top + height)
        .map(({ item }) => item),
      at: this.#cursor - this.#top,
    };
  }

  /**
   * Takes a key.
   * @param key The key.
   */
  take(key: Key): KeyOutcome<Item> {
    if (key.kind === "key") {
      if (movements.has(key.name)) this.#match();
      switch (key.name) {
        case "enter":
          return this.#enter();
        case "escape":
          return { kind: "left" };
        case "end-of-input":
          if (this.editor.text === "") return { kind: "left" };
          return this.#edit({ kind: "key", name: "delete" });
        case "interrupt":
          return { kind: "interrupted" };
        case "suspend":
          return { kind: "suspend" };
        case "redraw":
          return { kind: "redraw" };
        case "up":
          return this.#move(this.#cursor - 1);
        case "down":
          return this.#move(this.#cursor + 1);
        case "page-up":
          return this.#move(this.#cursor - this.#page);
        case "page-down":
          return this.#move(this.#cursor + this.#page);
        case "home":
          return this.#move(0);
        case "end":
          return this.#move(this.#matches.length - 1);
      }
    }
    return this.#edit(key);
  }

  #edit(key: Key): KeyOutcome<Item> {
    if (this.editor.take(key) && this.editor.text !== this.#query) {
      this.#query = this.editor.text;
      // Another query is another list: its best is on top.
      this.#held = undefined;
      this.#warned = undefined;
      this.#top = 0;
      this.#stale = true;
      // Typed and entered at once, before it could be seen, it means the best of the list.
      this.#seen = undefined;
    }
    return { kind: "changed" };
  }

  #enter(): KeyOutcome<Item> {
    this.#match();
    const seen = this.#seen === undefined
      ? this.current
      : this.#current(this.source.keyOf(this.#seen)) ?? this.#seen;
    if (seen === undefined) return { kind: "changed" };
    const key = this.source.keyOf(seen);
    if (this.row(seen).obstacle !== undefined && this.#warned !== key) {
      this.#warned = key;
      this.#held = key;
      this.#find();
      return { kind: "changed" };
    }
    return { kind: "chosen", item: seen };
  }

  /** An item as it is known now. */
  #current(key: string): Item | undefined {
    return this.#matches.find(({ item }) => this.source.keyOf(item) === key)
      ?.item;
  }

  #move(to: number): KeyOutcome<Item> {
    this.#cursor = Math.max(0, Math.min(to, this.#matches.length - 1));
    const { current } = this;
    this.#held = current === undefined ? undefined : this.source.keyOf(current);
    this.#warned = undefined;
    this.#seen = current;
    return { kind: "changed" };
  }

  #match(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#matches = matching(this.#all, this.#query);
    this.#find();
  }

  /** Puts the cursor back on the item that it was moved to. */
  #find(): void {
    const at = this.#held === undefined
      ? 0
      : this.#matches.findIndex(({ item }) =>
        this.source.keyOf(item) === this.#held
      );
    this.#cursor = at >= 0
      ? at
      : Math.max(0, Math.min(this.#cursor, this.#matches.length - 1));
  }

  #measure(): void {
    const widths = this.source.columns.map(({ title }) => textWidth(title));
    for (const { item } of this.#all) {
      this.row(item).cells.forEach((cell, at) => {
        widths[at] = Math.max(widths[at] ?? 0, textWidth(cell));
      });
    }
    this.#widths = widths;
  }
}
