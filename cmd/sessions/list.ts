/**
 * What `ssm sessions list` does.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { Notices } from "../notices.ts";
import { Places } from "../target/places.ts";
import {
  findSessions,
  type FoundSession,
  type SessionQuery,
  withNames,
} from "./find.ts";
import { rememberSessions } from "./known.ts";
import { millisecondsOf } from "./since.ts";
import { sessionCsv, sessionRecord, sessionTable } from "./words.ts";

/** What to list, and how. */
export interface SessionListOptions extends Omit<SessionQuery, "since"> {
  /** As typed. */
  readonly since: string | undefined;
  readonly output: "table" | "json" | "csv" | "ids";
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Lists sessions on standard output.
 * @param options Which, and how.
 * @param context The world.
 * @returns The exit code.
 * @throws UsageError, AwsCallError, and what the search for the target throws.
 */
export async function runSessionList(
  options: SessionListOptions,
  context: Context,
): Promise<number> {
  const { terminal, clock, log, signal } = context;
  const notices = new Notices(terminal, options, log);
  const now = clock.wall?.() ?? clock.now();
  try {
    using places = await Places.open(context, options.connection, notices);
    const { sessions: found, more } = await findSessions(context, places, {
      ...options,
      since: options.since === undefined
        ? undefined
        : millisecondsOf(options.since, now),
    }, signal);
    const sessions = options.output === "ids"
      ? found
      : await withNames(found, signal);
    // Of everybody and everywhere, as far as it was asked for: better than nothing.
    if (options.state === "Active") {
      await rememberSessions(sessions, context, now);
    }
    await terminal.write(
      new TextEncoder().encode(
        textOf(sessions, options.output, now, widthOf(context)),
      ),
    );
    if (sessions.length === 0) {
      notices.say(
        options.state === "Active" ? "No sessions live" : "No sessions found",
      );
    }
    if (more) {
      notices.say(
        `There are more than ${options.limit}; --limit shows more of them`,
      );
    }
    return exitCodes.success;
  } finally {
    await notices.written();
  }
}

/** Where it is not looked at on a terminal, nothing is cut. */
function widthOf({ terminal, outputIsTerminal }: Context): number {
  return outputIsTerminal ? terminal.size()?.cols ?? Infinity : Infinity;
}

function textOf(
  sessions: readonly FoundSession[],
  output: SessionListOptions["output"],
  now: number,
  width: number,
): string {
  switch (output) {
    case "json":
      return JSON.stringify(sessions.map(sessionRecord), null, 2) + "\n";
    case "csv":
      return sessionCsv(sessions);
    case "ids":
      return sessions.map(({ id }) => `${id}\n`).join("");
    case "table":
      return sessions.length === 0
        ? ""
        : sessionTable(sessions, now, width).map((line) => `${line}\n`)
          .join("");
  }
}
