/**
 * An explanation as a person reads it.
 *
 * @module
 */

import type { PolicyDocument } from "../../lib/aws/minimal_policy.ts";
import type { PlannedCall } from "../../lib/aws/permissions.ts";
import { visible } from "../../lib/text.ts";
import { wrap } from "../wrap.ts";

/** What is explained. */
export interface Explanation {
  readonly command: string;
  readonly region: string;
  readonly account: string;
  readonly calls: readonly PlannedCall[];
  readonly policy: PolicyDocument;
}

/** What the needs are called. */
const headings: Readonly<Record<PlannedCall["need"], string>> = {
  always: "Calls",
  maybe: "Calls, if need be",
  helps: "Calls it can do without",
};

/**
 * The text, for standard output.
 * @param explanation What was found out.
 * @param columns The terminal's width.
 */
export function explanationText(
  { command, region, account, calls, policy }: Explanation,
  columns: number,
): string {
  if (calls.length === 0) {
    return `${command} makes no calls that IAM decides about.\n`;
  }
  const needed = new Set(
    calls.filter(({ need }) => need !== "helps").map(({ action }) => action),
  );
  const parts = (["always", "maybe", "helps"] as const).flatMap((need) => {
    const rows = merged(
      calls.filter((call) =>
        call.need === need &&
        // What it cannot do without, it need not be told to do without.
        (need !== "helps" || !needed.has(call.action))
      ),
    );
    return rows.length === 0
      ? []
      : [`${headings[need]}:\n${table(rows, columns)}`];
  });
  const unknown = [
    region === "*" ? "region" : "",
    account === "*" ? "account" : "",
  ].filter((name) => name !== "");
  return `${parts.join("\n")}
A policy that allows what it cannot do without:
${visiblePolicy(policy)}
` + (unknown.length === 0 ? "" : `
${
    wrap(
      `Nothing was called, so ${unknown.join(" and ")} stand${
        unknown.length === 1 ? "s" : ""
      } as *.`,
      columns,
    ).join("\n")
  }
`);
}

/** Calls of one action in one line, what they are for behind it. */
function merged(
  calls: readonly PlannedCall[],
): readonly (readonly [action: string, purpose: string])[] {
  const rows = new Map<string, string[]>();
  for (const { action, purpose } of calls) {
    const purposes = rows.get(action) ?? [];
    if (!purposes.includes(purpose)) purposes.push(purpose);
    rows.set(action, purposes);
  }
  return [...rows].map((
    [action, purposes],
  ) => [action, purposes.join("; ")]);
}

function table(
  rows: readonly (readonly [string, string])[],
  columns: number,
): string {
  const left = Math.max(...rows.map(([action]) => action.length)) + 4;
  const narrow = columns - left < 24;
  return rows.map(([action, purpose]) => {
    const indent = narrow ? 6 : left;
    const lines = wrap(visible(purpose), Math.max(columns - indent, 10));
    const text = lines.join(`\n${" ".repeat(indent)}`);
    return narrow
      ? `  ${action}\n${" ".repeat(indent)}${text}\n`
      : `  ${action}`.padEnd(left) + `${text}\n`;
  }).join("");
}

/** JSON whose short lists stand on one line, made safe to show. */
function visiblePolicy(policy: PolicyDocument): string {
  return JSON.stringify(policy, undefined, 2)
    .replace(/\[\s+("[^"\n]*")\s+\]/g, "[$1]")
    .split("\n").map(visible).join("\n");
}
