/**
 * A port session for the AWS CLI: a listener where the document says, and the one session that was
 * given, whose end is the plugin's (sessions.md §4).
 *
 * @module
 */

import { Backlog } from "../../lib/session/backlog.ts";
import type { Forward, ForwardNotice } from "../../lib/session/forward.ts";
import type { PortEnd } from "../../lib/session/port_end.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import { exitCodes } from "../errors.ts";
import { forwardNotice } from "../forward/notices.ts";
import { signalExitCode } from "../signals.ts";
import { endPortSession } from "./ending.ts";
import {
  acceptedLine,
  exitLine,
  interruptedLine,
  openedLine,
} from "./lines.ts";
import {
  firstAnnounced,
  listenFor,
  type PortProperties,
} from "./port_listeners.ts";
import { type PluginRun, print } from "./run.ts";

/**
 * Runs the session to its end.
 * @param run The session.
 * @param properties Its document's.
 * @returns The exit code: 0 for Ctrl-C, too, which is how such a session ends.
 * @throws CommandError
 */
export async function runPort(
  run: PluginRun,
  properties: PortProperties,
): Promise<number> {
  const { task, session, context, notices } = run;
  const { sessionId } = task.grant;
  // Ctrl-C ends the session from here on.
  const signals = Promise.withResolvers<never>();
  signals.promise.catch(() => {});
  const stopped = new AbortController();
  using _signals = context.onSignal((signal) => {
    stopped.abort(new SignalError(signal));
    signals.reject(stopped.signal.reason);
  });
  const ended = Promise.withResolvers<PortEnd>();
  ended.promise.catch(() => {});
  const listeners = await listenFor(properties, task, context);
  let forward: Forward | undefined;
  try {
    forward = await makeForward(run, properties, listeners, (error) => {
      const end = portEndOf(error);
      if (end === undefined) ended.reject(error);
      else ended.resolve(end);
    });
    await forward.start(stopped.signal);
    session.began();
    const [first] = listeners;
    if (first !== undefined) {
      await print(openedLine(first.address, sessionId), context);
    }
    const end = await Promise.race([ended.promise, signals.promise]);
    return await endPortSession(end, true, sessionId, context);
  } catch (error) {
    const end = portEndOf(error);
    if (end !== undefined) {
      return await endPortSession(end, false, sessionId, context);
    }
    if (!(error instanceof SignalError)) throw error;
    const { signal } = error;
    if (signal !== "SIGINT" && signal !== "SIGQUIT") {
      return signalExitCode(signal);
    }
    await print(interruptedLine + exitLine(sessionId), context);
    return exitCodes.success;
  } finally {
    if (forward === undefined) { for (const each of listeners) each.close(); }
    else await forward.close();
    await notices.written();
  }
}

/** The forward that carries the session's connections. */
async function makeForward(
  { task, session, opened, context, notices }: PluginRun,
  { host, portNumber }: PortProperties,
  listeners: readonly LocalListener[],
  onFailed: (error: unknown) => void,
): Promise<Forward> {
  const { grant, request } = task;
  const node = visible(request?.target ?? grant.sessionId);
  const names = {
    node,
    destination: `${host === undefined ? node : visible(String(host))}:${
      visible(String(portNumber))
    }`,
    onNode: host === undefined ? Number(portNumber) : undefined,
  };
  const notify = (notice: ForwardNotice) => {
    // What it ended with is said at the end.
    if (notice.kind !== "ended") notices.say(forwardNotice(notice, names));
  };
  return await context.forward({
    listeners: firstAnnounced(listeners, () => {
      print(acceptedLine(grant.sessionId), context).catch(() => {});
    }),
    startSession: () =>
      Promise.resolve({
        grant,
        control: session.control,
        drive: opened.drive,
      }),
    remoteHost: host !== undefined,
    sessions: 1,
    payloadSize: undefined,
    grace: undefined,
    retry: Infinity,
    follow: false,
    backlog: new Backlog(),
    clock: context.clock,
    notify,
    onFailed,
  });
}

/** How a session ended, where that is what an error says. */
function portEndOf(error: unknown): PortEnd | undefined {
  return error instanceof Error && error.name === "PortStartError" &&
      "end" in error
    ? error.end as PortEnd
    : undefined;
}
