/**
 * Which node a target was when it was last looked up: a guess to begin with while it is looked up
 * again, and names for completions. Pure; `lib/io/cache_file.ts` keeps the text.
 *
 * @module
 */

import { present } from "./present.ts";

/** Where and as whom a target was looked up; the same target may be another node elsewhere. */
export interface CacheScope {
  /** The profile, or several separated by commas; empty where credentials are of the environment. */
  readonly profile: string;
  /** The region; `*` for all of the account. */
  readonly region: string;
  /** The endpoint of the SSM calls; empty for AWS's own. */
  readonly endpoint: string;
  /** What tells accounts apart, without telling the account: see `identity.ts`. */
  readonly account: string;
}

/** A node that a target was. */
export interface CachedNode {
  readonly id: string;
  /** Its Name tag, if that is known. */
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
  readonly agentVersion?: string | undefined;
  /** Where it was found, if several places were searched. */
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
}

/** A target's node, and when it was looked up, in milliseconds since the Unix epoch. */
interface Entry extends CachedNode {
  readonly at: number;
}

/** A file of another version is one without entries. */
const version = 1;

/**
 * So long a node is a guess, in milliseconds. It is looked up again beside it in any case, so that a
 * wrong one costs a session that is ended before it is used, and no shell on the wrong machine.
 */
export const guessedFor = 3600_000;

/** So long names are completed, in milliseconds. */
export const completedFor = 7 * 24 * 3600_000;

/** Bounds of the file: an account of 5000 nodes is 1 MB. */
const mostScopes = 32;
const mostEntries = 10_000;

/** What was looked up, in the order in which it was. */
export class TargetCache {
  /** By scope, and then by target. */
  readonly #scopes: Map<string, Map<string, Entry>>;

  private constructor(scopes: Map<string, Map<string, Entry>>) {
    this.#scopes = scopes;
  }

  /**
   * Reads the file's text. What is no cache of ours is an empty one.
   *
   * @param text The text; `undefined` where there is none.
   */
  static parse(text: string | undefined): TargetCache {
    const scopes = new Map<string, Map<string, Entry>>();
    const { scopes: list } = readJson(text);
    for (const scope of Array.isArray(list) ? list : []) {
      const key = readScope(scope);
      const targets = isRecord(scope) ? scope.targets : undefined;
      if (key === undefined || !isRecord(targets)) continue;
      const entries = Object.entries(targets).flatMap(([target, value]) => {
        const entry = readEntry(value);
        return entry === undefined ? [] : [[target, entry] as const];
      });
      scopes.set(key, new Map(entries));
    }
    return new TargetCache(scopes);
  }

  /**
   * The node that a target was a short time ago.
   *
   * @param scope Where.
   * @param target As `cacheKey` of `target_spec.ts` writes it.
   * @param now Milliseconds since the Unix epoch.
   */
  find(
    scope: CacheScope,
    target: string,
    now: number,
  ): CachedNode | undefined {
    const entry = this.#scopes.get(keyOf(scope))?.get(target);
    // One of the future was written by another clock.
    if (entry === undefined || Math.abs(now - entry.at) > guessedFor) {
      return undefined;
    }
    const { at: _, ...node } = entry;
    return node;
  }

  /**
   * Whether a target is kept as it is, and so lately that there is nothing to write.
   *
   * @param scope Where.
   * @param target As for {@linkcode find}.
   * @param node What it is.
   * @param now Milliseconds since the Unix epoch.
   */
  has(
    scope: CacheScope,
    target: string,
    node: CachedNode,
    now: number,
  ): boolean {
    const entry = this.#scopes.get(keyOf(scope))?.get(target);
    return entry !== undefined && Math.abs(now - entry.at) < guessedFor / 4 &&
      Object.entries(present({ ...node })).every(([key, value]) =>
        entry[key as keyof CachedNode] === value
      );
  }

