/**
 * Where this user's programs keep what they can do without.
 *
 * @module
 */

/**
 * Our folder in the platform's place for caches: `~/.cache/ssm`, on macOS `~/Library/Caches/ssm`,
 * on Windows `%LOCALAPPDATA%\ssm`. XDG_CACHE_HOME counts everywhere else than on Windows.
 *
 * @param env Looks up a variable.
 * @param os As Deno names it.
 * @returns `undefined` where the environment has no home.
 */
export function cacheFolder(
  env: (name: string) => string | undefined,
  os: string = Deno.build.os,
): string | undefined {
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    return local === undefined ? undefined : `${local}\\ssm`;
  }
  const xdg = env("XDG_CACHE_HOME");
  // The specification has relative paths ignored.
  if (xdg?.startsWith("/")) return `${xdg}/ssm`;
  const home = env("HOME");
  if (!home?.startsWith("/")) return undefined;
  return os === "darwin" ? `${home}/Library/Caches/ssm` : `${home}/.cache/ssm`;
}
