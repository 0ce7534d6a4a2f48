/**
 * What to say when a forward's port is taken: by whom, and which one is free.
 *
 * @module
 */

import type { PortInUseError } from "../lib/io/listen_error.ts";
import {
  freePortNear,
  type PortOwner,
  portOwner,
} from "../lib/io/port_owner.ts";
import { visible } from "../lib/text.ts";
import { CommandError, exitCodes } from "./errors.ts";

/** How the machine is asked. */
export interface PortProbes {
  /** Who listens on the port at the address; never rejects. */
  owner(port: number, hostname: string): Promise<PortOwner | undefined>;
  /** The next free port. */
  free(port: number, hostname: string): number | undefined;
}

const realProbes: PortProbes = { owner: portOwner, free: freePortNear };

/**
 * The error about a port in use. It takes up to a second to find out by whom.
 * @param error What listening threw.
 * @param command Spells the command with another local port, for pasting.
 * @param probes How the machine is asked, for the tests.
 */
export async function portInUse(
  error: PortInUseError,
  command: (port: number) => string,
  probes: PortProbes = realProbes,
): Promise<CommandError> {
  const { port, hostname } = error;
  const owner = await probes.owner(port, hostname);
  const free = probes.free(port, hostname);
  return new CommandError(
    error.message +
      (owner === undefined
        ? " by another program"
        : ` by ${visible(owner.program)} (pid ${owner.pid})`),
    exitCodes.failed,
    free === undefined ? [] : [command(free)],
    [],
    { cause: error },
  );
}
