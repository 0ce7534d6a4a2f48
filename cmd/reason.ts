/**
 * The reason that a session's history shows.
 *
 * @module
 */

import { UsageError } from "./errors.ts";

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
