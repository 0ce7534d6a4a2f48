/**
 * The project's files, for the checks that read them.
 *
 * @module
 */

/**
 * Lists files below a folder.
 *
 * @param root The project's root, a folder URL with a slash at its end.
 * @param folder The folder, relative to the root; `""` for the root itself.
 * @param ending What the names end in, as `.ts`.
 * @returns Paths relative to the root, sorted. Names that begin with a dot, build output and
 * installed packages are left out.
 */
export async function filesUnder(
  root: URL,
  folder: string,
  ending: string,
): Promise<string[]> {
  const skipped = new Set(["node_modules", "dist", "coverage"]);
  const found: string[] = [];
  const prefix = folder === "" ? "" : `${folder}/`;
  for await (const entry of Deno.readDir(new URL(prefix, root))) {
    if (entry.name.startsWith(".") || skipped.has(entry.name)) continue;
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      found.push(...await filesUnder(root, path, ending));
    } else if (entry.isFile && path.endsWith(ending)) found.push(path);
  }
  return found.sort();
}
