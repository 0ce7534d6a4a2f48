/**
 * The end of a session of the plugin: the line that scripts wait for, and the exit code, which is 0
 * for every session that was one. For any other the AWS CLI adds an error of its own.
 *
 * @module
 */

import type { PortEnd } from "../../lib/session/port_end.ts";
import type { SessionEnd } from "../../lib/session/shell.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { signalExitCode } from "../signals.ts";
import { closedLine, exitLine, timedOutLine } from "./lines.ts";
import { print } from "./run.ts";

/** What stands before an error of the agent, as the official plugin shows it (data-channel.md §7). */
const errorTitle = "\n----------ERROR-------\n";

/**
 * Says how a session ended, and gives the exit code.
 * @param end How.
 * @param sessionId Which.
 * @param context The world.
 * @throws CommandError When the connection was lost for good.
 */
export async function endSession(
  end: SessionEnd,
  sessionId: string,
  context: Context,
): Promise<number> {
  switch (end.kind) {
    case "ended":
    case "left":
      await print(exitLine(sessionId), context);
      return exitCodes.success;
    case "terminated":
      await print(closedLine(sessionId, end.message), context);
      return exitCodes.success;
    case "timed-out":
      await print(timedOutLine(sessionId), context);
      return exitCodes.success;
    case "failed":
    case "refused":
      await print(closedLine(sessionId, errorTitle + end.message), context);
      return end.kind === "failed" ? exitCodes.sessionFailed : exitCodes.failed;
    case "lost":
      throw lost(end);
    case "signal":
      return signalExitCode(end.signal);
  }
}

/**
 * The same for a session that carried connections.
 * @param end How.
 * @param began False where it never could carry any.
 * @param sessionId Which.
 * @param context The world.
 * @throws CommandError When the connection was lost for good.
 */
export async function endPortSession(
  end: PortEnd,
  began: boolean,
  sessionId: string,
  context: Context,
): Promise<number> {
  const { kind, message } = end;
  switch (kind) {
    case "left":
      await print(exitLine(sessionId), context);
      return exitCodes.success;
    case "ended":
      await print(
        end.silent ? exitLine(sessionId) : closedLine(sessionId, message),
        context,
      );
      return began ? exitCodes.success : exitCodes.failed;
    case "idle":
      await print(timedOutLine(sessionId), context);
      return exitCodes.success;
    case "failed":
      await print(closedLine(sessionId, errorTitle + message), context);
      return began ? exitCodes.sessionFailed : exitCodes.failed;
    case "denied":
    case "lost":
      throw lost(end);
  }
}

/** The error with its cause, which knows what to do about it. */
function lost(
  { message, cause }: { readonly message: string; readonly cause?: unknown },
): CommandError {
  return new CommandError(message, exitCodes.lost, [], [], { cause });
}
