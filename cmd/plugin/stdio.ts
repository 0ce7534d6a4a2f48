/**
 * A session between standard input and output and one port of a node, for the AWS CLI: what ssh's
 * ProxyCommand is (sessions.md §7).
 *
 * @module
 */

import { CommandError, exitCodes } from "../errors.ts";
import type { PluginRun } from "./run.ts";

/**
 * Runs the session to its end.
 * @param run The session.
 * @throws CommandError
 */
export function runStdio(_run: PluginRun): Promise<number> {
  throw new CommandError(
    "Cannot run the session: it is one for standard input and output",
    exitCodes.failed,
  );
}
