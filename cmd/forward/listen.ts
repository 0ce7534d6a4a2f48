/**
 * The local end of a forward, and what to say when it cannot be had.
 *
 * @module
 */

import { ListenError, PortInUseError } from "../../lib/io/listen_error.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { shellQuote } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { ForwardCommandOptions } from "../forward.ts";
import type { ForwardSpec } from "./spec.ts";
import { forwardWords } from "./words.ts";
import { portInUse } from "../port_in_use.ts";
import { connectionArguments } from "../target/target.ts";

/** What a command to paste is made of. */
type TypedForward = Pick<
  ForwardCommandOptions,
  "target" | "specs" | "connection"
>;

/**
 * Listens for a forward.
 * @param spec Which.
 * @param options For a command to paste that would work.
 * @param context The world.
 * @param hint What to do where the port is taken and this one is free; the command, where nothing is
 * said.
 * @throws CommandError
 */
export async function listenFor(
  spec: ForwardSpec,
  options: TypedForward,
  context: Context,
  hint = (port: number) => withPort(spec, port, options),
): Promise<LocalListener[]> {
  try {
    return await context.listen(spec.local);
  } catch (error) {
    if (error instanceof PortInUseError) {
      throw await portInUse(error, hint);
    }
    if (!(error instanceof ListenError)) throw error;
    throw new CommandError(error.message, exitCodes.failed, [], [], {
      cause: error,
    });
  }
}

/** The command with another local port for this forward. */
function withPort(
  spec: ForwardSpec,
  port: number,
  { target, specs, connection }: TypedForward,
): string {
  const others = specs.map((each) =>
    each === spec && each.local.kind === "tcp"
      ? { ...each, local: { ...each.local, port } }
      : each
  );
  return "ssm forward" +
    (target === undefined ? "" : ` ${shellQuote(target)}`) +
    ` ${forwardWords(others)}${connectionArguments(connection)}`;
}
