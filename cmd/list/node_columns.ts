/**
 * The columns in which nodes are shown, by name.
 *
 * @module
 */

import { minuteOf } from "../../lib/text.ts";
import { UsageError } from "../errors.ts";
import { suggest } from "../suggest.ts";
import { didYouMean } from "../argv.ts";
import type { StockNode } from "./stock.ts";

/** One column of nodes. */
export interface NodeColumn {
  /** As typed for `--columns`, and as the header of CSV. */
  readonly name: string;
  /** The cell; empty where nothing is known. Foreign text in it is still to be made visible. */
  readonly cell: (node: StockNode) => string;
  /** What it can be cut down to; absent: it is never cut. */
  readonly least?: number;
  /** The lower, the sooner it gives way in a narrow terminal. */
  readonly importance: number;
}

const columns: readonly NodeColumn[] = [
  {
    name: "name",
    cell: ({ node }) => node.name ?? "",
    least: 20,
    importance: 9,
  },
  { name: "id", cell: ({ node }) => node.id, importance: 10 },
  { name: "state", cell: ({ node }) => node.state ?? "", importance: 6 },
  { name: "ping", cell: ({ node }) => node.ping ?? "", importance: 8 },
  { name: "address", cell: ({ node }) => node.address ?? "", importance: 5 },
  {
    name: "public",
    cell: ({ node }) => node.publicAddress ?? "",
    importance: 2,
  },
  { name: "platform", cell: ({ node }) => node.platform ?? "", importance: 4 },
  {
    name: "os",
    cell: ({ node }) =>
      [node.platformName, node.platformVersion].filter((part) => part)
        .join(" "),
    least: 10,
    importance: 1,
  },
  { name: "agent", cell: ({ node }) => node.agentVersion ?? "", importance: 3 },
  {
    name: "computer",
    cell: ({ node }) => node.computerName ?? "",
    least: 10,
    importance: 2,
  },
  {
    name: "dns",
    cell: ({ node }) => node.privateDnsName ?? "",
    least: 12,
    importance: 1,
  },
  {
    name: "public-dns",
    cell: ({ node }) => node.publicDnsName ?? "",
    least: 12,
    importance: 1,
  },
  {
    name: "launched",
    cell: ({ node }) => shortTime(node.launchTime),
    importance: 2,
  },
  {
    name: "last-ping",
    cell: ({ node }) => shortTime(node.lastPing),
    importance: 2,
  },
  {
    name: "reason",
    cell: ({ node }) => node.reason ?? "",
    least: 12,
    importance: 7,
  },
  {
    name: "place",
    cell: ({ place }) => place.label,
    least: 9,
    importance: 8,
  },
  {
    name: "tags",
    cell: ({ node }) =>
      Object.entries(node.tags).filter(([key]) => key !== "Name")
        .map(([key, value]) => `${key}=${value}`).join(" "),
    least: 12,
    importance: 1,
  },
];

/** The names of all columns, besides `tag:KEY`. */
export const columnNames: readonly string[] = columns.map(({ name }) => name);

/**
 * The column of a name; `tag:KEY` is the value of a tag.
 * @param name As typed.
 * @throws UsageError for an unknown one.
 */
export function nodeColumn(name: string): NodeColumn {
  if (name.startsWith("tag:") && name.length > 4) {
    const key = name.slice(4);
    return {
      name,
      cell: ({ node }) =>
        Object.hasOwn(node.tags, key) ? node.tags[key] ?? "" : "",
      least: 8,
      importance: 6,
    };
  }
  const column = columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  throw new UsageError(
    `there is no column ${name}${
      didYouMean(suggest(name, columnNames))
    }; there are ` +
      `${columnNames.join(", ")} and tag:KEY`,
  );
}

/**
 * Those that are shown where none are asked for.
 * @param several True where nodes of several places are shown.
 * @param reasons True where there is a node that cannot be reached.
 */
export function usualColumns(several: boolean, reasons: boolean): NodeColumn[] {
  return [
    "name",
    "id",
    "state",
    "ping",
    ...(reasons ? ["reason"] : []),
    ...(several ? ["place"] : []),
    "address",
    "platform",
    "agent",
    "computer",
  ].map(nodeColumn);
}

/** `2026-01-31 12:59Z` */
function shortTime(date: Date | undefined): string {
  return date === undefined ? "" : minuteOf(date);
}
