/**
 * What a command by Run Command is asked for and what is missing of it, on one node and on many.
 *
 * @module
 */

import type { CommandOutput } from "../../lib/aws/mod.ts";

/** The documents that run a script. */
export const scriptDocuments = {
  posix: "AWS-RunShellScript",
  windows: "AWS-RunPowerShellScript",
} as const;

/**
 * The longest that Run Command lets a script take, in seconds: two days. A session has no such limit,
 * so this is what is asked for when no other time is; AWS's own default would end it after an hour.
 */
export const longestExecution = 172_800;

/**
 * Seconds for a script.
 * @param timeout Milliseconds; Run Command counts whole seconds, at least one.
 */
export function executionSeconds(timeout: number | undefined): number {
  return timeout === undefined
    ? longestExecution
    : Math.min(longestExecution, Math.max(1, Math.ceil(timeout / 1000)));
}

/** How long a single node has to take a command, in seconds: it is somebody who waits. */
export const delivery = 120;

/** `Comment` has so many characters at most (api.md §5). */
const longestComment = 100;

/**
 * A command's comment in the history.
 * @param reason What the user gave as the reason, if any.
 */
export function commentOf(reason: string | undefined): string | undefined {
  return reason === undefined
    ? undefined
    : [...reason].slice(0, longestComment).join("");
}

/**
 * What to say of output that is not all there.
 * @param truncated Of which stream.
 * @returns `undefined` where nothing is missing.
 */
export function cutMessage(
  truncated: CommandOutput["truncated"],
): string | undefined {
  const kept = [
    ...(truncated.stdout ? ["the first 24 000 bytes of standard output"] : []),
    ...(truncated.stderr
      ? ["the first 8 000 characters of standard error"]
      : []),
  ];
  return kept.length === 0
    ? undefined
    : `Output is missing: Run Command keeps only ${kept.join(" and ")}`;
}
