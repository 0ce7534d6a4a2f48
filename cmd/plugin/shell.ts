/**
 * A shell, or a command on a terminal, for the AWS CLI.
 *
 * @module
 */

import { SignalError } from "../../lib/session/signal_error.ts";
import { visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import type { Notices } from "../notices.ts";
import { escapeCharacter } from "../shell.ts";
import { endSession } from "./ending.ts";
import { PluginTerminal } from "./plugin_terminal.ts";
import type { PluginRun } from "./run.ts";

/** As with `ssm shell`: a session that hangs can be left. */
const defaultEscape = "~";

/**
 * Runs the session to its end.
 * @param run The session.
 * @returns The exit code.
 */
export async function runShell(
  { task, session, opened, context, notices }: PluginRun,
): Promise<number> {
  const terminal = new PluginTerminal(context.terminal);
  const escape = escapeOf(context, notices);
  const stopped = new AbortController();
  // Whoever sends a signal means the remote side, as long as that listens.
  using _signals = context.onSignal((signal) => {
    if (!terminal.interrupt(signal)) stopped.abort(new SignalError(signal));
  });
  session.began();
  const end = await context.shell({
    grant: task.grant,
    control: session.control,
    terminal,
    clock: context.clock,
    escape,
    signal: AbortSignal.any([context.signal, stopped.signal]),
    notify: (notice) =>
      notices.session(
        notice,
        visible(task.request?.target ?? task.grant.sessionId),
      ),
    drive: opened.drive,
  });
  await notices.written();
  return await endSession(end, task.grant.sessionId, context);
}

/** The AWS CLI has no flag for it, so the variable is all there is. */
function escapeOf(context: Context, notices: Notices): string | undefined {
  const text = context.env("SSM_ESCAPE") ?? defaultEscape;
  if (text === "none") return undefined;
  try {
    return escapeCharacter(text);
  } catch {
    notices.say(
      `SSM_ESCAPE=${visible(text)} is neither a character nor none; ` +
        `${defaultEscape} is the escape character`,
    );
    return defaultEscape;
  }
}
