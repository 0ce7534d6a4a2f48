/**
 * `ssm shell --no-native`.
 *
 * @module
 */

import { givenTarget } from "../target/choose_target.ts";
import type { Context } from "../context.ts";
import { checkCommand, type ShellCommandOptions } from "../shell.ts";
import { shellRequest } from "../shell/run.ts";
import { engineFlags, refuseFlags, runOfficialPlugin } from "./run.ts";

/**
 * Runs the session with the official plugin.
 * @param options From `parseShell`.
 * @param context The world.
 * @returns The exit code.
 * @throws UsageError For flags that the plugin cannot honour; else as `runOfficialPlugin` does.
 */
export async function runOfficialShell(
  options: ShellCommandOptions,
  context: Context,
): Promise<number> {
  const { escape, timeout, connection } = options;
  refuseFlags([
    // It has none, so only another one can be missed.
    ["--escape", escape !== undefined && escape !== "~"],
    ["--timeout", timeout !== undefined],
    ...engineFlags(connection),
  ]);
  checkCommand(options.command, givenTarget(options.target, context));
  return await runOfficialPlugin(
    shellRequest(options, "ssm shell --no-native"),
    options,
    context,
  );
}
