/**
 * The node when none is typed: from `SSM_TARGET`, or by a choice in a terminal.
 *
 * @module
 */

import type { NodeList } from "../../lib/aws/mod.ts";
import { askChoice } from "./choice.ts";
import type { AwsAccess, Context } from "../context.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";
import {
  checkTarget,
  connectionArguments,
  nodeRows,
  targetOfName,
  type TargetUse,
  withTarget,
} from "./target.ts";

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
 * Lets the user choose a node.
 * @param context The terminal.
 * @param aws The calls.
 * @param use What for.
 * @param signal Gives up, and rejects with its reason.
 * @returns The node's id.
 * @throws CommandError when there is nothing to choose from, nothing is chosen, or nobody can be
 * asked; with the nodes then.
 */
export async function chooseTarget(
  context: Pick<Context, "terminal" | "attended">,
  aws: AwsAccess,
  use: Omit<TargetUse, "target">,
  signal: AbortSignal,
): Promise<string> {
  let list: NodeList;
  try {
    list = await aws.listNodes(longestList, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw notListed(error, use);
  }
  if (list.nodes.length === 0) {
    throw new CommandError(
      "Cannot choose a node: Session Manager knows none in this account and region",
      exitCodes.failed,
      [
        "aws ssm describe-instance-information" +
        connectionArguments(use.connection),
      ],
    );
  }
  if (!context.attended) throw notAsked(list, use);
  const { nodes, more } = list;
  const { id } = await askChoice(context.terminal, {
    items: nodes,
    rows: nodeRows(nodes, true),
    more,
    noun: "node",
    names: ({ id, name }) => [id, name],
  }, signal);
  return id;
}

const noTarget = "Cannot choose a node: no target is given";

function notAsked(
  { nodes, more }: NodeList,
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
    target === undefined ? [] : [withTarget(target, use)],
    [
      ...nodeRows(shown, true),
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
