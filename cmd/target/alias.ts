/**
 * Aliases of targets: a word of the user's file that stands for a target, perhaps of another profile
 * or region.
 *
 * @module
 */

/** What an alias stands for. */
export interface AliasTarget {
  readonly target: string;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  /** Whom ssh logs in as. */
  readonly user: string | undefined;
}

/** Where aliases are looked up. */
export interface Aliases {
  readonly aliases: ReadonlyMap<string, AliasTarget>;
}

/**
 * What a target stands for. Only a bare word is an alias: what has a prefix (`id:`, `name:`), a tag
 * (`Key=Value`) or an id is what it says. What an alias stands for is no alias again.
 * @param text What the user typed.
 * @param config The user's file.
 * @returns `undefined` where it is no alias.
 */
export function expandAlias(
  text: string,
  config: Aliases | undefined,
): AliasTarget | undefined {
  return config?.aliases.get(text);
}

/**
 * Why a word can be no alias.
 * @param name The word.
 * @returns The end of a sentence; `undefined` where it can.
 */
export function aliasReason(name: string): string | undefined {
  // An id means its node, whatever a file says.
  return /^m?i-[0-9a-f]*$/i.test(name)
    ? "it looks like a node's id"
    : undefined;
}
