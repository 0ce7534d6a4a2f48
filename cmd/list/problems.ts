/**
 * What could not be asked for an inventory, in lines.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { describeError } from "../errors.ts";
import type { Stock, StockPlace, StockProblem } from "./stock.ts";

/**
 * A line for each problem; the same one in several places is said once.
 * @param stock With its problems.
 * @param places All that were asked.
 */
export function problemLines(
  { problems, unknownPlaces }: Pick<Stock, "problems" | "unknownPlaces">,
  places: readonly StockPlace[],
): string[] {
  const groups = new Map<string, StockPlace[]>();
  for (const problem of problems) {
    const unknown = unknownPlaces.includes(problem.place);
    if (unknown && problem.source === "ec2") continue;
    const text = unknown
      ? `Not listed: ${messageOf(problem)}`
      : problemText(problem);
    groups.set(text, [...groups.get(text) ?? [], problem.place]);
  }
  return [...groups].map(([text, where]) =>
    places.length === 1 || where.length === places.length
      ? text
      : `${where.map(({ label }) => visible(label)).join(", ")}: ${text}`
  );
}

/** What is missing, and why. */
function problemText(problem: StockProblem): string {
  return problem.source === "ec2"
    ? "Without names and tags, and what Session Manager does not know: " +
      messageOf(problem)
    : `Without what Session Manager knows: ${messageOf(problem)}`;
}

function messageOf({ error }: StockProblem): string {
  return describeError(error).message ?? error.message;
}
