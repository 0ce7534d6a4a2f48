/**
 * Changes a file as a whole: whoever reads it sees the old bytes or the new ones, and of two that
 * change it at the same time neither loses what the other did.
 *
 * @module
 */

/** Links that lead to one another more often than this are a circle. */
const longestChain = 20;

/**
 * Replaces a file's content. Its mode and owner stay, as does a symbolic link that leads to it; a
 * file that is not there is made with mode 0600, in a folder that is made with mode 0700.
 *
 * @param path Where.
 * @param edit The bytes to the new ones; called again when the file was replaced meanwhile.
 * @returns True when it was changed; false when `edit` gave the same bytes.
 * @throws Deno.errors.PermissionDenied and the like, and what `edit` throws.
 */
export async function editFile(
  path: string,
  edit: (bytes: Uint8Array) => Uint8Array,
): Promise<boolean> {
  const place = await followLinks(path);
  const folder = place.slice(0, Math.max(0, place.lastIndexOf("/")));
  if (folder !== "") {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  }
  for (;;) {
    using file = await Deno.open(place, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
    // Others wait here, and then find that the file is another one.
    await file.lock(true);
    const info = await file.stat();
    if (!await isStill(place, info)) continue;
    const before = await readAll(file, info.size);
    const after = edit(before);
    if (same(before, after)) return false;
    await replace(place, after, info);
    return true;
  }
}

async function readAll(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  let bytes = new Uint8Array(size + 1);
  for (let at = 0;;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) return bytes.subarray(0, at);
    at += count;
    if (at < bytes.length) continue;
    const larger = new Uint8Array(2 * at);
    larger.set(bytes);
    bytes = larger;
  }
}

/** Where a chain of links leads to, whether anything is there or not. */
async function followLinks(path: string): Promise<string> {
  let place = path;
  for (let left = longestChain; left > 0; left--) {
    let target: string;
    try {
      target = await Deno.readLink(place);
    } catch {
      // No link, or nothing at all.
      return place;
    }
    place = target.startsWith("/")
      ? target
      : place.slice(0, place.lastIndexOf("/") + 1) + target;
  }
  throw new Deno.errors.FilesystemLoop(`Too many links from ${path}`);
}

async function isStill(place: string, info: Deno.FileInfo): Promise<boolean> {
  try {
    const there = await Deno.lstat(place);
    return there.ino === info.ino && there.dev === info.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function replace(
  place: string,
  bytes: Uint8Array,
  { mode, uid, gid }: Deno.FileInfo,
): Promise<void> {
  const random = crypto.randomUUID().slice(0, 8);
  const fresh = `${place}.${random}`;
  try {
    using file = await Deno.open(fresh, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
    if (mode !== null) await Deno.chmod(fresh, mode & 0o7777);
    const made = await file.stat();
    if (
      uid !== null && gid !== null && (made.uid !== uid || made.gid !== gid)
    ) {
      await Deno.chown(fresh, uid, gid);
    }
    await file.sync();
    await Deno.rename(fresh, place);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    throw error;
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, at) => byte === other[at]);
}
