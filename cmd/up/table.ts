/**
 * The live table of `ssm up`: a row for each forward, in as many columns as the terminal has.
 *
 * @module
 */

import type { PortStats } from "../../lib/session/port_end.ts";
import { visible } from "../../lib/text.ts";
import { bytes } from "../forward/notices.ts";

/** How a forward is. */
export type ForwardState =
  | "starting"
  | "ready"
  | "resuming"
  | "waiting for login"
  | "restarting"
  | "idle"
  | "failed"
  | "closed";

/** What is shown of a forward. */
export interface TableRow {
  readonly name: string;
  /** Where it listens; a dash where it does not. */
  readonly local: string;
  readonly target: string;
  readonly remote: string;
  readonly state: ForwardState;
  readonly stats: PortStats;
}

/** A column of the table. */
interface Column {
  readonly title: string;
  readonly cell: (row: TableRow) => string;
  readonly right?: true;
  /** The least width that it may be cut to; without one it is not cut. */
  readonly least?: number;
  /** Those with the highest go first where there is no room. */
  readonly dispensable: number;
}

const columns: readonly Column[] = [
  { title: "NAME", cell: ({ name }) => name, least: 10, dispensable: 2 },
  { title: "LOCAL", cell: ({ local }) => local, dispensable: 0 },
  { title: "TARGET", cell: ({ target }) => target, least: 10, dispensable: 3 },
  { title: "REMOTE", cell: ({ remote }) => remote, least: 14, dispensable: 1 },
  { title: "STATE", cell: ({ state }) => state, dispensable: 0 },
  {
    title: "CONNS",
    cell: ({ stats }) => `${stats.open}/${stats.total}`,
    right: true,
    dispensable: 4,
  },
  {
    title: "UP",
    cell: ({ stats }) => bytes(stats.up),
    right: true,
    dispensable: 5,
  },
  {
    title: "DOWN",
    cell: ({ stats }) => bytes(stats.down),
    right: true,
    dispensable: 5,
  },
  {
    title: "RTT",
    cell: ({ stats: { roundTrip } }) =>
      roundTrip === undefined ? "-" : `${roundTrip.toFixed(1)} ms`,
    right: true,
    dispensable: 6,
  },
];

const gap = 2;

/**
 * The table's lines.
 * @param rows The forwards.
 * @param cols Columns of the terminal; no line has more.
 * @param color True when states may be coloured.
 */
export function tableLines(
  rows: readonly TableRow[],
  cols: number,
  color: boolean,
): string[] {
  // A line that fills the last column may wrap.
  const room = Math.max(1, cols - 1);
  // Of a name that is the destination anyway there is no column.
  const named = rows.some(({ name, remote }) => name !== remote);
  let shown = columns.filter(({ title }) => named || title !== "NAME")
    .map((column) => ({
      column,
      cells: rows.map((row) => visible(column.cell(row))),
    }))
    .map((each) => ({
      ...each,
      width: Math.max(
        each.column.title.length,
        ...each.cells.map((cell) => cell.length),
      ),
    }));
  const widthOf = (least: boolean) =>
    shown.reduce(
      (sum, { width, column }) =>
        sum + Math.min(width, least ? column.least ?? width : width) + gap,
      -gap,
    );
  while (widthOf(true) > room) {
    const most = Math.max(...shown.map(({ column }) => column.dispensable));
    if (most === 0) break;
    shown = shown.filter(({ column }) => column.dispensable !== most);
  }
  // The widest one gives way first.
  for (let over = widthOf(false) - room; over > 0; over--) {
    const cut = shown.filter(({ column: { least }, width }) =>
      least !== undefined && width > least
    ).toSorted((a, b) =>
      b.width - a.width
    )[0];
    if (cut === undefined) break;
    cut.width--;
  }
  const line = (cellOf: (at: typeof shown[number]) => string, paint = "") => {
    const text = shown.map((each) => {
      const cell = fitted(cellOf(each), each.width);
      const padded = each.column.right
        ? cell.padStart(each.width)
        : cell.padEnd(each.width);
      return paint !== "" && each.column.title === "STATE"
        ? `\x1b[${paint}m${padded}\x1b[0m`
        : padded;
    });
    return text.join(" ".repeat(gap)).trimEnd();
  };
  const plain = [
    line(({ column }) => column.title),
    ...rows.map((row, at) =>
      line(({ cells }) => cells[at] ?? "", color ? paintOf(row.state) : "")
    ),
  ];
  return color || widthOf(false) <= room
    ? plain
    : plain.map((each) => fitted(each, room));
}

function fitted(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width
    ? text
    : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** SGR parameters. */
function paintOf(state: ForwardState): string {
  switch (state) {
    case "ready":
      return "32";
    case "failed":
      return "31";
    case "closed":
    case "idle":
      return "2";
    default:
      return "33";
  }
}
