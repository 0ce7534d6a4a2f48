/**
 * The end of a command by Run Command, as an exit code and a reason.
 *
 * @module
 */

import { type CommandState, stateReason } from "../../lib/aws/command_state.ts";
import { exitCodes } from "../errors.ts";

/** What became of a command on a node. */
export interface CommandOutcome {
  /** The exit code. */
  readonly code: number;
  /** Why it is not the command's own, as a phrase; `undefined` where it is. */
  readonly reason: string | undefined;
  /** False when the command never began. */
  readonly began: boolean;
}

/**
 * What a state comes to.
 * @param state How the command stands.
 * @param code The script's exit code, where it has one.
 */
export function outcomeOf(state: CommandState, code: number): CommandOutcome {
  switch (state) {
    case "ended":
      return { code, reason: undefined, began: true };
    case "execution-timed-out":
      return failed(exitCodes.timeout, true);
    case "running":
    case "cancelled":
    case "failed":
      return failed(exitCodes.sessionFailed, true);
    default:
      return failed(exitCodes.failed, false);
  }

  function failed(code: number, began: boolean): CommandOutcome {
    return { code, reason: stateReason(state), began };
  }
}

/**
 * A command's exit code as one of ours. Systems but Windows keep its lowest eight bits, and a
 * Windows node's have 32: no failure becomes 0 so.
 * @param code As told; not negative.
 */
export function ownExitCode(code: number): number {
  return code !== 0 && code % 256 === 0 ? exitCodes.sessionFailed : code;
}
