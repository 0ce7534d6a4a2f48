/**
 * Another program in our place: on our streams, with our signals, and with its exit code as ours.
 *
 * @module
 */

import { platformReason, shellQuote } from "../lib/text.ts";
import type {
  ChildEnd,
  ChildProgram,
  Context,
  EnvironmentChanges,
} from "./context.ts";
import { CommandError, exitCodes } from "./errors.ts";
import { signalExitCode } from "./signals.ts";

/**
 * Runs a program to its end.
 * @param command argv.
 * @param changes To its environment.
 * @param context The world.
 * @returns Its exit code, 128+n when signal n ended it.
 * @throws CommandError With 126 or 127 when it cannot be started.
 */
export async function runChild(
  command: readonly string[],
  changes: EnvironmentChanges,
  context: Context,
): Promise<number> {
  let child: ChildProgram | undefined;
  // A terminal sends Ctrl-C and Ctrl-\ to the command as well, which decides what they mean. All
  // other signals, and those without a terminal, reach only us.
  const shared = context.terminal.interactive || context.errorIsTerminal;
  using _handler = context.onSignal((signal) => {
    const typed = signal === "SIGINT" || signal === "SIGQUIT";
    if (!typed || !shared) child?.kill(signal);
  });
  try {
    child = context.run(command, changes);
  } catch (error) {
    throw cannotRun(command[0] ?? "", error);
  }
  return exitCodeOf(await child.ended);
}

function exitCodeOf(end: ChildEnd): number {
  return end.signal === undefined ? end.code : signalExitCode(end.signal);
}

function cannotRun(program: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new CommandError(
      `Cannot run ${shellQuote(program)}: no such command`,
      exitCodes.notFound,
      [],
      [],
      { cause: error },
    );
  }
  if (error instanceof Error) {
    return new CommandError(
      `Cannot run ${shellQuote(program)}: ${platformReason(error)}`,
      exitCodes.notExecutable,
      [],
      [],
      { cause: error },
    );
  }
  return error;
}
