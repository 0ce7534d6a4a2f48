/**
 * Files that only their owner may read, opened to be written to beside something else.
 *
 * @module
 */

import type { OpenFile } from "./background_file.ts";

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
): Promise<PrivateFile> {
  try {
    return { file, lastMoment: await Deno.open(path, { write: true }), length };
  } catch (error) {
    file.close();
    throw error;
  }
}
