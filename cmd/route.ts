/**
 * Which command is meant: from argv to one in the tree of `commands.ts`.
 *
 * @module
 */

import type { Command, RouteMap } from "@stricli/core";
import { visible } from "../lib/text.ts";
import {
  didYouMean,
  type FlagShape,
  flagShapes,
  helpFlag,
  type SplitArguments,
} from "./argv.ts";
import { root } from "./commands.ts";
import type { CommandWorld, Context } from "./context.ts";
import { UsageError } from "./errors.ts";
import { connectionFlags, generalAliases, generalFlags } from "./flags.ts";
import { shellCommand } from "./shell.ts";
import { suggest } from "./suggest.ts";

/** `--version`, which every command has. */
export const versionFlag: FlagShape = {
  ...helpFlag,
  name: "version",
  letters: [],
};

/** Flags that may come before the command. */
export const leadingFlags: readonly FlagShape[] = [
  ...flagShapes({
    flags: { ...connectionFlags, ...generalFlags },
    aliases: generalAliases,
  }),
  versionFlag,
];

type RouteEntry = ReturnType<RouteMap<CommandWorld>["getAllEntries"]>[number];

/** Where the command line leads to. */
export interface Route {
  readonly target: Command<CommandWorld> | RouteMap<CommandWorld>;
  /** `["shell"]`. */
  readonly path: readonly string[];
  /** Everything but the path. */
  readonly args: readonly string[];
}

/**
 * Without a command, whoever sits at a terminal gets a choice and a shell; others get the help.
 * @param route From {@linkcode findRoute}.
 * @param outer The command line, split.
 * @param context The terminal.
 */
export function orShell(
  route: Route,
  { rest }: SplitArguments,
  { attended, outputIsTerminal }: Context,
): Route {
  const asked = route.args.some((arg) => /^(-h|--help|--version)$/.test(arg));
  return route.target === root && rest === undefined && !asked && attended &&
      outputIsTerminal
    ? { ...route, target: shellCommand, path: ["shell"] }
    : route;
}

/**
 * Follows the commands in argv; flags before the command are moved behind it.
 * @param own argv up to the first `--`.
 * @throws UsageError for a command that is none.
 */
export function findRoute(own: readonly string[]): Route {
  const waiting = own[0] === "help"
    ? [...own.slice(1), "--help"]
    : own[0] === "version"
    ? ["--version", ...own.slice(1)]
    : [...own];
  const leading: string[] = [];
  const path: string[] = [];
  let target: Route["target"] = root;
  while (!("parameters" in target) && waiting.length > 0) {
    const byDefault = target.getDefaultCommand();
    if (byDefault !== undefined && !leadsOn(target, waiting[0]!)) {
      // Where that takes no arguments, a word is meant to be a command.
      if (!waiting[0]!.startsWith("-") && takesNone(byDefault)) {
        throw unknownCommand(waiting[0]!, target, path);
      }
      break;
    }
    const arg = waiting.shift() as string;
    if (!arg.startsWith("-")) {
      const entry: RouteEntry | undefined = target.getAllEntries().find((
        { name, aliases },
      ) => name["convert-camel-to-kebab"] === arg || aliases.includes(arg));
      if (entry === undefined) throw unknownCommand(arg, target, path);
      path.push(entry.name["convert-camel-to-kebab"]);
      target = entry.target;
      continue;
    }
    leading.push(arg);
    const takesNext = leadingFlags.some((flag) =>
      flag.kind === "value" && arg === `--${flag.name}`
    );
    if (takesNext && waiting.length > 0) {
      leading.push(waiting.shift() as string);
    }
  }
  if (!("parameters" in target) && !leading.some(isHelp)) {
    // `ssm sessions --mine` is `ssm sessions list --mine`.
    const command = target.getDefaultCommand();
    if (command !== undefined) {
      path.push(nameOf(target, command));
      target = command;
    }
  }
  return { target, path, args: [...leading, ...waiting] };
}

function takesNone({ parameters }: Command<CommandWorld>): boolean {
  const { positional } = parameters;
  return positional === undefined ||
    positional.kind === "tuple" && positional.parameters.length === 0;
}

/** Whether a word of argv chooses a command of this group, or asks for the group's help. */
function leadsOn(routes: RouteMap<CommandWorld>, arg: string): boolean {
  return isHelp(arg) || routes.getRoutingTargetForInput(arg) !== undefined;
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

/** What a group calls one of its commands. */
function nameOf(
  routes: RouteMap<CommandWorld>,
  command: Command<CommandWorld>,
): string {
  const entry = routes.getAllEntries().find(({ target }) => target === command);
  return entry?.name["convert-camel-to-kebab"] ?? "";
}

/** What people call our commands who know them from elsewhere. */
const otherWords: Readonly<Partial<Record<string, string>>> = Object.assign(
  Object.create(null),
  { end: "kill", stop: "kill", rm: "kill" },
);

/**
 * The error for a word that is no command.
 * @param typed The word.
 * @param routes The commands that there are.
 * @param path What led to them: `["plugin"]`.
 */
export function unknownCommand(
  typed: string,
  routes: RouteMap<CommandWorld>,
  path: readonly string[],
): UsageError {
  const prefix = ["ssm", ...path].join(" ");
  const known = routes.getAllEntries().filter((entry) => !entry.hidden)
    .flatMap((
      entry,
    ) => [entry.name["convert-camel-to-kebab"], ...entry.aliases]);
  const meant = otherWords[typed];
  const near = meant !== undefined && known.includes(meant)
    ? [meant]
    : suggest(typed, known);
  return new UsageError(
    `Unknown command: ${visible(typed)}` +
      didYouMean(near.map((name) => `${prefix} ${name}`)),
    [`${prefix} --help`],
  );
}
