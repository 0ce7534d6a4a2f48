/**
 * What is in a file, which may be no plain one: a pipe that nobody writes to holds up its opening,
 * and a slow one each read.
 *
 * @module
 */

import { unlessAborted } from "./unless_aborted.ts";

/** Bytes asked for in one read. */
const readSize = 64 * 1024;

/**
 * The bytes of a file, read as they are asked for. The file is closed at the end.
 * @param path Which.
 * @param signal Gives up, waiting neither for the opening nor for a read under way; its reason is
 * thrown.
 * @throws Deno.errors.NotFound and the like.
 */
export async function* fileBytes(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  const opening = Deno.open(path);
  let file: Deno.FsFile;
  try {
    file = await unlessAborted(opening, signal);
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw error;
  }
  try {
    for (;;) {
      signal.throwIfAborted();
      // Each one its own: one that was given up still writes there.
      const buffer = new Uint8Array(readSize);
      const count = await unlessAborted(file.read(buffer), signal);
      if (count === null) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    file.close();
  }
}
