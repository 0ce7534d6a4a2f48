/**
 * What to say of a node that is not in this region, but in another one.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { type TargetUse, withTarget } from "./target.ts";

/** Where a node was looked for, and where it is. */
export interface ElsewhereUse extends TargetUse {
  /** The region that does not have it; `undefined` where that is not known. */
  readonly region: string | undefined;
}

/**
 * The error, with a command to paste for each region.
 * @param what The node, as the user knows it.
 * @param regions Those that have it, at least one.
 * @param use What for.
 * @param cause What it was found missing by.
 */
export function foundElsewhere(
  what: string,
  regions: readonly string[],
  { region, ...use }: ElsewhereUse,
  cause: unknown,
): CommandError {
  return new CommandError(
    `Cannot find ${visible(what)}: it is not in ${
      region === undefined ? "this region" : visible(region)
    }, but found in ${regions.map(visible).join(", ")}`,
    exitCodes.failed,
    regions.map((region) =>
      withTarget(use.target, {
        ...use,
        connection: { ...use.connection, region },
      })
    ),
    [],
    { cause },
  );
}
