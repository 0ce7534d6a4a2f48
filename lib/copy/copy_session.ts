/**
 * A session whose command is the shell that we talk to.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type CommandEnd, CommandSession } from "../session/command_session.ts";
import type { SessionControl, SessionGrant } from "../session/control.ts";
import type { SessionNotice } from "../session/session_report.ts";
import type { Clock } from "../session/transport.ts";
import { RemoteShell, ShellLostError } from "./remote_shell.ts";
import type { CopySession } from "./shell_pool.ts";

/** What {@linkcode openCopySession} needs. */
export interface CopySessionOptions {
  /** Starts a session for a command. */
  readonly start: (command: string, signal: AbortSignal) => Promise<{
    readonly grant: SessionGrant;
    readonly control: SessionControl;
  }>;
  readonly clock: Clock;
  /** True where files that are there keep their permissions. */
  readonly keepModes: boolean;
  readonly notify: (notice: SessionNotice) => void;
}

/** The end of a session, in the words of {@linkcode CommandEnd}. */
export class CopySessionLostError extends ShellLostError {
  override name = "CopySessionLostError";
  /** @param end How it ended; `undefined` for a failure of ours. */
  constructor(
    message: string,
    readonly end: CommandEnd | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How long a shell may take to end by itself, in milliseconds; then it is ended. */
const leaveLimit = 500;

/**
 * Opens a session, and makes its shell ours.
 *
 * @param signal Gives up, and ends the session at any later time.
 * @throws {CopySessionLostError} When it ends before its shell is ready; what `start` throws;
 * TransportError and ControlError when there is no connection.
 */
export async function openCopySession(
  options: CopySessionOptions,
  signal: AbortSignal,
): Promise<CopySession> {
  const { clock, keepModes, notify } = options;
  const shell = new RemoteShell((length) =>
    new Uint8Array(randomBytes(length))
  );
  const { grant, control } = await options.start(shell.command, signal);
  const session = new CommandSession({
    grant,
    control,
    clock,
    sessionType: "InteractiveCommands",
    onOutput: (bytes) => {
      shell.receive(bytes);
      session.consumed(bytes.length);
    },
    notify,
  });
  let ready = false;
  const ended = session.ended.then(
    (end) => new CopySessionLostError(sentence(end, shell.noise, ready), end),
    (cause) =>
      new CopySessionLostError(
        cause instanceof Error ? cause.message : String(cause),
        undefined,
        { cause },
      ),
  ).then((error) => {
    shell.lost(error);
    return error;
  });
  let closing: Promise<void> | undefined;
  const close = async () => {
    const late = Promise.withResolvers<void>();
    const cancel = clock.setTimer(leaveLimit, () => late.resolve());
    // A shell that is busy, or asked for more than it can take, does not come to its end.
    await Promise.race([late.promise, ended, shell.leave().then(() => ended)]);
    cancel();
    await session.close();
  };
  try {
    await session.start(signal);
    await shell.start({ write: (bytes) => session.write(bytes) }, keepModes);
    ready = true;
    return { shell, ended, close: () => closing ??= close() };
  } catch (error) {
    await session.close();
    signal.throwIfAborted();
    throw error;
  }
}

function sentence(end: CommandEnd, noise: string, ready: boolean): string {
  const said = noise === "" ? "" : `: ${noise}`;
  if (!ready && (end.kind === "ended" || end.kind === "exited")) {
    return `The node's shell ended before it was ready${said}`;
  }
  switch (end.kind) {
    case "ended":
    case "exited":
      return `The node's shell ended${said}`;
    case "left":
      return "The session was left";
    case "signal":
      return `Ended by ${end.signal}`;
    default:
      return end.message;
  }
}
