/**
 * The reason that a session's history shows.
 *
 * @module
 */

import { UsageError } from "./errors.ts";

/** `--reason`, for a command's table of flags. */
export const reasonFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "text",
  brief: "Why, for the session's history; up to 256 characters [SSM_REASON]",
  optional: true,
} as const;

/** AWS's limit of a session's reason (api.md §2). */
const longestReason = 256;

/**
 * Takes `--reason`.
 * @param text As typed; empty counts as not given.
 * @throws UsageError When it is too long.
 */
export function checkReason(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if ([...text].length > longestReason) {
    throw new UsageError(
      `Cannot use --reason: it has more than ${longestReason} characters`,
    );
  }
  return text;
}
