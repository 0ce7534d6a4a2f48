/**
 * From a target the user typed to a node, and what to say when that or the start on it fails.
 *
 * @module
 */

import type { TargetCandidate, TargetGrammar } from "../../lib/aws/mod.ts";
import { parseTarget } from "../../lib/aws/target_spec.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { FixedColumn } from "../choose/choose_from.ts";
import { tableRows } from "./choice.ts";
import type { Connection } from "../context.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import type { FoundTarget } from "./find_target.ts";

/**
 * Refuses a target that no node has and that could mean something else to a program it reaches.
 * @param target What the user typed.
 * @param variable Where it comes from, when it was not typed.
 * @throws UsageError
 */
export function checkTarget(target: string, variable?: string): void {
  const what = variable === undefined
    ? `${visible(target)} as a target`
    : `${variable}=${shellQuote(target)}`;
  if (target.startsWith("-")) {
    throw new UsageError(`Cannot use ${what}: it begins with a dash`);
  }
  if (target === "") {
    throw new UsageError(
      "Cannot use an empty target: give a node's id or Name tag",
    );
  }
  if (visible(target) !== target) {
    throw new UsageError(`Cannot use ${what}: it has control characters`);
  }
}

/**
 * The connection's flags as they would be typed, for hints.
 * @param connection Where and as whom.
 * @returns Empty, or with a space in front.
 */
export function connectionArguments(connection: Connection): string {
  return connectionFlagWords(connection).map((word) => ` ${shellQuote(word)}`)
    .join("");
}

/**
 * The flags that say where and as whom, as words of argv.
 * @param connection Where and as whom.
 */
export function connectionFlagWords(connection: Connection): string[] {
  const { profile, moreProfiles = [], region, allRegions, endpointUrl } =
    connection;
  const profiles = [
    ...(profile === undefined ? [] : [profile]),
    ...moreProfiles,
  ];
  const words = Object.entries({
    "--profile": profiles.length === 0 ? undefined : profiles.join(","),
    "--region": region,
    "--endpoint-url": endpointUrl,
  }).flatMap(([flag, value]) => value === undefined ? [] : [flag, value]);
  return allRegions ? [...words, "--all-regions"] : words;
}

/**
 * The same for the AWS CLI, which knows one profile and one region.
 * @param connection Where and as whom.
 * @returns Empty, or with a space in front.
 */
export function awsArguments(connection: Connection): string {
  const { moreProfiles: _, allRegions: __, ...one } = connection;
  return connectionArguments(one);
}

/** What the errors below are about. */
export interface TargetUse {
  /** What the user typed as the target. */
  readonly target: string;
  /** The command to try again with, `ssm shell`. */
  readonly command: string;
  /** What follows the target and is no connection's flag, quoted: `--remote 80`. */
  readonly rest?: string | undefined;
  /** The whole command for a target, where that is no word of its own: `ssm cp web:file .` */
  readonly typed?: ((target: string) => string) | undefined;
  readonly connection: Connection;
  /** True where the target is only what a session is started on, by `startConfirmed`. */
  readonly mayGuess?: boolean;
  /** True where a `ChoiceNeededError` is to come in place of a question. */
  readonly later?: boolean;
  /** How the target is read, where that is not as everywhere. */
  readonly grammar?: TargetGrammar;
}

/**
 * A command as it would be typed for a target, without the connection's flags.
 * @param target As typed.
 * @param use The command.
 */
export function typedCommand(
  target: string,
  { command, rest, typed }: Pick<TargetUse, "command" | "rest" | "typed">,
): string {
  return typed?.(target) ?? `${command} ${shellQuote(target)}` +
      (rest === undefined || rest === "" ? "" : ` ${rest}`);
}

/**
 * Whether an error is of a class, told by name: the classes are in what is loaded only when AWS is
 * called.
 * @param error Anything that was thrown.
 * @param name The class's name.
 */
export function isNamed<E extends Error>(
  error: unknown,
  name: string,
): error is E {
  return error instanceof Error && error.name === name;
}

/**
 * The command with another target, for pasting.
 * @param target An id, or what {@linkcode targetOfName} makes of a name.
 * @param use What for.
 */
