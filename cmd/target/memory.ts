/**
 * The cache of targets as commands use it: a private file in the platform's place for such.
 *
 * @module
 */

import { cacheFolder } from "../cache_folder.ts";
import {
  type CachedNode,
  type CacheScope,
  TargetCache,
} from "../../lib/aws/target_cache.ts";
import { readCacheFile, writeCacheFile } from "../../lib/io/cache_file.ts";

/** What targets were when they were last looked up. Nothing in it fails: it is a cache. */
export interface TargetMemory {
  /** The node that a target was a short time ago. */
  find(scope: CacheScope, target: string): CachedNode | undefined;
  /** Keeps what targets were found to be, or not to be: `undefined` forgets one. */
  remember(
    scope: CacheScope,
    found: readonly (readonly [target: string, node: CachedNode | undefined])[],
  ): void;
  /** The regions of an account, as they were in the last day. */
  regions(scope: CacheScope): readonly string[] | undefined;
  /** Keeps the regions of an account. */
  rememberRegions(scope: CacheScope, names: readonly string[]): void;
  /** Name tags known of the last days, those used last first; all of `where` must fit. */
  names(where: Partial<CacheScope>): readonly string[];
}

/**
 * The cache of this user.
 *
 * @param env Looks up a variable.
 * @param now Milliseconds since the Unix epoch.
 */
export function openTargetMemory(
  env: (name: string) => string | undefined,
  now: () => number = Date.now,
): TargetMemory {
  const folder = cacheFolder(env);
  const path = folder && `${folder}/targets.json`;
  // An account of 5000 nodes takes some 10 ms to read.
  let last: { readonly cache: TargetCache; readonly mark: string } | undefined;
  const read = () => {
    const file = path === undefined
      ? undefined
      : readCacheFile(path, last?.mark);
    if (file === "same" && last !== undefined) return last.cache;
    if (file === undefined || file === "same") {
      return TargetCache.parse(undefined);
    }
    last = { cache: TargetCache.parse(file.text), mark: file.mark };
    return last.cache;
  };
  const write = (cache: TargetCache) => {
    if (path === undefined) return;
    // What was changed in memory only is not to be taken for the file's.
    last = undefined;
    try {
      writeCacheFile(path, cache.toText());
    } catch {
      // A home that cannot be written to has no cache.
    }
  };
  return {
    find: (scope, target) => read().find(scope, target, now()),
    remember(scope, found) {
      if (path === undefined) return;
      // What others wrote meanwhile is kept.
      const cache = read();
      const known = ([target, node]: typeof found[number]) =>
        node === undefined
          ? cache.find(scope, target, now()) === undefined
          : cache.has(scope, target, node, now());
      if (found.every(known)) return;
      for (const [target, node] of found) {
        if (node === undefined) cache.forget(scope, target);
      }
      cache.remember(
        scope,
        found.flatMap(([target, node]) =>
          node === undefined ? [] : [[target, node] as const]
        ),
        now(),
      );
      write(cache);
    },
    regions: (scope) => read().regions(scope, now()),
    rememberRegions(scope, names) {
      const cache = read();
      cache.rememberRegions(scope, names, now());
      write(cache);
    },
    names: (where) => read().names(where, now()),
  };
}

/**
 * The Name tags that completions offer: those that were used or listed in the last days.
 *
 * @param where The profile, region and endpoint as far as they are known.
 * @param env Looks up a variable.
 */
export function cachedNames(
  where: Partial<CacheScope>,
  env: (name: string) => string | undefined,
): readonly string[] {
  return openTargetMemory(env).names(where);
}
