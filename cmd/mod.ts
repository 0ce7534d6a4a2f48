/**
 * The way from argv to an exit code: which command is meant, its flags and variables, its help, and
 * the errors of the parser.
 *
 * @module
 */

import {
  buildApplication,
  type Command,
  type RouteMap,
  run,
  type StricliIntegration,
  text_en,
} from "@stricli/core";
import { visible } from "../lib/text.ts";
import { version } from "../lib/version.ts";
import {
  didYouMean,
  type FlagShape,
  flagShapes,
  helpFlag,
  splitArguments,
  type Token,
  tokenize,
  toParserInput,
} from "./argv.ts";
import { root, splitters } from "./commands.ts";
import { applySettings } from "./config/apply.ts";
import { loadUserConfig } from "./config/load.ts";
import { settingsOf } from "./config/settings.ts";
import type { UserConfig } from "./config/user_file.ts";
import type { CommandWorld, Context } from "./context.ts";
import {
  describeError,
  exitCodes,
  formatFailure,
  UsageError,
} from "./errors.ts";
import { connectionFlags, generalAliases, generalFlags } from "./flags.ts";
import { explainedFlags, explainIsAsked } from "./explain/flags.ts";
import { commandHelp, routesHelp } from "./help.ts";
import { logError, openLog } from "./log.ts";
import { type FailedLine, nextSteps } from "./next_steps.ts";
import { parseFailure } from "./parse_errors.ts";
import { pluginWords } from "./plugin/started_as.ts";
import { shellCommand } from "./shell.ts";
import { suggest } from "./suggest.ts";
import { targetFormOf } from "./target/target_arguments.ts";

export { root } from "./commands.ts";

const versionFlag: FlagShape = { ...helpFlag, name: "version", letters: [] };

/** Flags that may come before the command. */
const leadingFlags: readonly FlagShape[] = [
  ...flagShapes({
    flags: { ...connectionFlags, ...generalFlags },
    aliases: generalAliases,
  }),
  versionFlag,
];

type RouteEntry = ReturnType<RouteMap<CommandWorld>["getAllEntries"]>[number];

/** Where the command line leads to. */
interface Route {
  readonly target: Command<CommandWorld> | RouteMap<CommandWorld>;
  /** `["shell"]`. */
  readonly path: readonly string[];
  /** Everything but the path. */
  readonly args: readonly string[];
}

/**
 * Runs a command line. Errors are said on standard error; nothing is thrown.
 * @param args argv without the program.
 * @param context The world.
 * @returns The exit code.
 */
export async function runCommandLine(
  args: readonly string[],
  context: Context,
): Promise<number> {
  try {
    return await parseAndRun(args, context);
  } catch (error) {
    return await report([error], args, context);
  }
}

async function parseAndRun(
  args: readonly string[],
  context: Context,
): Promise<number> {
  const words = pluginWords(args, "ssm");
  if (words !== undefined) {
    const { runPlugin } = await import("./plugin/run.ts");
    await using _log = await openLog({
      quiet: true,
      verbose: 0,
      file: context.env("SSM_LOG_FILE"),
    }, context);
    return await runPlugin(words, context);
  }
  if (args[0] === "__complete" || args[0] === "__complete_next") {
    const { runComplete } = await import("./completion/run.ts");
    const typed = args.slice(1);
    return await runComplete(
      args[0] === "__complete" ? typed : [...typed, ""],
      context,
    );
  }
  const outer = splitArguments(args);
  const route = orShell(findRoute(outer.own), outer, context);
  const { target, path } = route;
  const command = ["ssm", ...path].join(" ");
  const isCommand = "parameters" in target;
  const flags = isCommand
    ? explainedFlags(flagShapes(target.parameters), route.args)
    : leadingFlags;
  const split = isCommand ? splitters.get(target) : undefined;
  const { own, rest } = split === undefined
    ? { own: route.args, rest: outer.rest }
    : split(
      [
        ...route.args,
        ...(outer.rest === undefined ? [] : ["--", ...outer.rest]),
      ],
      flags,
    );
  const tokens = tokenizeForHelp(own, flags, command);
  const asked = (flag: FlagShape) =>
    tokens.some((token) => "flag" in token && token.flag === flag);
  if (asked(versionFlag)) return await print(`${version}\n`, context);
  const help = !isCommand || asked(helpFlag);
  const typed = { tokens, rest, flags, command: path.join(" ") };
  const applied = help ? { tokens, rest, sources: new Map() } : applySettings(
    { ...typed, form: targetFormOf(target, command) },
    await userConfigFor(path, flags, context),
    context,
  );
  if (isOn("no-color", applied.tokens)) context.withoutColor();
  if (!help && explainIsAsked(applied.tokens)) {
    const { explainCommand } = await import("./explain/explain.ts");
    const line = { path, tokens: applied.tokens, rest: applied.rest };
    return await explainCommand(line, context);
  }
  await using _log = help ? undefined : await openLog({
    quiet: isOn("quiet", applied.tokens),
    verbose: valuesOf("verbose", applied.tokens).length,
    file: valuesOf("log-file", applied.tokens).at(-1),
  }, context);
  context.log.event({ level: 0, what: command, said: true });
  const code = await runParsed(
    help ? [...path, "--help"] : [...path, ...toParserInput(applied.tokens)],
    applied.rest,
    command,
    applied.sources,
    { path, tokens, rest, flags },
    context,
  );
  context.log.event({ level: 0, what: "end", said: true, values: { code } });
  return code;
}

/** What a flag was given, once for each time; nothing for one without a value. */
function valuesOf(
  name: string,
  tokens: readonly Token[],
): (string | undefined)[] {
  return tokens.flatMap((token) =>
    "flag" in token && token.flag.name === name ? [token.value] : []
  );
}

