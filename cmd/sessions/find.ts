/**
 * Finds sessions: in every place that is searched, of whom and where it was asked for.
 *
 * @module
 */

import type { SessionFilter, SessionInformation } from "../../lib/aws/mod.ts";
import type { Connection, Context } from "../context.ts";
import { findTarget } from "../target/find_target.ts";
import type { Place, Places } from "../target/places.ts";

/** Which sessions are looked for. */
export interface SessionQuery {
  readonly connection: Connection;
  readonly state: "Active" | "History";
  /** True: only those of the identity that asks. */
  readonly mine: boolean;
  /** An ARN, or the name at its end. */
  readonly owner: string | undefined;
  /** As typed. */
  readonly target: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly since: number | undefined;
  /** The newest are kept. */
  readonly limit: number | undefined;
}

/** A session, and where it is. */
export interface FoundSession extends SessionInformation {
  readonly place: Place;
  /** The Name tag of the instance, where {@linkcode withNames} found one. */
  readonly name?: string | undefined;
}

/** What {@linkcode findSessions} found. */
export interface FoundSessions {
  /** The newest first. */
  readonly sessions: readonly FoundSession[];
  /** True where there are more than the limit. */
  readonly more: boolean;
}

/**
 * Finds them, in all places at once.
 * @param context The terminal, where a target has to be chosen.
 * @param places Where to look.
 * @param query Which.
 * @param signal Gives up; its reason is thrown.
 * @throws AwsCallError, and what the search for the target throws.
 */
export async function findSessions(
  context: Context,
  places: Places,
  query: SessionQuery,
  signal: AbortSignal,
): Promise<FoundSessions> {
  const { target, connection, limit = Infinity } = query;
  let more = false;
  const look = async (place: Place, signal: AbortSignal, id?: string) => {
    const found: FoundSession[] = [];
    const { filters, fits } = await filtersOf(query, place, signal, id);
    for await (
      const each of place.aws.sessions(query.state, filters, limit, signal)
    ) {
      if (!fits(each)) continue;
      if (found.length >= limit) {
        more = true;
        break;
      }
      found.push({ ...each, place });
    }
    return found;
  };
  let found: readonly FoundSession[];
  if (target === undefined) {
    const search = await places.search(look, signal);
    places.settle(search);
    found = search.found.flatMap(({ value }) => value);
  } else {
    const use = { target, connection, command: "ssm sessions --target" };
    const { id, place } = await findTarget(context, places, use, signal);
    found = await look(place, signal, id);
  }
  const sorted = found.toSorted((a, b) => startOf(b) - startOf(a));
  return {
    sessions: sorted.slice(0, limit),
    more: more || sorted.length > limit,
  };
}

/** What the service is asked for, and what is left to be looked at here. */
async function filtersOf(
  query: SessionQuery,
  { aws }: Place,
  signal: AbortSignal,
  target: string | undefined,
): Promise<{
  readonly filters: readonly SessionFilter[];
  readonly fits: (session: SessionInformation) => boolean;
}> {
  const owner = query.mine
    ? (await aws.callerIdentity(signal)).arn
    : query.owner;
  const isArn = owner?.startsWith("arn:") ?? false;
  const filters = [
    ["Target", target],
    ["Owner", isArn ? owner : undefined],
    [
      "InvokedAfter",
      query.since === undefined
        ? undefined
        : new Date(query.since).toISOString().replace(/\.\d+Z$/, "Z"),
    ],
  ].flatMap(([key = "", value]) => value === undefined ? [] : [{ key, value }]);
  return {
    filters,
    // What is ended by a filter must not hang on how the service reads it.
    fits: (session) =>
      owner === undefined || session.owner === owner ||
      (!isArn && ownerNames(session.owner).includes(owner)),
  };
}

/** What people call the owner: the parts behind the account. */
function ownerNames(arn = ""): string[] {
  return arn.split(":").slice(5).join(":").split("/").slice(1);
}

/**
 * The same sessions, with the names of their instances, as far as EC2 tells them.
 * @param sessions In any order.
 * @param signal Gives up; its reason is thrown.
 */
export async function withNames(
  sessions: readonly FoundSession[],
  signal: AbortSignal,
): Promise<readonly FoundSession[]> {
  const byPlace = Map.groupBy(sessions, ({ place }) => place);
  const names = new Map(
    await Promise.all([...byPlace].map(async ([place, there]) => {
      const ids = new Set(
        there.map(({ target }) => target).filter((id) => id.startsWith("i-")),
      );
      return [
        place,
        ids.size === 0 ? undefined : await place.aws.namesOf([...ids], signal),
      ] as const;
    })),
  );
  return sessions.map((session) => ({
    ...session,
    name: names.get(session.place)?.get(session.target),
  }));
}

function startOf({ startDate }: SessionInformation): number {
  return startDate?.getTime() ?? 0;
}
