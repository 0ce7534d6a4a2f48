/**
 * Programs of this machine that some tests need, and are left out without.
 *
 * @module
 */

/**
 * True when all of them can be started.
 * @param names Programs on the PATH, or paths.
 */
export function arePrograms(...names: readonly string[]): boolean {
  if (Deno.build.os === "windows") return false;
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return names.every((name) =>
    (name.includes("/") ? [name] : folders.map((each) => `${each}/${name}`))
      .some((path) => {
        try {
          return Deno.statSync(path).isFile;
        } catch {
          return false;
        }
      })
  );
}
