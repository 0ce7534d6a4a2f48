/**
 * Files that only their owner may read, opened to be written to beside something else.
 *
 * @module
 */

import type { OpenFile } from "./background_file.ts";
import { requireOwnFile } from "./file_owner.ts";

/** Read and written by the owner. */
const mode = 0o600;

/** A file of ours alone. */
export interface PrivateFile extends OpenFile {
  readonly file: Deno.FsFile;
}

/**
 * Makes a file that is not there yet.
 * @param path Where.
 * @throws Deno.errors.AlreadyExists, also for a symbolic link; and the like.
 */
export async function createPrivateFile(path: string): Promise<PrivateFile> {
  return await withLastMoment(
    path,
    await Deno.open(path, { write: true, createNew: true, mode }),
    0,
  );
}

/**
 * Opens a file that is there, to go on behind its end.
 * @param path Where.
 * @throws Deno.errors.NotFound and the like; PermissionDenied where others own it or may write it.
 */
export async function continueFile(path: string): Promise<OpenFile> {
  requireOwnFile(path, await Deno.stat(path));
  const file = await Deno.open(path, { write: true });
  try {
    requireOwnFile(path, await file.stat());
    const length = await file.seek(0, Deno.SeekMode.End);
    return await withLastMoment(path, file, length);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Opens a file to which other processes write as well, and makes it if it is not there.
 * @param path Where.
 * @throws Deno.errors.PermissionDenied, also where others own it or may write it; and the like.
 */
export async function openSharedFile(path: string): Promise<OpenFile> {
  const options = { append: true, create: true, mode };
  try {
    requireOwnFile(path, await Deno.stat(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const file = await Deno.open(path, options);
  try {
    // It may be another one by now.
    requireOwnFile(path, await file.stat());
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
): Promise<PrivateFile> {
  try {
    return { file, lastMoment: await Deno.open(path, { write: true }), length };
  } catch (error) {
    file.close();
    throw error;
  }
}