/** Whether a boolean flag is on; the last one counts. */
function isOn(name: string, tokens: readonly Token[]): boolean {
  const values = valuesOf(name, tokens);
  return values.length > 0 && values.at(-1) !== "false";
}

/** The user's file, for commands that talk to AWS; the others have to work with a broken one. */
async function userConfigFor(
  path: readonly string[],
  flags: readonly FlagShape[],
  context: Context,
): Promise<UserConfig | undefined> {
  return path[0] !== "config" && flags.some(({ name }) => name === "profile")
    ? await loadUserConfig(context.env, () => settingsOf(root))
    : undefined;
}

/** Hands unambiguous input to the parser, and takes its errors from it before it says them. */
async function runParsed(
  inputs: readonly string[],
  rest: readonly string[] | undefined,
  command: string,
  sources: ReadonlyMap<string, string>,
  line: FailedLine,
  context: Context,
): Promise<number> {
  const failures: unknown[] = [];
  const keep = (error: unknown) => {
    failures.push(error);
    return "";
  };
  const app = buildApplication(root, {
    name: "ssm",
    scanner: { caseStyle: "allow-kebab-for-camel" },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error) =>
          keep(parseFailure(error, command, sources, line.flags)),
        exceptionWhileLoadingCommandFunction: keep,
        exceptionWhileLoadingCommandContext: keep,
        exceptionWhileRunningCommand: keep,
        commandErrorResult: keep,
        exceptionWhileRunningIntegrationFlag: ({ exception }) =>
          keep(exception),
        noCommandRegisteredForInput: ({ input }) =>
          keep(unknownCommand(input, root, [])),
      },
    },
  }, { help: helpIntegration });
  let help = "";
  let exitCode: number = exitCodes.success;
  await run(app, inputs, {
    process: {
      stdout: { write: (text) => void (help += text) },
      stderr: { write() {} },
    },
    context,
    rest,
    setExitCode: (code) => exitCode = code,
  });
  if (failures.length > 0) {
    return await report(failures, inputs, context, line);
  }
  if (help !== "") await print(help, context);
  return exitCode;
}

/** `--help` in our own form. */
const helpIntegration: StricliIntegration<CommandWorld> = {
  flag: {
    brief: "Show this text",
    aliases: [],
    global: true,
    defaultForRouteMap: true,
    run(_app, { result: { target, prefix } }) {
      this.process.stdout.write(
        "parameters" in target
          ? commandHelp(target)
          : routesHelp(target, prefix),
      );
    },
  },
};

/** Without a command, whoever sits at a terminal gets a choice and a shell; others get the help. */
function orShell(
  route: Route,
  { rest }: ReturnType<typeof splitArguments>,
  { attended, outputIsTerminal }: Context,
): Route {
  const asked = route.args.some((arg) => /^(-h|--help|--version)$/.test(arg));
  return route.target === root && rest === undefined && !asked && attended &&
      outputIsTerminal
    ? { ...route, target: shellCommand, path: ["shell"] }
    : route;
}

/** Follows the commands in argv; flags before the command are moved behind it. */
function findRoute(own: readonly string[]): Route {
  const waiting = own[0] === "help"
    ? [...own.slice(1), "--help"]
    : own[0] === "version"
    ? ["--version", ...own.slice(1)]
    : [...own];
  const leading: string[] = [];
  const path: string[] = [];
  let target: Route["target"] = root;
  while (!("parameters" in target) && waiting.length > 0) {
    if (
      target.getDefaultCommand() !== undefined && !leadsOn(target, waiting[0]!)
    ) break;
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

function unknownCommand(
  typed: string,
  routes: RouteMap<CommandWorld>,
  path: readonly string[],
): UsageError {
  const prefix = ["ssm", ...path].join(" ");
  const known = routes.getAllEntries().filter((entry) => !entry.hidden)
    .flatMap((
      entry,
    ) => [entry.name["convert-camel-to-kebab"], ...entry.aliases]);
  const near = suggest(typed, known);
  return new UsageError(
    `Unknown command: ${visible(typed)}` +
      didYouMean(near.map((name) => `${prefix} ${name}`)),
    [`${prefix} --help`],
  );
}

/** Tokens; `--help` counts even where something else is wrong. */
function tokenizeForHelp(
  args: readonly string[],
  flags: readonly FlagShape[],
  command: string,
): Token[] {
  try {
    return tokenize(args, flags, command);
  } catch (error) {
    if (args.includes("--help") || args.includes("-h")) {
      return [{ flag: helpFlag, value: undefined }];
    }
    throw error;
  }
}

async function print(text: string, context: Context): Promise<number> {
  await context.terminal.write(new TextEncoder().encode(text));
  return exitCodes.success;
}

/** Says the errors, each hint once; the first one's exit code is ours. */
async function report(
  errors: readonly unknown[],
  args: readonly string[],
  context: Context,
  line?: FailedLine,
): Promise<number> {
  for (const error of errors) logError(context.log, error);
  const failures = errors.map((error) => {
    const failure = describeError(error);
    const more = line === undefined ? [] : nextSteps(error, line);
    return { ...failure, hints: [...new Set([...more, ...failure.hints])] };
  });
  const color = context.color && !args.includes("--no-color");
  const text = failures.map((failure, at) =>
    formatFailure(
      at === failures.length - 1 ? failure : { ...failure, hints: [] },
      color,
    )
  ).join("");
  // Standard error may be closed; the exit code still tells.
  await context.terminal.writeError(new TextEncoder().encode(text))
    .catch(() => {});
  return failures[0]?.exitCode ?? exitCodes.failed;
}
