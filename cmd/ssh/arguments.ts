/**
 * The command line of `ssm ssh`: long flags are ours, everything else is ssh's, told apart as ssh's
 * own getopt would, so that `-p 2222`, `-L …` and a remote command's own flags go through.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { FlagShape, SplitArguments } from "../argv.ts";
import { UsageError } from "../errors.ts";

/** ssh's options that take a value (ssh(1) of OpenSSH 10). */
const withValue = "BbcDEeFIiJLlmOoPpQRSWw";

/** ssh's part of the command line. */
export interface SshArguments {
  /** Options and their values, in order. */
  readonly options: readonly string[];
  /** `undefined` where none is given. */
  readonly destination: string | undefined;
  /** The remote command; empty for a shell. */
  readonly command: readonly string[];
}

/**
 * Takes our flags out of the command line.
 *
 * @param args argv behind `ssm ssh`.
 * @param flags Our flags.
 * @returns Ours, and what is ssh's.
 */
export function splitSshArguments(
  args: readonly string[],
  flags: readonly FlagShape[],
): SplitArguments {
  const own: string[] = [];
  const rest: string[] = [];
  const waiting = [...args];
  let named = false;
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === "--") {
      rest.push(arg, ...waiting);
      break;
    }
    if (arg === "-h") own.push(arg);
    else if (arg.startsWith("--")) {
      own.push(arg);
      const takesNext = flags.some(({ kind, name }) =>
        kind === "value" && arg === `--${name}`
      );
      if (takesNext && waiting.length > 0) own.push(waiting.shift() ?? "");
    } else if (isOption(arg)) {
      rest.push(arg);
      if (valueFollows(arg) && waiting.length > 0) {
        rest.push(waiting.shift() ?? "");
      }
    } else {
      rest.push(arg);
      if (named) {
        rest.push(...waiting);
        break;
      }
      named = true;
    }
  }
  return { own, rest };
}

/**
 * Reads ssh's part.
 *
 * @param rest From {@linkcode splitSshArguments}.
 */
export function parseSshArguments(rest: readonly string[]): SshArguments {
  const options: string[] = [];
  const waiting = [...rest];
  let destination: string | undefined;
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === "--") {
      destination ??= waiting.shift();
      return { options, destination, command: waiting };
    }
    if (isOption(arg)) {
      options.push(arg);
      if (!valueFollows(arg)) continue;
      const value = waiting.shift();
      if (value === undefined) {
        throw new UsageError(
          `Cannot use ${visible(arg)}: its value is missing`,
        );
      }
      options.push(value);
    } else if (destination === undefined) destination = arg;
    else return { options, destination, command: [arg, ...waiting] };
  }
  return { options, destination, command: [] };
}

/**
 * ssh's part with another destination.
 *
 * @param rest From {@linkcode splitSshArguments}.
 * @param replace Gives it; `userGiven` where an option says whom to log in as.
 * @param standIn The destination where there is none.
 */
export function withDestination(
  rest: readonly string[],
  replace: (destination: string, userGiven: boolean) => string,
  standIn?: string,
): string[] {
  const { destination, options } = parseSshArguments(rest);
  const userGiven = options.some((each) => /^-[A-Za-z0-9]*l/.test(each));
  if (destination === undefined) {
    const added = standIn === undefined ? [] : [replace(standIn, userGiven)];
    return [...rest, ...added];
  }
  let skip = false;
  const at = rest.findIndex((arg, index) => {
    if (skip) {
      skip = false;
      return false;
    }
    if (rest[index - 1] === "--") return true;
    if (arg === "--") return false;
    skip = isOption(arg) && valueFollows(arg);
    return !isOption(arg);
  });
  return rest.map((arg, index) => index === at ? replace(arg, userGiven) : arg);
}

function isOption(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

/** `-p`, `-vp`, but not `-p22` or `-v`. */
function valueFollows(arg: string): boolean {
  const letters = [...arg.slice(1)];
  return letters.findIndex((each) => withValue.includes(each)) ===
      letters.length - 1 && letters.length > 0;
}

/** Whom ssh is to log in as, and where. */
export interface SshDestination {
  /** `undefined` for ssh's own choice: `-l`, its configuration, the user's name here. */
  readonly user: string | undefined;
  /** A target as `ssm` has them. */
  readonly target: string | undefined;
}

/** What no user's name has, and what a shell or ssh's configuration would take for its own. */
const unsafeUser = /[\s'"`$\\;&<>|(){}]/;

/**
 * Splits `[user@]target`.
 *
 * @param destination As typed.
 * @throws UsageError For a user's name that ssh would not take, or that means something to a shell.
 */
export function parseDestination(
  destination: string | undefined,
): SshDestination {
  if (destination === undefined) return { user: undefined, target: undefined };
  // A name or a tag's value may have an @ of its own.
  const prefixed = /^(?:([^@]*)@)?((?:id|name|tag):.*)$/s.exec(destination);
  const at = destination.lastIndexOf("@");
  const user = prefixed !== null
    ? prefixed[1]
    : at < 0
    ? undefined
    : destination.slice(0, at);
  const target = prefixed?.[2] ?? destination.slice(at + 1);
  if (user !== undefined) checkUser(user);
  return { user, target };
}

/**
 * Refuses a user's name that ssh would not take, or that means something to a shell.
 *
 * @param user The name.
 * @throws UsageError
 */
export function checkUser(user: string): void {
  if (
    user === "" || user.startsWith("-") || unsafeUser.test(user) ||
    visible(user) !== user
  ) {
    throw new UsageError(
      user === ""
        ? "Cannot use an empty user's name"
        : `Cannot use ${visible(user)} as a user's name`,
    );
  }
}
