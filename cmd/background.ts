/**
 * `-f`: the forward goes on in the background. Deno cannot fork, so a second one of us does the
 * work and says on its standard output when it is ready; then the first one ends.
 *
 * @module
 */

import { endMark } from "./background_program.ts";
import type { Context } from "./context.ts";
import type { ForwardCommandOptions } from "./forward.ts";
import { signalExitCode } from "./signals.ts";

/** The line that ends what the second one says; JSON has no such line. */
const readyLine = "ready";

/**
 * Says that everything is ready, to the one that waits for it, and behind what it passes on.
 * @param context The world.
 */
export async function ready(context: Context): Promise<void> {
  if (!context.errorIsTerminal) {
    await context.terminal.writeError(Uint8Array.of(endMark)).catch(() => {});
  }
  await context.terminal.write(new TextEncoder().encode(`${readyLine}\n`));
}

/**
 * Starts the second one, and waits until it is ready. What it prints for the user is printed, or
 * its process id.
 * @param options What to forward.
 * @param context The world.
 * @returns 0 when it is ready, else its exit code.
 */
export async function goToBackground(
  options: ForwardCommandOptions,
  context: Context,
): Promise<number> {
  const child = context.runInBackground();
  using _handler = context.onSignal((signal) => child.kill(signal));
  let isReady = false;
  for await (const line of child.lines) {
    if (line === readyLine) {
      isReady = true;
      break;
    }
    await context.terminal.write(new TextEncoder().encode(`${line}\n`));
  }
  await child.passedOn;
  if (!isReady) {
    const { code, signal } = await child.ended;
    return signal === undefined ? code : signalExitCode(signal);
  }
  if (!options.json) {
    await context.terminal.write(new TextEncoder().encode(`${child.pid}\n`));
  }
  return 0;
}
