/**
 * From what the user typed to one session.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { FoundSession } from "./find.ts";

/** Enough of an id that it is meant, and not a slip of the hand. */
const shortestPart = 4;

/**
 * True for what can only be a whole id: a name, and 17 hex digits or 26 letters and digits (api.md
 * §2).
 * @param text As typed.
 */
export function isWholeId(text: string): boolean {
  return /.-(?:[0-9a-f]{17}|[0-9a-z]{26})$/.test(text);
}

/**
 * The one session that was meant.
 * @param typed An id, or a beginning or end that only one has.
 * @param sessions Those that live.
 * @throws CommandError where it is none or several.
 */
export function matchSession(
  typed: string,
  sessions: readonly FoundSession[],
): FoundSession {
  const exact = sessions.find(({ id }) => id === typed);
  if (exact !== undefined) return exact;
  const near = typed.length < shortestPart
    ? []
    : sessions.filter(({ id }) => id.startsWith(typed) || id.endsWith(typed));
  const [first] = near;
  if (first !== undefined && near.length === 1) return first;
  throw new CommandError(
    near.length > 1
      ? `Cannot tell which session is meant: ${near.length} ids begin or end with ${
        visible(typed)
      }`
      : `Cannot find session ${visible(typed)}: no session that lives has it` +
        (typed.length < shortestPart
          ? ` as its id, and fewer than ${shortestPart} characters may mean any`
          : ""),
    exitCodes.failed,
    ["ssm sessions"],
    near.map(({ id, target }) => `${visible(id)}  ${visible(target)}`),
  );
}