export function withTarget(
  target: string,
  use: Omit<TargetUse, "target">,
): string {
  const typed = typedCommand(target, use);
  // Behind a -- the connection's flags would be the command's.
  const rest = use.typed === undefined ? ` ${use.rest ?? ""}` : "";
  const behind = rest.includes(" -- ") ? rest.length - rest.indexOf(" -- ") : 0;
  const at = typed.length - behind;
  return typed.slice(0, at) + connectionArguments(use.connection) +
    typed.slice(at);
}

/**
 * How a Name tag is typed as a target: with `name:` where it would be taken for something else.
 * @param name The Name tag.
 */
export function targetOfName(name: string): string {
  return isPlainName(name) ? name : `name:${name}`;
}

function isPlainName(name: string): boolean {
  // What begins so is a flag, a container of ECS, or ports to forward.
  if (/^(-|ecs:|\d*:?\d+$)/i.test(name)) return false;
  try {
    const spec = parseTarget(name);
    return spec.kind === "word" && spec.tags === undefined;
  } catch {
    return false;
  }
}

/** A node that may be meant, with the label of the place that it is in, if there are several. */
export type LabelledNode = TargetCandidate & { readonly label?: string };

/**
 * What is shown of nodes to choose from.
 * @param candidates The nodes.
 * @param named False where all have the same name.
 */
export function nodeColumns(
  candidates: readonly LabelledNode[],
  named: boolean,
): FixedColumn<LabelledNode>[] {
  const labelled = candidates.some(({ label }) => label);
  return [
    ...(labelled
      ? [column("PLACE", 4, (each) => each.label, { least: 9 })]
      : []),
    ...(named ? [column("NAME", 5, (each) => each.name, { least: 20 })] : []),
    column("ID", 6, (each) => each.id),
    column("STATE", 3, (each) => each.state),
    column("ADDRESS", 2, (each) => each.address),
    column("COMPUTER", 1, (each) => each.computerName, { least: 10 }),
  ];
}

function column(
  title: string,
  importance: number,
  cell: (each: LabelledNode) => string | undefined,
  more: { readonly least?: number } = {},
): FixedColumn<LabelledNode> {
  return { title, importance, cell, ...more };
}

/**
 * Nodes as lines of a table.
 * @param candidates The nodes.
 * @param named False where all have the same name.
 */
export function nodeRows(
  candidates: readonly LabelledNode[],
  named: boolean,
): string[] {
  const columns = nodeColumns(candidates, named);
  return tableRows(
    candidates.map((each) => columns.map(({ cell }) => cell(each) || "-")),
  );
}

/**
 * What to throw when StartSession failed: for a node that is not connected, with what can be
 * learned about it.
 * @param error What StartSession threw.
 * @param node The node.
 * @param use What for.
 * @param signal Gives up.
 */
export async function startFailure(
  error: unknown,
  node: FoundTarget,
  use: TargetUse,
  signal: AbortSignal,
): Promise<unknown> {
  const { aws, connection } = node.place;
  if (node.container !== undefined) {
    const { containerFailure } = await import("./ecs_session.ts");
    return containerFailure(error, node.container, { ...use, connection });
  }
  if (
    !(error instanceof Error) || !("kind" in error) ||
    error.kind !== "not-connected"
  ) return error;
  const { facts, region, elsewhere } = await aws.diagnose(node.id, signal);
  if (elsewhere.length > 0) {
    const { foundElsewhere } = await import("./elsewhere.ts");
    const where = { ...use, connection, region };
    return foundElsewhere(node.id, elsewhere, where, error);
  }
  const { nodeAdvice } = await import("../../lib/aws/node_advice.ts");
  const advice = nodeAdvice(facts, awsArguments(connection));
  const name = node.name === undefined ? "" : ` (${visible(node.name)})`;
  return new CommandError(
    `Cannot start session: ${visible(node.id)}${name} is not connected: ` +
      facts.phrase,
    exitCodes.failed,
    [
      ...advice.hints,
      `ssm doctor ${shellQuote(node.id)}${connectionArguments(connection)}`,
    ],
    advice.details,
    { cause: error },
  );
}
