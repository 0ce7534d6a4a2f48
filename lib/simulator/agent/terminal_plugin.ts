/**
 * Standard_Stream and InteractiveCommands: a program on a pseudo-terminal, as the official agent's
 * `shell.go` runs it (sessions.md §2).
 *
 * @module
 */

import {
  sessionEnvironment,
  userShell,
  workingDirectory,
} from "../pty/environment.ts";
import { openPty } from "../pty/open_pty.ts";
import type { Pty, PtyRequest } from "../pty/pty.ts";
import { commandWords } from "./command_words.ts";
import { PauseDebt } from "./pause_debt.ts";
import {
  type PluginContext,
  type PluginEnd,
  type SessionPlugin,
  StartError,
} from "./session_plugin.ts";
import { Utf8Filter } from "./utf8_filter.ts";

/** Bytes per read (StreamDataPayloadSize, data-channel.md §6.1). */
export const readLimit = 1024;

/** The user's shell. */
export const shellPlugin: SessionPlugin = {
  sessionType: "Standard_Stream",
  requireHandshake: false,
  encryption: true,
  reportsEnd: true,
  run: (context) =>
    runOnTerminal(
      context,
      context.container
        ? ["sh"]
        : userShell(context.shell, context.environment),
    ),
};

/** One command line on a terminal: `sh -c`, or in a container without a shell. */
export const interactiveCommandsPlugin: SessionPlugin = {
  sessionType: "InteractiveCommands",
  requireHandshake: false,
  encryption: true,
  reportsEnd: true,
  run: async (context) =>
    await runOnTerminal(
      context,
      commandLine(context.parameters.command?.[0] ?? "", context.container),
    ),
};

function commandLine(command: string, container: boolean): PtyRequest["argv"] {
  if (command.trim() === "") return ["sh"];
  if (!container) return ["sh", "-c", command];
  try {
    const [program = "sh", ...words] = commandWords(command);
    return [program, ...words];
  } catch (error) {
    throw unableToStart(error);
  }
}

async function runOnTerminal(
  context: PluginContext,
  argv: PtyRequest["argv"],
): Promise<PluginEnd> {
  const { channel, signal } = context;
  const pty = await start(context, argv);
  const kill = () => void pty.kill();
  signal.addEventListener("abort", kill);
  if (signal.aborted) kill();
  try {
    // Size and input in the order in which they came, each after the one before has worked.
    let typing: Promise<void> = Promise.resolve();
    context.serve({
      payload(bytes) {
        typing = typing.then(() => pty.write(bytes)).then(() =>
          channel.consumed(bytes.length)
        );
      },
      size(size) {
        typing = typing.then(() => pty.resize(size));
      },
      flag() {
        // Flags are for ports; `shell.go` does not look at them.
      },
    });
    await pump(context, pty);
    return "ended";
  } finally {
    signal.removeEventListener("abort", kill);
    // What the shell left behind goes with the session, not before its end was reported.
    context.cleanup(pty.kill());
  }
}

async function start(
  context: PluginContext,
  argv: PtyRequest["argv"],
): Promise<Pty> {
  try {
    const env = sessionEnvironment(context.environment);
    return await openPty({ argv, env, cwd: workingDirectory(env) });
  } catch (error) {
    throw unableToStart(error);
  }
}

function unableToStart(cause: unknown): StartError {
  return new StartError(
    `Unable to start command: ${
      cause instanceof Error ? cause.message : String(cause)
    }`,
    { cause },
  );
}

/** The terminal's output to the client, as `writePump` does it: read, filter, send, pause. */
async function pump(context: PluginContext, pty: Pty): Promise<void> {
  const { channel, pace } = context;
  if (pace.firstRead > 0) await context.sleep(pace.firstRead);
  const filter = new Utf8Filter();
  const pauses = new PauseDebt(pace.readPause);
  while (await channel.writable()) {
    const bytes = await pty.read(readLimit);
    if (bytes === undefined) return;
    channel.send(filter.filter(bytes));
    const pause = pauses.next(context.clock.now());
    if (pause > 0) await context.sleep(pause);
  }
}
