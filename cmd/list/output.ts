/**
 * Nodes as text: a table, JSON, CSV, or ids alone.
 *
 * @module
 */

import { present } from "../../lib/aws/present.ts";
import { visible } from "../../lib/text.ts";
import { columnGap, columnWidths } from "../columns.ts";
import { cutText, fitText, textWidth } from "../text_width.ts";
import type { NodeColumn } from "./node_columns.ts";
import type { StockNode, StockPlace } from "./stock.ts";

/**
 * A table with a header, a line for each node.
 * @param nodes At least one.
 * @param columns What is shown.
 * @param available The terminal's columns; Infinity where there is none.
 * @param color True where the header and nodes that cannot be reached may be told by colour.
 */
export function tableText(
  nodes: readonly StockNode[],
  columns: readonly NodeColumn[],
  available: number,
  color: boolean,
): string {
  const cells = nodes.map((node) =>
    columns.map(({ cell }) => visible(cell(node)) || "-")
  );
  const titles = columns.map(({ name }) => visible(name).toUpperCase());
  const needs = columns.map(({ least = Infinity, importance }, at) => ({
    natural: Math.max(
      ...[titles, ...cells].map((row) => textWidth(row[at] ?? "")),
    ),
    least,
    importance,
  }));
  const widths = columnWidths(needs, available);
  const line = (row: readonly string[]) => joined(row, widths);
  const dim = (text: string) => color ? `\x1b[2m${text}\x1b[0m` : text;
  return [
    color ? `\x1b[1m${line(titles)}\x1b[0m` : line(titles),
    ...cells.map((row, at) =>
      nodes[at]?.node.reach === "unreachable" ? dim(line(row)) : line(row)
    ),
  ].map((text) => `${text}\n`).join("");
}

function joined(row: readonly string[], widths: readonly number[]): string {
  const shown = row.flatMap((cell, at) =>
    widths[at] ? [{ cell, width: widths[at] }] : []
  );
  return shown.map(({ cell, width }, at) =>
    at === shown.length - 1 ? cutText(cell, width) : fitText(cell, width)
  ).join(" ".repeat(columnGap)).trimEnd();
}

/** Where a node is. */
export interface NodeOrigin {
  readonly region: string;
  /** Absent where none is named. */
  readonly profile?: string;
}

/**
 * A node as programs get it; docs/listing.md describes it.
 * @param node The node.
 * @param origin Where it is.
 */
export function nodeObject(
  { node }: StockNode,
  origin: NodeOrigin | undefined,
): Readonly<Record<string, unknown>> {
  const { id, name, reach, reason, lastPing, launchTime, tags, ...rest } = node;
  return present({
    id,
    name,
    reach,
    reason,
    ...origin,
    ...rest,
    lastPing: lastPing?.toISOString(),
    launchTime: launchTime?.toISOString(),
    tags,
  });
}

/** Characters that a terminal could take for more than text; in JSON each has an escape. */
const unsafe = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * One array of objects. Characters that could drive a terminal are escaped, which JSON allows.
 * @param nodes Any number.
 * @param origins Where the places are.
 */
export function jsonText(
  nodes: readonly StockNode[],
  origins: ReadonlyMap<StockPlace, NodeOrigin>,
): string {
  const text = JSON.stringify(
    nodes.map((node) => nodeObject(node, origins.get(node.place))),
    null,
    2,
  );
  return text.replace(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join("")) + "\n";
}

/**
 * CSV as RFC 4180 has it, with a header, and LF at line ends as other programs here write them.
 * @param nodes Any number.
 * @param columns What is told.
 * @param safe True where it goes to a terminal, whose control characters are made visible.
 */
export function csvText(
  nodes: readonly StockNode[],
  columns: readonly NodeColumn[],
  safe: boolean,
): string {
  const quoted = (text: string) => {
    const shown = safe ? visible(text) : text;
    return /[",\r\n]|^\s|\s$/.test(shown)
      ? `"${shown.replaceAll('"', '""')}"`
      : shown;
  };
  return [
    columns.map(({ name }) => name),
    ...nodes.map((node) => columns.map(({ cell }) => cell(node))),
  ].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

/**
 * Ids, one per line, each once.
 * @param nodes Any number.
 */
export function idsText(nodes: readonly StockNode[]): string {
  return [...new Set(nodes.map(({ node }) => visible(node.id)))]
    .map((id) => `${id}\n`).join("");
}
