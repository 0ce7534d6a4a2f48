/**
 * The choice among all nodes, on a full screen.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { Stock, type StockNode, type StockPlace } from "../list/stock.ts";
import type { Place } from "../target/places.ts";
import { NodeSource } from "./node_source.ts";
import { pick } from "./pick.ts";

/** What a choice of nodes is made with. */
export type ChooseWorld = Pick<
  Context,
  "terminal" | "clock" | "color" | "env" | "recentNodes" | "log"
>;

/**
 * Lets the user choose a node while the lists of AWS are still coming in.
 *
 * @param world The terminal.
 * @param places Where to look.
 * @param action What Enter does: `shell`.
 * @param signal Gives up; its reason is thrown.
 * @throws CommandError when nothing is chosen; SignalError after Ctrl-C; AwsCallError where nothing
 * can be asked.
 */
export async function chooseNode(
  world: ChooseWorld,
  places: readonly Place[],
  action: string,
  signal: AbortSignal,
): Promise<StockNode<Place>> {
  await signIn(places, signal);
  const stock = new Stock<Place>();
  const recents = await world.recentNodes();
  const source = new NodeSource(stock, places, await recents.list());
  // Ends the calls when there is a choice, and the choice when the calls make no sense.
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const filling = stock.fill(places, {
    clock: world.clock,
    signal: either,
    changed: () => source.changed(),
  }).then(() => {
    if (stock.size === 0) over.abort(nothingToChoose(stock, places));
  }).catch((error) => over.abort(error));
  try {
    const chosen = await pick(world, source, {
      noun: "node",
      action,
      color: world.color,
      filters: "tag:key=value  ip:10.  !not",
    }, either);
    if (chosen === undefined) {
      throw new CommandError("No node was chosen", exitCodes.failed);
    }
    return chosen;
  } finally {
    over.abort(new Error("the choice is made"));
    await filling;
  }
}

/** One after the other, as each may ask for a code. */
async function signIn(
  places: readonly Place[],
  signal: AbortSignal,
): Promise<void> {
  for (const { aws } of places) {
    try {
      await aws.signIn(signal);
    } catch (error) {
      signal.throwIfAborted();
      // Of several places the others are of use; what is wrong with this one is seen in the list.
      if (places.length === 1) throw error;
    }
  }
}

/** Why there is nothing to choose from. */
function nothingToChoose(
  { problems }: Pick<Stock, "problems">,
  places: readonly StockPlace[],
): unknown {
  const [problem] = problems;
  if (problem !== undefined) return problem.error;
  const where = places.length === 1
    ? "this account and region"
    : "these places";
  return new CommandError(
    `Cannot choose a node: neither Session Manager nor EC2 knows one in ${where}`,
    exitCodes.failed,
  );
}
