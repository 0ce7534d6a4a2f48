/**
 * Which ways a command may run on a node, the best first (lib/session/remote_command.ts).
 *
 * @module
 */

import {
  type CommandWay,
  tellsExitCodes,
} from "../../lib/session/remote_command.ts";
import { UsageError } from "../errors.ts";

/** What decides. */
export interface WayNeeds {
  /** Any bytes have to arrive. */
  readonly binary: boolean;
  /** It gets input, variables or a script of ours. */
  readonly carries: string | undefined;
  /** `Linux`, `Windows` or `MacOS`; `undefined` where nobody told. */
  readonly platform: string | undefined;
  /** The agent's; `undefined` where nobody told. */
  readonly agentVersion: string | undefined;
  /** A container of ECS, whose only sessions are those on a terminal (sessions.md §9). */
  readonly container: boolean;
}

/**
 * The ways to try, in turn.
 * @param needs What decides.
 * @throws UsageError When the node can have none.
 */
export function commandWays(needs: WayNeeds): CommandWay[] {
  const { binary, carries, platform, agentVersion, container } = needs;
  if (container && platform === "Windows") throw windowsContainer();
  if (container) return ["terminal"];
  if (platform === "Windows") {
    const refused = carries ?? (binary ? "--binary" : undefined);
    if (refused === undefined) return ["powershell"];
    throw new UsageError(
      `Cannot use ${refused} with a node that runs Windows: no session carries it there`,
    );
  }
  if (carries !== undefined) return ["terminal"];
  // Where the version is not known, the attempt tells.
  const separates = agentVersion === undefined ||
    tellsExitCodes(agentVersion);
  if (!separates) return ["terminal"];
  return [binary ? "pipe" : "plain", "terminal"];
}

/**
 * Commands with outputs apart and an exit code need a POSIX shell on a terminal.
 */
export function windowsContainer(): UsageError {
  return new UsageError(
    "Cannot run a command in a Windows container: its sessions tell neither outputs nor exit " +
      "codes apart; ssm shell has --command",
  );
}