  /**
   * Keeps what targets were found to be.
   *
   * @param scope Where.
   * @param found Targets and nodes.
   * @param now Milliseconds since the Unix epoch.
   */
  remember(
    scope: CacheScope,
    found: Iterable<readonly [target: string, node: CachedNode]>,
    now: number,
  ): void {
    const key = keyOf(scope);
    const entries = this.#scopes.get(key) ?? new Map<string, Entry>();
    // Those that were used last are last.
    this.#scopes.delete(key);
    this.#scopes.set(key, entries);
    for (const [target, node] of found) {
      const before = entries.get(target);
      entries.delete(target);
      // Not every lookup tells as much.
      const known = before?.id === node.id ? before : {};
      entries.set(target, { ...known, ...present({ ...node }), at: now });
    }
    this.#prune(now);
  }

  /**
   * Forgets a target that is not what it was.
   *
   * @param scope Where.
   * @param target As for {@linkcode find}.
   */
  forget(scope: CacheScope, target: string): void {
    this.#scopes.get(keyOf(scope))?.delete(target);
  }

  /**
   * The Name tags known of the last days, those used last first.
   *
   * @param where What is known of the scope; all of it must fit.
   * @param now Milliseconds since the Unix epoch.
   */
  names(where: Partial<CacheScope>, now: number): string[] {
    const names = new Set<string>();
    for (const [key, entries] of [...this.#scopes].reverse()) {
      const scope = scopeOf(key);
      const fits = scope.profile === (where.profile ?? scope.profile) &&
        scope.region === (where.region ?? scope.region) &&
        scope.endpoint === (where.endpoint ?? scope.endpoint) &&
        scope.account === (where.account ?? scope.account);
      if (!fits) continue;
      for (const { name, at } of [...entries.values()].reverse()) {
        if (name !== undefined && Math.abs(now - at) <= completedFor) {
          names.add(name);
        }
      }
    }
    return [...names];
  }

  /** The file's text. */
  toText(): string {
    const scopes = [...this.#scopes].map(([key, entries]) => ({
      ...scopeOf(key),
      targets: Object.fromEntries(entries),
    }));
    return JSON.stringify({ version, scopes });
  }

  /** The oldest ones go first. */
  #prune(now: number): void {
    let count = 0;
    for (const [key, entries] of [...this.#scopes].reverse()) {
      for (const [target, { at }] of [...entries].reverse()) {
        const old = Math.abs(now - at) > completedFor;
        if (old || ++count > mostEntries) entries.delete(target);
      }
      if (entries.size === 0) this.#scopes.delete(key);
    }
    for (const key of [...this.#scopes.keys()].slice(0, -mostScopes)) {
      this.#scopes.delete(key);
    }
  }
}

function keyOf({ profile, region, endpoint, account }: CacheScope): string {
  return JSON.stringify([profile, region, endpoint, account]);
}

function scopeOf(key: string): CacheScope {
  const [profile, region, endpoint, account] = JSON.parse(key) as [
    string,
    string,
    string,
    string,
  ];
  return { profile, region, endpoint, account };
}

type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readJson(text: string | undefined): Json {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) && value.version === version ? value : {};
  } catch {
    return {};
  }
}

function readScope(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const { profile, region, endpoint, account } = value;
  return typeof profile === "string" && typeof region === "string" &&
      typeof endpoint === "string" && typeof account === "string"
    ? keyOf({ profile, region, endpoint, account })
    : undefined;
}

function readEntry(value: unknown): Entry | undefined {
  if (!isRecord(value)) return undefined;
  const { id, at } = value;
  if (typeof id !== "string" || typeof at !== "number") return undefined;
  const texts = Object.fromEntries(
    (["name", "platform", "agentVersion", "profile", "region"] as const)
      .flatMap((key) => {
        const text = value[key];
        return typeof text === "string" ? [[key, text]] : [];
      }),
  );
  return { ...texts, id, at };
}
