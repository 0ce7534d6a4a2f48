/**
 * `--explain`, which stands in for running a command: seen before the command's own parser.
 *
 * @module
 */

import type { FlagShape, Token } from "../argv.ts";

/** `--output`, for commands that have none of their own. */
const outputFlag: FlagShape = {
  name: "output",
  letters: [],
  kind: "value",
  repeats: false,
  hidden: true,
  variable: undefined,
};

/**
 * A command's flags, with `--output` where `--explain` is among what was typed: the explanation can
 * be had as JSON of every command.
 * @param flags The command's own.
 * @param args What was typed.
 */
export function explainedFlags(
  flags: readonly FlagShape[],
  args: readonly string[],
): readonly FlagShape[] {
  return args.includes("--explain") && flags.some(isExplain) &&
      !flags.some(({ name }) => name === outputFlag.name)
    ? [...flags, outputFlag]
    : flags;
}

/**
 * Whether the command is to be explained, and not run.
 * @param tokens What was typed.
 */
export function explainIsAsked(tokens: readonly Token[]): boolean {
  return tokens.some((token) =>
    "flag" in token && isExplain(token.flag) && token.value !== "false"
  );
}

function isExplain({ name, kind }: FlagShape): boolean {
  return name === "explain" && kind === "boolean";
}
