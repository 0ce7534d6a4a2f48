/**
 * A session between standard input and output and one port of a node, for the AWS CLI: what ssh's
 * ProxyCommand is (sessions.md §7).
 *
 * @module
 */

import { SignalError } from "../../lib/session/signal_error.ts";
import type { StdioEnd } from "../../lib/session/stdio_session.ts";
import { visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { forwardNotice } from "../forward/notices.ts";
import { signalExitCode } from "../signals.ts";
import type { PortProperties } from "./port_listeners.ts";
import type { PluginRun } from "./run.ts";

/**
 * Runs the session to its end. Behind the start line, which ssh skips, nothing goes to standard
 * output but what the port says: the line of a session's end would come in the middle of an SSH
 * packet that is cut off.
 *
 * @param run The session.
 * @param properties Its document's.
 * @returns The exit code.
 * @throws CommandError For an end that is an error.
 */
export async function runStdio(
  { task, session, opened, context, notices }: PluginRun,
  { portNumber }: PortProperties,
): Promise<number> {
  const { grant, request } = task;
  const node = visible(request?.target ?? grant.sessionId);
  const destination = `port ${visible(String(portNumber))} of ${node}`;
  const stopped = new AbortController();
  using _signals = context.onSignal((signal) =>
    stopped.abort(new SignalError(signal))
  );
  const end = await context.stdioSession({
    grant,
    control: session.control,
    terminal: context.terminal,
    clock: context.clock,
    signal: AbortSignal.any([context.signal, stopped.signal]),
    onBegun: () => session.began(),
    notify: (notice) =>
      notices.say(
        forwardNotice(notice, {
          node,
          destination,
          onNode: Number(portNumber),
        }),
      ),
    drive: opened.drive,
  });
  return exitCodeOf(end, destination);
}

function exitCodeOf(end: StdioEnd, destination: string): number {
  if (end.kind === "signal") return signalExitCode(end.signal);
  if (end.kind === "left" || end.silent) return exitCodes.success;
  throw new CommandError(
    /^Unable to connect/.test(end.message)
      ? `Cannot reach ${destination}: ${end.message}`
      : `The connection to ${destination} is over: ${end.message}`,
    exitCodes.lost,
    [],
    [],
    { cause: end.cause },
  );
}
