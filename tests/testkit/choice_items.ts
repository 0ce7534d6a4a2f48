/**
 * Things to choose from, for tests of the choice.
 *
 * @module
 */

import type { Searched } from "../../cmd/choose/query.ts";
import type { ChoiceRow, ChoiceSource } from "../../cmd/choose/source.ts";

/** One of them. */
export interface TestItem {
  readonly id: string;
  readonly name: string;
  readonly obstacle?: string;
}

/** Items that a test changes. */
export class TestSource implements ChoiceSource<TestItem> {
  readonly columns = [
    { title: "NAME", least: 8, importance: 2 },
    { title: "ID", importance: 1 },
  ];
  version = 0;
  complete = true;
  trouble: string | undefined;
  #items: readonly TestItem[];
  readonly #listeners = new Set<() => void>();

  /** @param items The first ones. */
  constructor(items: readonly TestItem[]) {
    this.#items = items;
  }

  /** Other items. */
  set(items: readonly TestItem[]): void {
    this.#items = items;
    this.version++;
    for (const listener of this.#listeners) listener();
  }

  /** How many listen for changes: 0 after a choice that cleaned up. */
  get listeners(): number {
    return this.#listeners.size;
  }

  items(): readonly TestItem[] {
    return this.#items;
  }

  keyOf({ id }: TestItem): string {
    return id;
  }

  row({ id, name, obstacle }: TestItem): ChoiceRow {
    return { cells: [name, id], label: name, obstacle };
  }

  searched({ id, name }: TestItem): Searched {
    return { id, name, host: "", addresses: [], tags: {}, others: [] };
  }

  onChange(changed: () => void): Disposable {
    this.#listeners.add(changed);
    return { [Symbol.dispose]: () => void this.#listeners.delete(changed) };
  }
}

/** Items with these names, whose ids count up. */
export function itemsOf(...names: readonly string[]): TestItem[] {
  return names.map((name, at) => ({ id: `i-${at}`, name }));
}
