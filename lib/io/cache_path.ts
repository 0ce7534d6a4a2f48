/**
 * Where the platform keeps what a program can do without.
 *
 * @module
 */

/**
 * The path of a file in ssm's folder for caches: below XDG_CACHE_HOME where that is set, else where
 * the platform has it.
 *
 * @param name The file's.
 * @param env Looks up a variable.
 * @param os The platform.
 * @returns `undefined` where there is no home.
 */
export function cachePath(
  name: string,
  env: (name: string) => string | undefined,
  os: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  const cache = env("XDG_CACHE_HOME");
  // A relative one is invalid (XDG Base Directory Specification).
  if (cache !== undefined && /^(\/|[A-Za-z]:[\\/])/.test(cache)) {
    return `${cache}/ssm/${name}`;
  }
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    return local === undefined ? undefined : `${local}\\ssm\\${name}`;
  }
  const home = env("HOME");
  if (home === undefined) return undefined;
  return os === "darwin"
    ? `${home}/Library/Caches/ssm/${name}`
    : `${home}/.cache/ssm/${name}`;
}
