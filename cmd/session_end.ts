/**
 * The end of a session: that it is ended once, and what it means for the user and the exit code.
 *
 * @module
 */

import type { SessionControl } from "../lib/session/control.ts";
import type { SessionEnd } from "../lib/session/shell.ts";
import { shellQuote, visible } from "../lib/text.ts";
import type { Connection } from "./context.ts";
import { CommandError, exitCodes } from "./errors.ts";
import type { Notices } from "./notices.ts";
import { signalExitCode } from "./signals.ts";
import { connectionArguments } from "./target/target.ts";

/** How long we wait for TerminateSession's answer on the way out. Milliseconds. */
const terminateTimeout = 5_000;

/**
 * Ends a session that nobody has tried to end yet. The shell ends its own; this is for what fails
 * around it.
 */
export class EndOnce {
  /** The session's control, to be used in place of the original. */
  readonly control: SessionControl;
  readonly #control: SessionControl;
  #tried = false;

  /** @param control The session's. */
  constructor(control: SessionControl) {
    this.#control = control;
    this.control = {
      open: (url, signal) => control.open(url, signal),
      resume: (signal) => control.resume(signal),
      dataKey: (key, challenge, signal) =>
        control.dataKey(key, challenge, signal),
      terminate: (signal) => {
        this.#tried = true;
        return control.terminate(signal);
      },
    };
  }

  /** Terminates the session unless that was tried. Never rejects; `failed` gets the error. */
  async terminate(failed: (error: unknown) => void): Promise<void> {
    if (this.#tried) return;
    try {
      await this.#control.terminate(AbortSignal.timeout(terminateTimeout));
    } catch (error) {
      failed(error);
    }
  }
}

/**
 * What to say of a session that may still be running.
 * @param sessionId The session.
 * @param cause Why it could not be ended.
 * @param connection Where it is; `undefined` where nothing but the environment says so.
 */
export function notEnded(
  sessionId: string,
  cause: unknown,
  connection?: Connection,
): string {
  return `Cannot terminate session ${visible(sessionId)}: ` +
    visible(cause instanceof Error ? cause.message : String(cause)) +
    `\nhint: ${endCommand(sessionId, connection)}`;
}

/**
 * The command that ends a session.
 * @param sessionId The session.
 * @param connection Where it is.
 */
export function endCommand(
  sessionId: string,
  connection: Connection | undefined,
): string {
  return `ssm sessions kill ${shellQuote(sessionId)}` +
    (connection === undefined ? "" : connectionArguments(connection));
}

/**
 * Says that the session ended well, and gives its exit code.
 * @param end How it ended.
 * @param notices Where to say so.
 * @throws CommandError For an end that is an error.
 */
export function sessionExitCode(end: SessionEnd, notices: Notices): number {
  switch (end.kind) {
    case "ended":
      notices.say("Session ended");
      return exitCodes.success;
    case "left":
      notices.interrupt("Session left");
      return exitCodes.success;
    case "failed":
      throw new CommandError(
        `The session failed: ${end.message}`,
        exitCodes.sessionFailed,
      );
    case "terminated":
      throw new CommandError(
        `The session was ended by the service: ${end.message}`,
        exitCodes.sessionFailed,
      );
    case "timed-out":
      throw gone(end, exitCodes.sessionFailed);
    case "lost":
      throw gone(end, exitCodes.lost);
    case "refused":
      throw new CommandError(end.message, exitCodes.failed);
    case "signal":
      return signalExitCode(end.signal);
  }
}

/** The error with its cause, which knows what to do about it. */
function gone(
  { message, cause }: { readonly message: string; readonly cause?: unknown },
  exitCode: number,
): CommandError {
  return new CommandError(message, exitCode, [], [], { cause });
}
