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

/** What is known of a scope. */
interface Known {
  /** By target, those that were used last at the end. */
  readonly targets: Map<string, Entry>;
  /** The account's regions, and when EC2 told them. */
  regions?: { readonly names: readonly string[]; readonly at: number };
}

/** A file of another version is one without entries. */
const version = 1;

/**
 * So long a node is a guess, in milliseconds. It is looked up again beside it in any case, so that a
 * wrong one costs a session that is ended before it is used, and no shell on the wrong machine.
 */
export const guessedFor = 3600_000;

/** So long an account's regions are taken for known, in milliseconds. */
export const regionsFor = 24 * 3600_000;

/** So long names are completed, in milliseconds. */
export const completedFor = 7 * 24 * 3600_000;

/** Bounds of the file: an account of 5000 nodes is 1 MB. */
const mostScopes = 32;
const mostEntries = 10_000;

/** What was looked up, in the order in which it was. */
export class TargetCache {
  /** Those that were used last at the end. */
  readonly #scopes: Map<string, Known>;

  private constructor(scopes: Map<string, Known>) {
    this.#scopes = scopes;
  }

  /**
   * Reads the file's text. What is no cache of ours is an empty one.
   *
   * @param text The text; `undefined` where there is none.
   */
  static parse(text: string | undefined): TargetCache {
    const scopes = new Map<string, Known>();
    const { scopes: list } = readJson(text);
    for (const scope of Array.isArray(list) ? list : []) {
      const key = readScope(scope);
      const targets = isRecord(scope) ? scope.targets : undefined;
      if (key === undefined || !isRecord(targets)) continue;
      const entries = Object.entries(targets).flatMap(([target, value]) => {
        const entry = readEntry(value);
        return entry === undefined ? [] : [[target, entry] as const];
      });
      const regions = readRegions(scope);
      scopes.set(key, {
        targets: new Map(entries),
        ...(regions === undefined ? {} : { regions }),
      });
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
    const entry = this.#scopes.get(keyOf(scope))?.targets.get(target);
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
    const entry = this.#scopes.get(keyOf(scope))?.targets.get(target);
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
    const { targets: entries } = this.#used(scope);
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
    this.#scopes.get(keyOf(scope))?.targets.delete(target);
  }

  /**
   * The regions of the account, as EC2 told them in the last day.
   *
   * @param scope Where; its region does not matter.
   * @param now Milliseconds since the Unix epoch.
   */
  regions(scope: CacheScope, now: number): readonly string[] | undefined {
    const { regions } = this.#scopes.get(keyOf(scope)) ?? {};
    return regions === undefined || Math.abs(now - regions.at) > regionsFor
      ? undefined
      : regions.names;
  }

  /**
   * Keeps the regions of the account.
   *
   * @param scope As for {@linkcode regions}.
   * @param names All of them.
   * @param now Milliseconds since the Unix epoch.
   */
  rememberRegions(
    scope: CacheScope,
    names: readonly string[],
    now: number,
  ): void {
    this.#used(scope).regions = { names, at: now };
    this.#prune(now);
  }

  /**
   * The Name tags known of the last days, those used last first.
   *
   * @param where What is known of the scope; all of it must fit.
   * @param now Milliseconds since the Unix epoch.
   */
  names(where: Partial<CacheScope>, now: number): string[] {
    const names = new Set<string>();
    for (const [key, { targets }] of [...this.#scopes].reverse()) {
      const scope = scopeOf(key);
      const fits = scope.profile === (where.profile ?? scope.profile) &&
        scope.region === (where.region ?? scope.region) &&
        scope.endpoint === (where.endpoint ?? scope.endpoint) &&
        scope.account === (where.account ?? scope.account);
      if (!fits) continue;
      for (const { name, at } of [...targets.values()].reverse()) {
        if (name !== undefined && Math.abs(now - at) <= completedFor) {
          names.add(name);
        }
      }
    }
    return [...names];
  }

  /** The file's text. */
  toText(): string {
    const scopes = [...this.#scopes].map(([key, { targets, regions }]) => ({
      ...scopeOf(key),
      regions,
      targets: Object.fromEntries(targets),
    }));
    return JSON.stringify({ version, scopes });
  }

  /** What is known of a scope, which is the last one used then. */
  #used(scope: CacheScope): Known {
    const key = keyOf(scope);
    const known = this.#scopes.get(key) ?? { targets: new Map() };
    this.#scopes.delete(key);
    this.#scopes.set(key, known);
    return known;
  }

  /** The oldest ones go first. */
  #prune(now: number): void {
    let count = 0;
    for (const [key, { targets, regions }] of [...this.#scopes].reverse()) {
      for (const [target, { at }] of [...targets].reverse()) {
        const old = Math.abs(now - at) > completedFor;
        if (old || ++count > mostEntries) targets.delete(target);
      }
      const empty = targets.size === 0 &&
        (regions === undefined || Math.abs(now - regions.at) > regionsFor);
      if (empty) this.#scopes.delete(key);
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

function readRegions(value: unknown): Known["regions"] {
  if (!isRecord(value) || !isRecord(value.regions)) return undefined;
  const { names, at } = value.regions;
  return typeof at === "number" && Array.isArray(names) &&
      names.every((name) => typeof name === "string" && isRegion(name))
    ? { names, at }
    : undefined;
}

/** It becomes part of a host's name. */
function isRegion(name: string): boolean {
  return /^[a-z]{2}(-[a-z0-9]+)+$/.test(name);
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
