/**
 * What `ssm sessions kill` does: it finds sessions, shows them, asks, and ends them.
 *
 * @module
 */

import { AwsCallError } from "../../lib/aws/errors.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import { askLine } from "../ask_line.ts";
import type { Connection, Context } from "../context.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";
import { Notices } from "../notices.ts";
import { Places } from "../target/places.ts";
import { connectionArguments } from "../target/target.ts";
import { findSessions, type FoundSession, withNames } from "./find.ts";
import { isWholeId, matchSession } from "./match.ts";
import { sessionTable } from "./words.ts";

/** What to end. */
export interface SessionKillOptions {
  readonly connection: Connection;
  /** As typed; empty where all of this identity are meant. */
  readonly ids: readonly string[];
  /** True: of those, the ones that nobody is connected to. */
  readonly orphaned: boolean;
  readonly target: string | undefined;
  /** True: nobody is asked. */
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
}

/** So many are ended at a time. */
const atOnce = 5;

/**
 * Ends sessions.
 * @param options Which.
 * @param context The world.
 * @returns 0 when all that were to end have; 1 when one could not be ended, or the user says no.
 * @throws CommandError, AwsCallError
 */
export async function runSessionKill(
  options: SessionKillOptions,
  context: Context,
): Promise<number> {
  const { terminal, log, signal } = context;
  const notices = new Notices(terminal, options, log);
  try {
    using places = await Places.open(context, options.connection, notices);
    const sessions = await chosen(options, context, places, signal);
    if (sessions.length === 0) {
      notices.say(
        options.orphaned
          ? "No session of yours is without a client"
          : "No session of yours lives",
      );
      return exitCodes.success;
    }
    // One that was named is meant.
    const sure = options.yes ||
      (options.ids.length > 0 && sessions.length === 1);
    if (
      !sure &&
      !await agreed(await withNames(sessions, signal), options, context)
    ) {
      notices.say("Nothing was ended");
      return exitCodes.sessionFailed;
    }
    return await end(sessions, notices, signal);
  } finally {
    await notices.written();
  }
}

async function chosen(
  options: SessionKillOptions,
  context: Context,
  places: Places,
  signal: AbortSignal,
): Promise<readonly FoundSession[]> {
  const { ids, orphaned } = options;
  const query = {
    connection: options.connection,
    state: "Active",
    mine: ids.length === 0,
    owner: undefined,
    target: options.target,
    since: undefined,
    limit: undefined,
  } as const;
  let sessions: readonly FoundSession[];
  try {
    ({ sessions } = await findSessions(context, places, query, signal));
  } catch (error) {
    // Who may end sessions need not be allowed to list them.
    const unlisted = error instanceof AwsCallError &&
      error.kind === "access-denied" && ids.length > 0 && ids.every(isWholeId);
    if (!unlisted || places.several) throw error;
    sessions = ids.map((id) => ({
      id,
      target: "",
      status: "",
      place: places.first,
    }));
  }
  return ids.length > 0
    ? [...new Set(ids.map((id) => matchSession(id, sessions)))]
    : orphaned
    ? sessions.filter(({ status }) => status === "Disconnected")
    : sessions;
}

/** Shows them, and asks. */
async function agreed(
  sessions: readonly FoundSession[],
  { orphaned, connection, ids, target }: SessionKillOptions,
  context: Context,
): Promise<boolean> {
  const { terminal, clock, attended, signal } = context;
  const now = clock.wall?.() ?? clock.now();
  const many = sessions.length === 1
    ? "1 session"
    : `${sessions.length} sessions`;
  const width = context.errorIsTerminal
    ? terminal.size()?.cols ?? Infinity
    : Infinity;
  if (!attended) {
    const words = ids.length > 0
      ? ids.map(shellQuote).join(" ")
      : (orphaned ? "--orphaned" : "--mine") +
        (target === undefined ? "" : ` --target ${shellQuote(target)}`);
    throw new CommandError(
      `Cannot end ${many} without asking: there is no terminal to ask on`,
      exitCodes.failed,
      [
        `ssm sessions kill ${words} --yes${connectionArguments(connection)}`,
      ],
      sessionTable(sessions, now, Infinity),
    );
  }
  const lines = [
    ...sessionTable(sessions, now, width),
    ...warning(sessions, orphaned),
  ];
  await terminal.writeError(
    new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
  );
  const answer = await askLine(terminal, `End ${many}? [y/N] `, signal);
  if (answer === undefined) {
    await terminal.writeError(new TextEncoder().encode("\n"));
  }
  return /^y(es)?$/i.test(answer ?? "");
}

/** What the list does not say by itself. */
function warning(
  sessions: readonly FoundSession[],
  orphaned: boolean,
): string[] {
  if (orphaned) {
    return [
      "No client is connected to them now. One that has lost its network, or whose",
      "machine sleeps, may still come back to its session.",
    ];
  }
  const connected = sessions.filter(({ status }) => status === "Connected");
  return connected.length === 0 ? [] : [
    connected.length === 1
      ? "1 is connected: somebody uses it, here or on another machine."
      : `${connected.length} are connected: somebody uses them, here or on another machine.`,
  ];
}

async function end(
  sessions: readonly FoundSession[],
  notices: Notices,
  signal: AbortSignal,
): Promise<number> {
  const failures: {
    readonly session: FoundSession;
    readonly error: unknown;
  }[] = [];
  const waiting = sessions.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, sessions.length) }, async () => {
      for (const session of waiting) {
        const { id, target, place } = session;
        try {
          await place.aws.terminateSession(id, signal);
        } catch (error) {
          signal.throwIfAborted();
          failures.push({ session, error });
          continue;
        }
        notices.say(
          `Ended ${visible(id)}` +
            (target === "" ? "" : ` on ${visible(target)}`),
        );
      }
    }),
  );
  const [first] = failures;
  if (first === undefined) return exitCodes.success;
  if (sessions.length === 1) throw first.error;
  throw new CommandError(
    `Cannot end ${failures.length} of ${sessions.length} sessions`,
    exitCodes.sessionFailed,
    describeError(first.error).hints,
    failures.map(({ session, error }) =>
      `${visible(session.id)}: ${describeError(error).message ?? ""}`
    ),
    { cause: first.error },
  );
}
