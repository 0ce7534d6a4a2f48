/**
 * The way from argv to an exit code: the flags and variables of the command that is meant, its help,
 * and the errors of the parser.
 *
 * @module
 */

import {
  buildApplication,
  run,
  type StricliIntegration,
  text_en,
} from "@stricli/core";
import { version } from "../lib/version.ts";
import {
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
import { describeError, exitCodes, formatFailure } from "./errors.ts";
import { explainedFlags, explainIsAsked } from "./explain/flags.ts";
import { commandHelp, routesHelp } from "./help.ts";
import { logError, openLog } from "./log.ts";
import { aliasDetails, type FailedLine, nextSteps } from "./next_steps.ts";
import { parseFailure } from "./parse_errors.ts";
import { pluginWords } from "./plugin/started_as.ts";
import { targetFormOf } from "./target/target_arguments.ts";
import {
  findRoute,
  leadingFlags,
  orShell,
  unknownCommand,
  versionFlag,
} from "./route.ts";

export { root } from "./commands.ts";

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
  const applied = help
    ? { tokens, rest, sources: new Map(), aliases: new Map() }
    : applySettings(
      { ...typed, form: targetFormOf(target, command) },
      await userConfigFor(path, flags, context),
      context,
    );
  if (isOn("no-color", applied.tokens)) context.withoutColor();
  context.profileSource = applied.sources.get("profile")
    ?.replace(/(=|: profile |'s profile )$/, "");
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
    { path, tokens, rest, flags, aliases: applied.aliases },
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
    sources,
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
    return {
      ...failure,
      details: line === undefined
        ? failure.details
        : [...failure.details, ...aliasDetails(failure.message, line)],
      hints: [...new Set([...more, ...failure.hints])],
    };
  });
  const color = context.color && !args.includes("--no-color");
  const text = failures.map((failure, at) =>
    formatFailure(
      at === failures.length - 1 ? failure : { ...failure, hints: [] },
      color,
      context.errorIsTerminal ? context.terminal.size()?.cols : undefined,
    )
  ).join("");
  // Standard error may be closed; the exit code still tells.
  await context.terminal.writeError(new TextEncoder().encode(text))
    .catch(() => {});
  return failures[0]?.exitCode ?? exitCodes.failed;
}
