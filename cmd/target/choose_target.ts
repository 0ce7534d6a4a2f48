/**
 * The node when none is typed: from `SSM_TARGET`, or by a choice in a terminal.
 *
 * @module
 */

import type { TargetCandidate } from "../../lib/aws/mod.ts";
import { present } from "../../lib/aws/present.ts";
import { hasFullScreen } from "../choose/full_screen_terminal.ts";
import { chooseFrom } from "../choose/choose_from.ts";
import type { Context } from "../context.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";
import {
  findTarget,
  type FoundTarget,
  type TargetContext,
} from "./find_target.ts";
import { rememberNodes } from "./guess.ts";
import type { Place, Places } from "./places.ts";
import {
  checkTarget,
  connectionArguments,
  nodeColumns,
  nodeRows,
  targetOfName,
  type TargetUse,
  withTarget,
} from "./target.ts";

/** What a choice needs of the world. */
export type ChoiceContext = Pick<
  Context,
  "terminal" | "attended" | "clock" | "color" | "env" | "recentNodes" | "log"
>;

/** The variable that stands in for the target. */
export const targetVariable = "SSM_TARGET";

/** Nodes in a list: two pages of the API, one less, as the next one tells whether there are more. */
const longestList = 99;

/** Nodes in an error message. */
const longestDetails = 20;

/**
 * The target that the user gave.
 * @param typed The argument.
 * @param context The environment.
 * @returns `undefined` when there is none, and {@linkcode chooseTarget} has to find one.
 * @throws UsageError for one that cannot be.
 */
export function givenTarget(
  typed: string | undefined,
  context: Pick<Context, "env">,
): string | undefined {
  if (typed !== undefined) {
    checkTarget(typed);
    return typed;
  }
  const target = context.env(targetVariable);
  if (target !== undefined) checkTarget(target, targetVariable);
  return target;
}

/**
 * Finds what the user gave, or lets them choose.
 * @param context The terminal.
 * @param places Where to look.
 * @param use What for; the target is `undefined` where none was given.
 * @param signal Gives up, and rejects with its reason.
 * @throws as {@linkcode chooseTarget} and `findTarget` do.
 */
export async function findOrChoose(
  context: ChoiceContext & TargetContext,
  places: Places,
  use: Omit<TargetUse, "target"> & { readonly target: string | undefined },
  signal: AbortSignal,
): Promise<FoundTarget> {
  const { target } = use;
  return target === undefined
    ? await chooseTarget(context, places, use, signal)
    : await findTarget(context, places, { ...use, target }, signal);
}

/** A node to choose from, and where it is. */
type Listed = TargetCandidate & { readonly place: Place };

/**
 * Lets the user choose a node.
 * @param context The terminal.
 * @param places Where to look.
 * @param use What for.
 * @param signal Gives up, and rejects with its reason.
 * @throws CommandError when there is nothing to choose from, nothing is chosen, or nobody can be
 * asked; with the nodes then.
 */
export async function chooseTarget(
  context: ChoiceContext & Pick<Context, "targetMemory">,
  places: Places,
  use: Omit<TargetUse, "target">,
  signal: AbortSignal,
): Promise<FoundTarget> {
  if (hasFullScreen(context)) {
    const { chooseNode } = await import("../choose/choose_node.ts");
    const { place, node } = await chooseNode(
      context,
      await places.all(signal),
      use.command,
      signal,
    );
    const { id, name, platform, agentVersion } = node;
    const chosen = {
      id,
      name,
      ...present({ platform, agentVersion }),
      place,
    };
    await rememberNodes(context, places, [chosen], signal);
    return chosen;
  }
  let nodes: readonly Listed[];
  let more: boolean;
  try {
    const search = await places.search(
      ({ aws }, signal) => aws.listNodes(longestList, signal),
      signal,
    );
    places.settle(search);
    const { found } = search;
    nodes = found.flatMap(({ place, value: { nodes } }) =>
      nodes.map((each) => ({ ...each, place }))
    );
    more = found.some(({ value }) => value.more);
  } catch (error) {
    signal.throwIfAborted();
    throw notListed(error, use);
  }
  if (nodes.length === 0) {
    throw new CommandError(
      "Cannot choose a node: Session Manager knows none " +
        (places.several
          ? "in the places searched"
          : "in this account and region"),
      exitCodes.failed,
      [
        "ssm list --all" + connectionArguments(use.connection),
      ],
    );
  }
  if (!context.attended) throw notAsked(nodes, more, use);
  const items = labelled(nodes);
  const { id, name, place } = await chooseFrom(
    context,
    {
      items,
      columns: nodeColumns(items, true),
      more,
      noun: "node",
      names: ({ id, name }) => [id, name],
    },
    use.command,
    signal,
  );
  return { id, name, place };
}

function labelled(nodes: readonly Listed[]) {
  return nodes.map((each) => ({ ...each, label: each.place.label }));
}

const noTarget = "Cannot choose a node: no target is given";

function notAsked(
  nodes: readonly Listed[],
  more: boolean,
  use: Omit<TargetUse, "target">,
): CommandError {
  const [first] = nodes;
  const namesakes = nodes.filter(({ name }) => name === first?.name).length;
  // A name that another one may have, further down than the list goes, is none to paste.
  const target = first?.name === undefined || namesakes > 1 || more
    ? first?.id
    : targetOfName(first.name);
  const shown = nodes.slice(0, longestDetails);
  return new CommandError(
    noTarget,
    exitCodes.failed,
    target === undefined || first === undefined ? [] : [
      withTarget(target, { ...use, connection: first.place.connection }),
    ],
    [
      ...nodeRows(labelled(shown), true),
      ...(more || shown.length < nodes.length ? ["… and more"] : []),
    ],
  );
}

function notListed(
  error: unknown,
  use: Omit<TargetUse, "target">,
): CommandError {
  const { message, hints } = describeError(error);
  return new CommandError(
    noTarget,
    exitCodes.failed,
    [withTarget("web-server", use), ...hints],
    message === undefined ? [] : [`the nodes cannot be listed: ${message}`],
    { cause: error },
  );
}
