/**
 * Paths on a node as words of its shell.
 *
 * A word is part of a line that the node's shell reads with `read`, so a line break in it is written
 * as `"$N"`, a variable that `remote_program.ts` sets.
 *
 * @module
 */

/** `~` or `~user`, and the slash behind it, which has to be without quotes as well. */
const homeOf = /^~(?:[A-Za-z_][A-Za-z0-9_.-]*)?(?:\/|$)/;

/** One word, of which the shell reads nothing but the text. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replaceAll("\n", `'"$N"'`)}'`;
}

/**
 * A path as the shell takes it: `~` and `~user` are a home, and a dash at the beginning is no option.
 *
 * @param path Not empty; from {@linkcode cleanPath}.
 */
export function pathWord(path: string): string {
  const home = homeOf.exec(path)?.[0];
  if (home === undefined) {
    return quoteWord(path.startsWith("-") ? `./${path}` : path);
  }
  const rest = path.slice(home.length);
  return rest === "" ? home : home + quoteWord(rest);
}

/**
 * A path in which `*`, `?` and `[…]` stand for names, as with scp; a backslash takes that meaning
 * from the character behind it. A pattern that matches nothing stands for itself.
 *
 * @param path Not empty; from {@linkcode cleanPath}.
 */
export function patternWord(path: string): string {
  if (!isPattern(path)) return pathWord(path);
  const home = homeOf.exec(path)?.[0] ?? "";
  const parts = path.slice(home.length).match(/\\[^]|[*?[\]]|[^\\*?[\]]+|\\$/g);
  const quoted = (parts ?? []).map((part) =>
    /^[*?[\]]$/.test(part)
      ? part
      : quoteWord(part.length === 2 && part[0] === "\\" ? part[1]! : part)
  ).join("");
  return home === "" && path.startsWith("-") ? `./${quoted}` : home + quoted;
}

/** True where a path stands for other names than its own. */
export function isPattern(path: string): boolean {
  return /[*?[\\]/.test(path);
}

/** A path without what changes nothing in it: `//`, and `/` at its end. Empty is the home, `.`. */
export function cleanPath(path: string): string {
  const clean = path.replace(/\/{2,}/g, "/").replace(/(?!^)\/$/, "");
  return clean === "" ? "." : clean;
}
