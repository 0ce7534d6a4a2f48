/**
 * The nodes of a stock as what a choice is made from: those used last first.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { nodeColumn } from "../list/node_columns.ts";
import { compareNodes } from "../list/order.ts";
import { problemLines } from "../list/problems.ts";
import type { Stock, StockNode, StockPlace } from "../list/stock.ts";
import type { Searched } from "./query.ts";
import type { RecentNode } from "./recents.ts";
import { searchedOf } from "./searched.ts";
import type { ChoiceColumn, ChoiceRow, ChoiceSource } from "./source.ts";

/** Nodes to choose from, while the stock fills. */
export class NodeSource<Place extends StockPlace>
  implements ChoiceSource<StockNode<Place>> {
  readonly columns: readonly ChoiceColumn[];
  readonly #cells: readonly ((node: StockNode) => string)[];
  readonly #stock: Stock<Place>;
  readonly #places: readonly Place[];
  readonly #recent: ReadonlyMap<string, number>;
  readonly #listeners = new Set<() => void>();

  /**
   * @param stock The nodes; whoever fills it calls {@linkcode changed}.
   * @param places All that are asked.
   * @param recents The nodes used last.
   */
  constructor(
    stock: Stock<Place>,
    places: readonly Place[],
    recents: readonly RecentNode[],
  ) {
    this.#stock = stock;
    this.#places = places;
    this.#recent = new Map(recents.map(({ id, at }) => [id, at]));
    const columns = [
      "name",
      "id",
      "state",
      "ping",
      ...(places.length > 1 ? ["place"] : []),
      "address",
      "platform",
      "agent",
    ].map(nodeColumn);
    this.columns = columns.map(({ name, least, importance }) => ({
      title: name.toUpperCase(),
      ...(least === undefined ? {} : { least }),
      // Where one column fits it is the one that people know.
      importance: name === "name" ? 11 : importance,
    }));
    this.#cells = columns.map(({ cell }) => cell);
  }

  get version(): number {
    return this.#stock.version;
  }

  get complete(): boolean {
    return this.#stock.complete;
  }

  get trouble(): string | undefined {
    const [line] = problemLines(this.#stock, this.#places);
    return line;
  }

  items(): readonly StockNode<Place>[] {
    const when = ({ node }: StockNode) => this.#recent.get(node.id) ?? 0;
    return this.#stock.nodes.toSorted((a, b) =>
      when(b) - when(a) || compareNodes(a, b)
    );
  }

  keyOf({ node, place }: StockNode<Place>): string {
    return `${node.id} ${place.label}`;
  }

  row(item: StockNode<Place>): ChoiceRow {
    const { node } = item;
    return {
      cells: this.#cells.map((cell) => visible(cell(item)) || "-"),
      label: visible(node.name ?? node.id),
      ...(node.reach === "unreachable"
        ? { obstacle: node.reason ?? "unknown" }
        : {}),
    };
  }

  searched(item: StockNode<Place>): Searched {
    return searchedOf(item);
  }

  /** The stock has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  onChange(changed: () => void): Disposable {
    this.#listeners.add(changed);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(changed);
      },
    };
  }
}
