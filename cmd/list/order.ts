/**
 * The order of nodes: numbers in names count as numbers, so that `web-2` comes before `web-10`.
 *
 * @module
 */

import type { Reach } from "../../lib/aws/mod.ts";
import type { NodeColumn } from "./node_columns.ts";
import type { StockNode } from "./stock.ts";

const collator = new Intl.Collator("en", { numeric: true });

/** Texts, numbers in them as numbers; empty ones last. */
export function compareTexts(a: string, b: string): number {
  return Number(a === "") - Number(b === "") || collator.compare(a, b);
}

const ranks: Readonly<Record<Reach, number>> = {
  reachable: 0,
  unknown: 1,
  unreachable: 2,
};

/** Those that can be reached first, then by name, id and place. */
export function compareNodes(a: StockNode, b: StockNode): number {
  return ranks[a.node.reach] - ranks[b.node.reach] ||
    compareTexts(a.node.name ?? "", b.node.name ?? "") ||
    (a.node.id < b.node.id ? -1 : a.node.id > b.node.id ? 1 : 0) ||
    compareTexts(a.place.label, b.place.label);
}

/**
 * Nodes in order.
 * @param nodes Left as they are.
 * @param by The column, and whether the largest comes first; `undefined` for {@linkcode compareNodes}.
 */
export function sortedNodes<Node extends StockNode>(
  nodes: readonly Node[],
  by?: { readonly column: NodeColumn; readonly descending: boolean },
): Node[] {
  if (by === undefined) return nodes.toSorted(compareNodes);
  const { column: { cell }, descending } = by;
  const cells = new Map(nodes.map((node) => [node, cell(node)]));
  return nodes.toSorted((a, b) => {
    const [x = "", y = ""] = [cells.get(a), cells.get(b)];
    // What is not known stays behind, whatever the direction.
    const order = x === "" || y === ""
      ? compareTexts(x, y)
      : descending
      ? compareTexts(y, x)
      : compareTexts(x, y);
    return order || compareNodes(a, b);
  });
}
