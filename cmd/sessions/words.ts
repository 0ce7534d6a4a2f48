/**
 * Sessions in words: as rows of a table, as JSON and as CSV.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { FoundSession } from "./find.ts";
import { type Column, layOut } from "./columns.ts";

/**
 * A table of sessions.
 * @param sessions At least one.
 * @param now Milliseconds since the Unix epoch.
 * @param width Columns of the terminal; Infinity where nothing is to be cut.
 */
export function sessionTable(
  sessions: readonly FoundSession[],
  now: number,
  width: number,
): string[] {
  const ended = sessions.some(({ endDate }) => endDate !== undefined);
  return layOut<FoundSession>(
    [
      // The ends tell sessions apart, and are enough for 'kill'.
      {
        title: "SESSION",
        cell: ({ id }) => visible(id),
        least: 12,
        importance: 9,
        keepEnd: true,
      },
      {
        title: "NAME",
        cell: ({ name = "" }) => visible(name),
        least: 12,
        importance: 8,
      },
      {
        title: "TARGET",
        cell: ({ target }) => visible(target),
        least: 10,
        importance: 7,
        keepEnd: true,
      },
      {
        title: "PLACE",
        cell: ({ place }) => visible(place.label),
        least: 9,
        importance: 6,
      },
      {
        title: "STATUS",
        cell: ({ status }) => visible(status),
        importance: 8,
      },
      {
        title: "OWNER",
        cell: ({ owner = "" }) => visible(shortOwner(owner)),
        least: 10,
        importance: 5,
      },
      ended
        ? {
          title: "STARTED",
          cell: ({ startDate }) => dateText(startDate, now),
          importance: 6,
        }
        : {
          title: "AGE",
          cell: ({ startDate }) => since(startDate, now),
          importance: 6,
        },
      {
        title: "LASTED",
        cell: ({ startDate, endDate }) =>
          endDate === undefined ? "" : since(startDate, endDate.getTime()),
        importance: 3,
      },
      {
        title: "REASON",
        cell: ({ reason = "" }) => visible(reason),
        least: 12,
        importance: 4,
      },
      {
        title: "DOCUMENT",
        cell: ({ documentName = "" }) => visible(documentName),
        least: 8,
        importance: 2,
      },
    ] satisfies Column<FoundSession>[],
    sessions,
    width,
  );
}

/** One session as a program gets it. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly target: string;
  readonly name?: string | undefined;
  readonly status: string;
  readonly owner?: string | undefined;
  readonly started?: string | undefined;
  readonly ended?: string | undefined;
  readonly document?: string | undefined;
  readonly reason?: string | undefined;
  readonly details?: string | undefined;
  readonly outputUrl?: string | undefined;
  /** `profile/region`, where several places were searched. */
  readonly place?: string | undefined;
}

/** A session for a program. Members that are not known are left out. */
export function sessionRecord(session: FoundSession): SessionRecord {
  return {
    sessionId: session.id,
    target: session.target,
    name: session.name,
    status: session.status,
    owner: session.owner,
    started: session.startDate?.toISOString(),
    ended: session.endDate?.toISOString(),
    document: session.documentName,
    reason: session.reason,
    details: session.details,
    outputUrl: session.outputUrl,
    place: session.place.label || undefined,
  };
}

const csvColumns = [
  "sessionId",
  "target",
  "name",
  "status",
  "owner",
  "started",
  "ended",
  "document",
  "reason",
  "details",
  "outputUrl",
  "place",
] as const;

/**
 * Sessions as CSV (RFC 4180), with a header; columns that are empty stay, so that programs can
 * count on them.
 * @param sessions In their order.
 */
export function sessionCsv(sessions: readonly FoundSession[]): string {
  const rows = sessions.map((session) => {
    const record = sessionRecord(session);
    return csvColumns.map((name) => csvCell(record[name] ?? "")).join(",");
  });
  return [csvColumns.join(","), ...rows].map((row) => `${row}\r\n`).join("");
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What people call them: the user, or the name of a role's session, which is a mail address with
 * SSO.
 */
function shortOwner(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** In this machine's time; the year where it is another one, as `ls` does. */
function dateText(date: Date | undefined, now: number): string {
  if (date === undefined) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const year = date.getFullYear() === new Date(now).getFullYear()
    ? ""
    : `${date.getFullYear()}-`;
  return `${year}${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * How long it was, in the two largest units.
 * @param start When it began.
 * @param end Milliseconds since the Unix epoch.
 */
export function since(start: Date | undefined, end: number): string {
  if (start === undefined) return "";
  const seconds = Math.max(0, Math.floor((end - start.getTime()) / 1000));
  const units = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at < 0) return "0s";
  const [first, second] = [units[at]!, units[at + 1]];
  const whole = Math.floor(seconds / first[1]);
  const rest = second === undefined
    ? 0
    : Math.floor((seconds % first[1]) / second[1]);
  return `${whole}${first[0]}` +
    (rest > 0 && second !== undefined ? ` ${rest}${second[0]}` : "");
}
