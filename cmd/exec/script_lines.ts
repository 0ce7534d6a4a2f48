/**
 * A command as the script of Run Command.
 *
 * @module
 */

import { powerShellCall, shellLine } from "../../lib/session/relay/words.ts";

/** A script for either kind of node. */
export interface ScriptLines {
  readonly posix: readonly string[];
  readonly windows: readonly string[];
}

/**
 * The script.
 * @param line Program and arguments, or a line for the node's shell.
 */
export function scriptLines(line: readonly string[] | string): ScriptLines {
  return typeof line === "string"
    ? { posix: line.split("\n"), windows: line.split("\n") }
    : { posix: [shellLine(line)], windows: [powerShellCall(line)] };
}
