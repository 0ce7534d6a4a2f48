/**
 * The local end of a forward, and what to say when it cannot be had.
 *
 * @module
 */

import { PortInUseError } from "../lib/io/listen_error.ts";
import type { LocalListener } from "../lib/session/transport.ts";
import { shellQuote } from "../lib/text.ts";
import type { Context } from "./context.ts";
import { CommandError, exitCodes } from "./errors.ts";
import type { ForwardCommandOptions } from "./forward.ts";
import type { ForwardSpec } from "./forward_spec.ts";
import { portInUse } from "./port_in_use.ts";
import { connectionArguments } from "./target.ts";

/**
 * Listens for a forward.
 * @param spec Which.
 * @param options For a command to paste that would work.
 * @param context The world.
 * @throws CommandError
 */
export async function listenFor(
  spec: ForwardSpec,
  options: ForwardCommandOptions,
  context: Context,
): Promise<LocalListener[]> {
  const { local, remoteHost, remotePort } = spec;
  try {
    return await context.listen(local);
  } catch (error) {
    if (error instanceof PortInUseError) {
      const target = options.target === undefined
        ? ""
        : ` ${shellQuote(options.target)}`;
      const remote = remoteHost === undefined
        ? `${remotePort}`
        : `${
          remoteHost.includes(":") ? `[${remoteHost}]` : remoteHost
        }:${remotePort}`;
      throw await portInUse(
        error,
        (port) =>
          `ssm forward${target} --remote ${
            shellQuote(remote)
          } --local ${port}` +
          connectionArguments(options.connection),
      );
    }
    if (error instanceof Error && error.name === "ListenError") {
      throw new CommandError(error.message, exitCodes.failed, [], [], {
        cause: error,
      });
    }
    throw error;
  }
}
