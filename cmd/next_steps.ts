/**
 * Commands of ours that say more about an error than the error does.
 *
 * @module
 */

import { shellQuote, visible } from "../lib/text.ts";
import { type FlagShape, helpFlag, type Token } from "./argv.ts";

/** The command that failed. */
export interface FailedLine {
  /** `["shell"]` */
  readonly path: readonly string[];
  readonly tokens: readonly Token[];
  /** What another program got, or was to run. */
  readonly rest: readonly string[] | undefined;
  /** The command's flags. */
  readonly flags: readonly FlagShape[];
  /** What stood in place of the aliases among the targets, by alias. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Errors that caused one another are few; more links than this are a circle. */
const longestChain = 10;

/** Flags that say where and as whom. */
const connection = ["profile", "region", "endpoint-url"];

/**
 * Flags that change which calls are made. Others are left out of what is suggested, as they may hold
 * what nobody should read a second time.
 */
const explained = [
  ...connection,
  "all-regions",
  "document-name",
  "forward",
  "remote",
  "send-key",
  "session",
  "tag",
  "tty",
  "via",
];

/**
 * The commands.
 * @param error What was thrown.
 * @param line The command.
 */
export function nextSteps(error: unknown, line: FailedLine): string[] {
  // Only what calls AWS can be explained, or looked into by the doctor.
  if (!line.flags.some(({ name }) => name === "explain")) return [];
  for (const link of causes(error)) {
    // Told by name and kind: the class is in what is loaded only when AWS is called.
    if (link.name === "AwsCallError" && deniedAction(link)) {
      return [typed(["ssm", ...line.path, "--explain"], line, explained, true)];
    }
    if (isOnTheWay(link) && line.path[0] !== "doctor") {
      return [typed(["ssm", "doctor"], line, connection, false)];
    }
  }
  return [];
}

/**
 * Which alias a node of the sentence is, as the user typed another word than it says.
 * @param message The sentence; `undefined` where nothing is said.
 * @param line The command.
 * @returns Lines below the sentence.
 */
export function aliasDetails(
  message: string | undefined,
  { aliases }: Pick<FailedLine, "aliases">,
): string[] {
  return [...aliases].flatMap(([alias, target]) => {
    // A sentence has names and ids without their prefix.
    const bare = visible(target.replace(/^(id|name|tag|ip|dns|host|asg):/, ""));
    if (message === undefined || !message.includes(bare)) return [];
    const name = visible(alias);
    return [
      `${name} is your alias for ${visible(target)}; ` +
      `name:${name} is the node of that name`,
    ];
  });
}

function* causes(error: unknown): Generator<Error> {
  let link = error;
  for (let at = 0; link instanceof Error && at < longestChain; at++) {
    yield link;
    link = link.cause;
  }
}

/** Something between us and AWS, which an error sees one end of. */
function isOnTheWay(error: Error): boolean {
  return error.name === "UpgradeRefusedError" ||
    error.name === "UnknownIssuerError" ||
    error.name === "AwsCallError" && "kind" in error &&
      error.kind === "network";
}

function deniedAction(error: Error): boolean {
  return "kind" in error && error.kind === "access-denied" &&
    "action" in error && String(error.action).includes(":");
}

function typed(
  front: readonly string[],
  { tokens, path, rest = [] }: FailedLine,
  names: readonly string[],
  targets: boolean,
): string {
  const words = tokens.flatMap((token) => {
    if ("argument" in token) return targets ? [token.argument] : [];
    const { flag, value } = token;
    if (flag === helpFlag || !names.includes(flag.name)) return [];
    return value === undefined
      ? [`--${flag.name}`]
      : flag.kind === "optional" || flag.kind === "boolean"
      ? [`--${flag.name}${value === "" ? "" : `=${value}`}`]
      : [`--${flag.name}`, value];
  });
  // ssh's own words come with its target among them.
  const destination = path[0] === "ssh" && targets ? rest : [];
  return [...front, ...words, ...destination].map(shellQuote).join(" ");
}
