/**
 * Where a command begins whose `--` was forgotten, as people do who know ssh, docker and kubectl:
 * `ssm exec web-server ls -la`.
 *
 * @module
 */

import { shellQuote } from "../lib/text.ts";
import { type FlagShape, type SplitArguments, splitArguments } from "./argv.ts";
import { UsageError } from "./errors.ts";

/**
 * `ssm exec`'s command line, unless its `--` is missing.
 * @param args argv behind `ssm exec`.
 * @param flags Its flags.
 * @throws UsageError With the command line that was meant.
 */
export function splitExecArguments(
  args: readonly string[],
  flags: readonly FlagShape[],
): SplitArguments {
  const at = secondArgument(args, flags);
  // With these a second argument is a second node.
  const hasCommand = args.some((arg) => /^--(shell|script)(=|$)/.test(arg));
  if (at === undefined || hasCommand) return splitArguments(args);
  const words = (part: readonly string[]) => part.map(shellQuote).join(" ");
  throw new UsageError(
    "Cannot tell the command from the target: the command comes after --",
    [`ssm exec ${words(args.slice(0, at))} -- ${words(args.slice(at))}`],
  );
}

/**
 * `ssm shell`'s command line; a command that was meant for `ssm exec` is what follows `--`.
 * @param args argv behind `ssm shell`.
 * @param flags Its flags.
 */
export function splitShellArguments(
  args: readonly string[],
  flags: readonly FlagShape[],
): SplitArguments {
  const at = secondArgument(args, flags);
  return at === undefined
    ? splitArguments(args)
    : { own: args.slice(0, at), rest: args.slice(at) };
}

/** `undefined` where there is none, or a `--`, or a flag before it that is unknown or `--help`. */
function secondArgument(
  args: readonly string[],
  flags: readonly FlagShape[],
): number | undefined {
  if (args.includes("--")) return undefined;
  let seen = 0;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (!arg.startsWith("-") || arg === "-") {
      if (++seen === 2) return at;
      continue;
    }
    const long = arg.startsWith("--");
    const name = arg.replace(/^--(no-)?/, "").replace(/=.*$/s, "");
    const known = flags.find((flag) =>
      long
        ? flag.name === name || flag.name === arg.slice(2)
        : flag.letters.includes(arg.at(-1) as string)
    );
    if (known === undefined || known.name === "help") return undefined;
    if (known.kind === "value" && !arg.includes("=")) at++;
  }
  return undefined;
}
