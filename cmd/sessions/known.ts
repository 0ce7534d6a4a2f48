/**
 * Sessions that were listed lately, for completions alone: ids and targets in a private file. What
 * is to be ended is always asked of AWS.
 *
 * @module
 */

import { editFile } from "../../lib/io/edit_file.ts";
import { cacheFolder } from "../cache_folder.ts";
import type { Context } from "../context.ts";
import type { FoundSession } from "./find.ts";

/** A session that lived when it was listed. */
export interface KnownSession {
  readonly id: string;
  /** Its node's name, or its target's id. */
  readonly on: string;
}

/** So long they are of use, in milliseconds: sessions end within the hour, as a rule. */
const useful = 3600_000;

/** No more than the newest so many are kept. */
const most = 200;

/**
 * Keeps sessions that were listed, in place of those before. Never rejects: it is a cache.
 * @param sessions The newest first.
 * @param context The environment.
 * @param now Milliseconds since the Unix epoch.
 */
export async function rememberSessions(
  sessions: readonly FoundSession[],
  { env }: Pick<Context, "env">,
  now: number,
): Promise<void> {
  const path = pathIn(env);
  if (path === undefined) return;
  const list: KnownSession[] = sessions.slice(0, most)
    .map(({ id, name, target }) => ({ id, on: name ?? target }));
  const text = JSON.stringify({ at: now, sessions: list });
  try {
    await editFile(path, () => new TextEncoder().encode(text));
  } catch {
    // A home that cannot be written to has no cache.
  }
}

/**
 * The sessions that were listed lately.
 * @param context The environment.
 * @param now Milliseconds since the Unix epoch.
 */
export async function knownSessions(
  { env }: Pick<Context, "env">,
  now: number,
): Promise<readonly KnownSession[]> {
  const path = pathIn(env);
  if (path === undefined) return [];
  try {
    const { at, sessions }: { at?: unknown; sessions?: unknown } = JSON.parse(
      await Deno.readTextFile(path),
    );
    // One of the future was written by another clock.
    if (typeof at !== "number" || Math.abs(now - at) > useful) return [];
    return Array.isArray(sessions) ? sessions.filter(isKnown) : [];
  } catch {
    return [];
  }
}

function pathIn(env: Context["env"]): string | undefined {
  const folder = cacheFolder(env);
  return folder === undefined ? undefined : `${folder}/sessions.json`;
}

function isKnown(value: unknown): value is KnownSession {
  return typeof value === "object" && value !== null && "id" in value &&
    typeof value.id === "string" && "on" in value &&
    typeof value.on === "string";
}
