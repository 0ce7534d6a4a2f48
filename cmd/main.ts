/**
 * One run of the program: the real world, and what saves the terminal when things go wrong.
 *
 * @module
 */

import { openTerminal } from "../lib/io/terminal.ts";
import { SignalError } from "../lib/session/signal_error.ts";
import { visible } from "../lib/text.ts";
import { processContext } from "./context.ts";
import { exitCodes } from "./errors.ts";
import { logError } from "./log.ts";
import { runCommandLine } from "./mod.ts";
import { listenForSignals } from "./process_signals.ts";
import { signalExitCode } from "./signals.ts";

/**
 * How long a session may take to end after an error that nobody caught, before the process ends
 * without it. Milliseconds.
 */
const crashGrace = 3500;

/**
 * Runs a command line in the real world.
 * @param args argv without the program.
 * @param exit Ends the process at once; for a second signal, and after an uncaught error.
 * @returns The exit code.
 */
export async function main(
  args: readonly string[],
  exit: (code: number) => never,
): Promise<number> {
  const terminal = openTerminal();
  const signals = listenForSignals((name) => {
    terminal.restore();
    exit(signalExitCode(name));
  });
  const context = processContext(terminal, signals);

  let crashed = false;
  const crash = (error: unknown) => {
    // The terminal first: whatever else fails now, the user can type.
    terminal.restore();
    if (crashed) return;
    crashed = true;
    console.error(crashText(error));
    logError(context.log, error);
    // Sessions end as they do for SIGTERM; then main returns, below.
    signals.abort(new SignalError("SIGTERM"));
    setTimeout(() => exit(exitCodes.sessionFailed), crashGrace);
  };
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crash(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    crash(event.error);
  });

  const code = await runCommandLine(args, context);
  terminal.restore();
  return crashed ? exitCodes.sessionFailed : code;
}

/** An error that should not be: its stack is what a report needs. */
function crashText(error: unknown): string {
  const stack = error instanceof Error ? error.stack ?? error.message : error;
  const lines = String(stack).split("\n").map(visible).join("\n");
  return `ssm: Something went wrong that should not: ${lines}`;
}
