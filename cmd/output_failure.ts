/**
 * Output that could not be written.
 *
 * @module
 */

import { SignalError } from "../lib/session/signal_error.ts";
import { platformReason } from "../lib/text.ts";
import { CommandError, exitCodes } from "./errors.ts";

/**
 * What a failed write to a standard stream means. That nobody reads it stays what it is, as
 * `describeError` knows it; everything else, such as a full disk, is an error of what was running.
 * @param error What the write threw.
 */
export function outputFailure(error: unknown): unknown {
  if (
    error instanceof SignalError || error instanceof Deno.errors.BrokenPipe ||
    error instanceof CommandError
  ) return error;
  return new CommandError(
    `Cannot write output: ${platformReason(error)}`,
    exitCodes.sessionFailed,
    [],
    [],
    { cause: error },
  );
}
