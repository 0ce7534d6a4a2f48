/**
 * A command without a terminal, for the AWS CLI (sessions.md §3): its outputs go where they belong,
 * standard input is left alone, and Ctrl-C reaches it when that is safe.
 *
 * @module
 */

import {
  type CommandEnd,
  CommandSession,
} from "../../lib/session/command_session.ts";
import { OutputQueue } from "../../lib/session/output_queue.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { visible } from "../../lib/text.ts";
import { endSession } from "./ending.ts";
import type { PluginRun } from "./run.ts";

/**
 * Runs the session to its end.
 * @param run The session.
 * @returns The exit code, which is not the command's: the AWS CLI would take it for an error.
 */
export async function runCommand(
  { task, session, opened, context, notices }: PluginRun,
): Promise<number> {
  const { terminal, clock } = context;
  const { grant } = task;
  const stopped = new AbortController();
  const failed = (error: unknown) =>
    stopped.abort(
      error instanceof Deno.errors.BrokenPipe
        ? new SignalError("SIGPIPE")
        : error,
    );
  const queue = (write: (bytes: Uint8Array) => Promise<void>) =>
    new OutputQueue(write, (bytes) => command.consumed(bytes), failed);
  const outputs = {
    stdout: queue((bytes) => terminal.write(bytes)),
    stderr: queue((bytes) => terminal.writeError(bytes)),
  };
  await using command: CommandSession = new CommandSession({
    grant,
    control: session.control,
    clock,
    sessionType: "NonInteractiveCommands",
    onOutput: (bytes, stream) => outputs[stream].push(bytes),
    notify: (notice) =>
      notices.session(
        notice,
        visible(task.request?.target ?? grant.sessionId),
      ),
    drive: opened.drive,
  });
  using _signals = context.onSignal((signal) => {
    const typed = signal === "SIGINT" || signal === "SIGQUIT";
    if (!typed || !command.interrupt()) stopped.abort(new SignalError(signal));
  });
  session.began();
  await command.start(AbortSignal.any([context.signal, stopped.signal]));
  const end = await command.ended;
  if (end.kind !== "signal") {
    await Promise.all([outputs.stdout.drained(), outputs.stderr.drained()]);
  }
  await notices.written();
  return await endSession(endOf(end), grant.sessionId, context);
}

/** A command that has ended is a session that has. */
function endOf(end: CommandEnd) {
  return end.kind === "exited" ? { kind: "ended" } as const : end;
}
