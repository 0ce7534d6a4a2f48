/**
 * A known target's session starts at once: on the node that it was when it was last looked up, while
 * it is looked up again. A wrong guess is ended before a byte is exchanged.
 *
 * @module
 */

import type { CachedNode, CacheScope } from "../../lib/aws/target_cache.ts";
import { formatTarget, parseTarget } from "../../lib/aws/target_spec.ts";
import type { SessionControl } from "../../lib/session/control.ts";
import type { Connection, Context, StartedSession } from "../context.ts";
import { EndOnce, notEnded } from "../session_end.ts";
import { ChoiceNeededError } from "./find_node.ts";
import type { FoundTarget } from "./find_target.ts";
import type { Places } from "./places.ts";
import type { TargetUse } from "./target.ts";

/** A target of a cache, by which it is looked up there. */
interface Known {
  readonly scope: CacheScope;
  /** What it is kept as. */
  readonly key: string;
  /** What else may be known of it: a word is usually a Name tag, which lists keep. */
  readonly also: readonly string[];
}

/**
 * The node that a target was a short time ago.
 * @param context The cache.
 * @param places Where to look.
 * @param use The target.
 * @param lookUp Looks it up.
 * @param signal Gives up.
 * @returns The node, with the lookup as its `truth`; `undefined` where nothing is known.
 * @throws InvalidTargetError, AwsCallError Without credentials or a region.
 */
export async function guessTarget(
  context: Pick<Context, "targetMemory">,
  places: Places,
  use: TargetUse,
  lookUp: () => Promise<FoundTarget>,
  signal: AbortSignal,
): Promise<FoundTarget | undefined> {
  const known = await knownAs(places, use, signal);
  if (known === undefined) return undefined;
  const memory = context.targetMemory();
  const cached = [known.key, ...known.also]
    .map((key) => memory.find(known.scope, key))
    .find((each) => each !== undefined);
  if (cached === undefined) return undefined;
  const { id, name, platform, agentVersion, profile, region } = cached;
  const place = await places.at(profile, region);
  if (place === undefined) return undefined;
  let asked: Promise<FoundTarget> | undefined;
  const truth = () => {
    if (asked === undefined) {
      asked = lookUp();
      // Whoever uses the guess asks again.
      asked.catch(() => {});
    }
    return asked;
  };
  return { id, name, platform, agentVersion, place, truth };
}

/**
 * Keeps what a target was found to be.
 * @param context The cache.
 * @param places Where it was looked for.
 * @param use The target.
 * @param node What it is; `undefined` where it is nothing any more.
 * @param signal Gives up.
 */
export async function rememberTarget(
  context: Pick<Context, "targetMemory">,
  places: Places,
  use: TargetUse,
  node: FoundTarget | undefined,
  signal: AbortSignal,
): Promise<void> {
  const known = await knownAs(places, use, signal);
  if (known === undefined) return;
  const keys = node === undefined ? [known.key, ...known.also] : [known.key];
  context.targetMemory().remember(
    known.scope,
    keys.map((key) => [key, node && cachedNode(node, places)]),
  );
}

/**
 * Keeps the nodes of a list: their Name tags are then known, those that several have as names to
 * complete only.
 * @param context The cache.
 * @param places Where they were listed.
 * @param nodes The nodes.
 * @param signal Gives up.
 */
export async function rememberNodes(
  context: Pick<Context, "targetMemory">,
  places: Places,
  nodes: readonly FoundTarget[],
  signal: AbortSignal,
): Promise<void> {
  if (places.first.connection.cache === false || nodes.length === 0) return;
  const scope = await scopeOf(places, signal);
  if (scope === undefined) return;
  const counts = new Map<string, number>();
  for (const { name } of nodes) {
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  context.targetMemory().remember(
    scope,
    nodes.flatMap((node) => {
      const { id, name } = node;
      if (name === undefined) return [];
      const key = counts.get(name) === 1
        ? formatTarget({ kind: "name", name })
        : formatTarget({ kind: "id", id });
      return [[key, cachedNode(node, places)] as const];
    }),
  );
}

/**
 * Starts a session on a node that may be a guess, and says on which one it runs.
 * @param node From `findTarget`.
 * @param start Starts a session there.
 * @param end Ends one that was started on the wrong node; never rejects.
 * @param fits False where another node than the guess needs another start.
 * @throws What `start` and the lookup throw; {@linkcode MovedTargetError}.
 */
export async function startConfirmed(
  node: FoundTarget,
  start: (node: FoundTarget) => Promise<StartedSession>,
  end: (started: StartedSession) => Promise<void>,
  fits: (node: FoundTarget) => boolean = () => true,
): Promise<{ readonly started: StartedSession; readonly node: FoundTarget }> {
  const { truth } = node;
  if (truth === undefined) return { started: await start(node), node };
  let started: StartedSession | undefined;
  let failure: unknown;
  try {
    started = await start(node);
  } catch (error) {
    failure = error;
  }
  let real: FoundTarget;
  try {
    real = await truth();
  } catch (error) {
    if (started !== undefined) await end(started);
    if (!(error instanceof ChoiceNeededError)) throw error;
    real = await error.choose();
    if (!fits(real)) throw new MovedTargetError(real);
    return { started: await start(real), node: real };
  }
  if (real.id === node.id) {
    if (started === undefined) throw failure;
    return { started, node: real };
  }
  if (started !== undefined) await end(started);
  if (!fits(real)) throw new MovedTargetError(real);
  return { started: await start(real), node: real };
}

/**
 * Ends a session that was started on the wrong node; what keeps us from it is said.
 * @param sessionId The session.
 * @param control Its control.
 * @param say Takes a line.
 * @param connection Where it is, for a hint.
 */
export async function endSession(
  sessionId: string,
  control: SessionControl,
  say: (line: string) => void,
  connection?: Connection,
): Promise<void> {
  await new EndOnce(control).terminate((cause) =>
    say(notEnded(sessionId, cause, connection))
  );
}

/** A target is another node than it was, and another kind of one. */
export class MovedTargetError extends Error {
  override name = "MovedTargetError";
  /** @param node What it is now. */
  constructor(readonly node: FoundTarget) {
    super(`The target is ${node.id} now`);
  }
}

async function knownAs(
  places: Places,
  { target, grammar, connection }: TargetUse,
  signal: AbortSignal,
): Promise<Known | undefined> {
  if (connection.cache === false) return undefined;
  const spec = parseTarget(target, grammar);
  // An id is what it is, unless it has to be found.
  if (spec.kind === "id" && !places.several) return undefined;
  const scope = await scopeOf(places, signal);
  if (scope === undefined) return undefined;
  const named = formatTarget(spec);
  if (spec.kind !== "word") return { scope, key: named, also: [] };
  // The same word may be ports or tags, depending on the command.
  const key = grammar?.bareTags === false ? "plain" : "word";
  return {
    scope,
    key: `${key}:${spec.text}`,
    also: spec.tags === undefined ? [named] : [],
  };
}

/** Where one of several places is of no use, the search says so, and the others are. */
async function scopeOf(
  places: Places,
  signal: AbortSignal,
): Promise<CacheScope | undefined> {
  try {
    return await places.scope(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (places.several) return undefined;
    throw error;
  }
}

function cachedNode(
  { id, name, platform, agentVersion, place }: FoundTarget,
  places: Places,
): CachedNode {
  const { profile, region } = place.connection;
  return {
    id,
    name,
    platform,
    agentVersion,
    ...(places.several ? { profile, region } : {}),
  };
}
