/**
 * A small file of the user's own that is read and written as a whole, at once: whoever reads it sees
 * the old text or the new one, and a process that is ended leaves nothing half done.
 *
 * @module
 */

/** Larger than anything of ours; bytes. It is read at each start and at each Tab. */
const mostBytes = 8 * 1024 * 1024;

/** A file's text, and what tells this state of it from later ones. */
export interface CacheFile {
  readonly text: string;
  readonly mark: string;
}

/**
 * Reads it.
 *
 * @param path Where.
 * @param mark The mark of what has been read already, if anything.
 * @returns `undefined` where it is not there, cannot be read, is no plain file or a huge one, is
 * another user's or may be written by others; `"same"` where it still has that mark.
 */
export function readCacheFile(
  path: string,
  mark?: string,
): CacheFile | "same" | undefined {
  try {
    const { isFile, uid, mode, ino, mtime, size } = Deno.statSync(path);
    // A pipe would be waited for.
    if (!isFile || size > mostBytes) return undefined;
    if (Deno.build.os !== "windows") {
      const othersMayWrite = mode !== null && (mode & 0o022) !== 0;
      if (othersMayWrite || uid !== Deno.uid()) return undefined;
    }
    // It is replaced as a whole, so that each state of it has a number of its own.
    const present = `${ino} ${mtime?.getTime()} ${size}`;
    return present === mark
      ? "same"
      : { text: Deno.readTextFileSync(path), mark: present };
  } catch {
    return undefined;
  }
}

/**
 * Writes it with mode 0600, in a folder that is made with mode 0700.
 *
 * @param path Where.
 * @param text All of it.
 * @throws Deno.errors.PermissionDenied and the like.
 */
export function writeCacheFile(path: string, text: string): void {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  Deno.mkdirSync(path.slice(0, at), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.writeTextFileSync(fresh, text, { createNew: true, mode: 0o600 });
    Deno.renameSync(fresh, path);
  } catch (error) {
    try {
      Deno.removeSync(fresh);
    } catch {
      // It was not made.
    }
    throw error;
  }
}
