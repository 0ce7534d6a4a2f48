/**
 * Whether we were started as the AWS CLI's session-manager-plugin, and what is to be said to that
 * at once: the CLI asks for the version before each session, or only whether the plugin is there,
 * and waits (api.md §9). Nothing is loaded for it but this file (docs/decisions/plugin.md).
 *
 * @module
 */

import { pluginVersion } from "../../lib/version.ts";

/** The plugin's name, and the command's under which `ssm` has its own. */
export const pluginName = "session-manager-plugin";

/** Words behind `ssm plugin` that are commands of ours and not of the contract. */
const ownWords = ["install", "uninstall", "status", "--help", "-h"];

/** What argument 1 begins with where it names a variable that holds the session (api.md §9). */
export const responseVariable = "AWS_SSM_START_SESSION_RESPONSE";

/**
 * The name that the program was started under, without its folder. `Deno.execPath()` is the file
 * that a link leads to, on Linux at least; what the link was called only `argv[0]` tells.
 */
export function programName(): string {
  const path = Deno.execPath();
  // Under `deno run` it is Deno's. Asking costs 15 ms in Deno 2.9, so a copy does not get there.
  if (!Deno.build.standalone || isPluginName(path)) return nameOf(path);
  const { process }: { process?: { argv0?: string } } = globalThis;
  return nameOf(process?.argv0 || path);
}

function nameOf(path: string): string {
  return path.replace(/^.*[\\/]/, "");
}

function isPluginName(path: string): boolean {
  return nameOf(path).replace(/\.exe$/i, "") === pluginName;
}

/**
 * The words of the plugin's contract, argv 1 and on, if that is what we were started for: under its
 * name, as `ssm plugin …`, or with the arguments that nothing but the contract has.
 *
 * @param args argv without the program.
 * @param name The name that the program was started under.
 * @returns `undefined` when we are `ssm`.
 */
export function pluginWords(
  args: readonly string[],
  name: string,
): readonly string[] | undefined {
  if (isPluginName(name)) return args;
  if (args[0] === "plugin") {
    if (args[1] === "--") return args.slice(2);
    return args[1] !== undefined && ownWords.includes(args[1])
      ? undefined
      : args.slice(1);
  }
  return args[2] === "StartSession" &&
      /^(\{|AWS_SSM_START_SESSION_RESPONSE)/.test(args[0] ?? "")
    ? args
    : undefined;
}

/**
 * What the plugin prints where nothing is to be started.
 *
 * @param words From {@linkcode pluginWords}.
 * @returns `undefined` where there is more to do.
 */
export function pluginAnswer(words: readonly string[]): string | undefined {
  if (words.length === 0) {
    return "\nThe Session Manager plugin was installed successfully. " +
      "Use the AWS CLI to start a session.\n\n";
  }
  if (words.length === 1 && words[0] === "--version") {
    return `${pluginVersion}\n`;
  }
  return undefined;
}
