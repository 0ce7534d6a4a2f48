/**
 * Paths on the node, taken apart and put together.
 *
 * @module
 */

/** A path below a folder of the node. */
export function under(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** The folder and the name of a path on the node. */
export function split(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf("/");
  if (at < 0) return { folder: ".", name: path };
  return { folder: path.slice(0, at) || "/", name: path.slice(at + 1) };
}
