/**
 * Files that only their owner may read, opened to be written to beside something else.
 *
 * @module
 */

import type { OpenFile } from "./background_file.ts";

/** Read and written by the owner. */
const mode = 0o600;

/**
 * Makes a file that is not there yet.
 * @param path Where.
 * @throws Deno.errors.AlreadyExists, also for a symbolic link; and the like.
 */
export async function createPrivateFile(path: string): Promise<OpenFile> {
  return await withLastMoment(
    path,
    await Deno.open(path, { write: true, createNew: true, mode }),
    0,
  );
}

/**
 * Makes a file anew, in the place of one that may be there.
 * @param path Where; a symbolic link is replaced, not what it leads to.
 * @throws Deno.errors.AlreadyExists for what is neither file nor link; and the like.
 */
export async function replacePrivateFile(path: string): Promise<OpenFile> {
  try {
    const { isFile, isSymlink } = await Deno.lstat(path);
    // Those who have the old one open, or rights to it, get nothing of the new one.
    if (isFile || isSymlink) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return await createPrivateFile(path);
}

/**
 * Opens a file that is there, to go on behind its end.
 * @param path Where.
 * @throws Deno.errors.NotFound and the like.
 */
export async function continueFile(path: string): Promise<OpenFile> {
  const file = await Deno.open(path, { write: true });
  try {
    const length = await file.seek(0, Deno.SeekMode.End);
    return await withLastMoment(path, file, length);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Opens a file to which others may write as well, and makes it if it is not there.
 * @param path Where.
 * @throws Deno.errors.PermissionDenied and the like.
 */
export async function openSharedFile(path: string): Promise<OpenFile> {
  const options = { append: true, create: true, mode };
  const file = await Deno.open(path, options);
  try {
    return {
      file,
      lastMoment: await Deno.open(path, options),
      length: 0,
      shared: true,
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function withLastMoment(
  path: string,
  file: Deno.FsFile,
  length: number,
): Promise<OpenFile> {
  try {
    return { file, lastMoment: await Deno.open(path, { write: true }), length };
  } catch (error) {
    file.close();
    throw error;
  }
}
