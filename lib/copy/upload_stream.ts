/**
 * A stream to a file of a node. It cannot be taken up again.
 *
 * @module
 */

import { upChunk } from "./chunk_plan.ts";
import type { CopyJob } from "./copy_job.ts";
import { each } from "./each.ts";
import { passingName } from "./part_name.ts";
import type { RemoteShell } from "./remote_shell.ts";
import { split, under } from "./remote_path.ts";
import {
  finishRequest,
  partRequest,
  passingRequest,
  writeRequest,
} from "./requests.ts";
import { Sum } from "./sum.ts";
import { removePart } from "./upload_file.ts";

/** Chunks that wait or are on their way: what a stream has ready is not read into memory as a whole. */
const chunksAtATime = 8;

/** A chunk of a stream. */
interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Copies what comes in a stream.
 *
 * @param read The next bytes, good until the next call; `undefined` at the end.
 * @param target The file's path on the node.
 * @throws {RemoteError} What the node says.
 */
export async function storeStream(
  read: () => Promise<Uint8Array | undefined>,
  target: string,
  job: CopyJob,
): Promise<void> {
  const { pool, tally } = job;
  const { folder, name } = split(target);
  const part = under(folder, passingName(name, job.random));
  const keeper = await makePassingPart(part, job);
  const sum = new Sum();
  try {
    await each(chunksOf(read), chunksAtATime, async ({ offset, bytes }) => {
      // Here they still come one after the other.
      sum.add(bytes);
      const range = { offset, length: bytes.length };
      await pool.run(
        bytes.length,
        (shell) => shell.request(writeRequest(part, range), bytes),
      );
      tally.done += bytes.length;
    });
    const end = {
      part,
      path: target,
      sum: sum.value(),
      mode: 0o666 & ~pool.umask,
      modified: undefined,
    };
    await pool.run(0, (shell) => shell.request(finishRequest(end)));
    await keeper.request(passingRequest("")).catch(() => {});
    tally.filesDone++;
  } catch (error) {
    await removePart(part, job);
    throw error;
  }
}

/** Makes the partial file; the shell that removes it at its end. */
async function makePassingPart(
  part: string,
  { pool }: CopyJob,
): Promise<RemoteShell> {
  return await pool.run(0, async (shell) => {
    await shell.request(partRequest(part));
    await shell.request(passingRequest(part));
    return shell;
  });
}

/** Whole chunks, as ranges begin at blocks, and what is left at the end. */
async function* chunksOf(
  read: () => Promise<Uint8Array | undefined>,
): AsyncGenerator<Chunk> {
  let offset = 0, length = 0;
  let chunk = new Uint8Array(upChunk);
  for (;;) {
    let bytes = await read();
    if (bytes === undefined) break;
    while (bytes.length > 0) {
      const piece = bytes.subarray(0, upChunk - length);
      chunk.set(piece, length);
      length += piece.length;
      bytes = bytes.subarray(piece.length);
      if (length < upChunk) continue;
      yield { offset, bytes: chunk };
      offset += length;
      length = 0;
      chunk = new Uint8Array(upChunk);
    }
  }
  if (length > 0) yield { offset, bytes: chunk.subarray(0, length) };
}
