/**
 * Points in time as people type them.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { duration } from "../flags.ts";

/**
 * Checks a point in time: a date, with a time or without, or how long ago it was.
 * @param text `2026-11-21`, `2026-11-21T09:00:00Z`, `90m`, `7d`.
 * @returns The text.
 * @throws UsageError
 */
export function pointInTime(text: string): string {
  millisecondsOf(text, 0);
  return text;
}

/**
 * A point in time that {@linkcode pointInTime} let pass.
 * @param text As typed.
 * @param now Milliseconds since the Unix epoch.
 * @returns Milliseconds since the Unix epoch. A date without a time is this machine's midnight.
 * @throws UsageError
 */
export function millisecondsOf(text: string, now: number): number {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const time = Date.parse(text.length === 10 ? `${text}T00:00` : text);
    if (!Number.isNaN(time)) return time;
  } else if (/^\d+(\.\d+)?[smhd]$/.test(text)) return now - duration(text);
  throw new UsageError(
    "a date is 2026-11-21 or 2026-11-21T09:00Z, and 7d or 2h is so long ago",
  );
}
