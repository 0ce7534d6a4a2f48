/**
 * The table of exit codes at the end.
 *
 * @module
 */

import { visible } from "../../../lib/text.ts";
import { type NodeResult, tableLimit, type Tally } from "./outcome.ts";
import { codeText } from "./report.ts";

/**
 * A line for each node; of many nodes, how often there was which code, and those that failed first.
 * @param tally What became of them.
 */
export function outcomeTable(tally: Tally): string[] {
  const cut = tally.cut === 0
    ? []
    : [`Output of ${grouped(tally.cut)} is missing; --via session has it all`];
  if (tally.total <= tableLimit && tally.ended <= tableLimit) {
    return [header, ...rows(tally.first), ...cut];
  }
  const more = tally.failed - tally.failures.length;
  return [
    countsLine(tally),
    ...(tally.failures.length === 0 ? [] : [header, ...rows(tally.failures)]),
    ...(more > 0
      ? [`… and ${grouped(more)} more that failed; --json has them all`]
      : []),
    ...cut,
  ];
}

/**
 * How many nodes there were, and how often there was which code.
 * @param tally What became of them.
 */
export function countsLine(tally: Tally): string {
  const all = tally.ended < tally.total
    ? `${grouped(tally.ended)} of ${grouped(tally.total)} nodes`
    : `${grouped(tally.total)} node${tally.total === 1 ? "" : "s"}`;
  return `${all}: ${codeCounts(tally)}`;
}

const header = "exit     time  node";

/** In the order of names and ids. */
function rows(results: readonly NodeResult[]): string[] {
  const cells = results.map(({ node, outcome }) => ({
    code: codeText(outcome).padStart(4),
    time:
      (outcome.seconds === undefined ? "" : `${outcome.seconds.toFixed(1)} s`)
        .padStart(9),
    name: visible(node.name ?? ""),
    id: visible(node.id),
    reason: visible(outcome.reason ?? ""),
  })).sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  const width = Math.max(0, ...cells.map(({ name }) => name.length));
  const idWidth = Math.max(0, ...cells.map(({ id }) => id.length));
  return cells.map(({ code, time, name, id, reason }) =>
    [
      `${code}${time}`,
      ...(width > 0 ? [name.padEnd(width)] : []),
      id.padEnd(idWidth),
      reason,
    ].join("  ").trimEnd()
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * `9 997 × 0, 2 × 3`, the most frequent first.
 * @param tally What became of the nodes.
 */
export function codeCounts({ byCode, skipped }: Tally): string {
  const counts = [...byCode].sort(([a, m], [b, n]) => n - m || a - b)
    .map(([code, count]) => `${grouped(count)} × ${code}`);
  if (skipped > 0) counts.push(`${grouped(skipped)} not begun`);
  return counts.join(", ");
}

/**
 * A whole number with its thousands apart, by no-break spaces.
 * @param value At least 0.
 */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
}
