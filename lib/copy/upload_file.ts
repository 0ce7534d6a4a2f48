/**
 * One file of many bytes to a node: in parts, over all sessions, into a partial file that a later try
 * takes up again.
 *
 * @module
 */

import {
  comparedPart,
  missingRanges,
  parseSums,
  rangesOf,
  upChunk,
} from "./chunk_plan.ts";
import { ChangedError, type CopyJob, partsAtATime } from "./copy_job.ts";
import { each } from "./each.ts";
import type { LocalFile } from "./local_files.ts";
import type { LocalItem } from "./local_walk.ts";
import { partName } from "./part_name.ts";
import { RemoteError } from "./remote_shell.ts";
import {
  finishRequest,
  partRequest,
  type Range,
  removeRequest,
  sameRequest,
  sumsRequest,
  writeRequest,
} from "./requests.ts";
import { sumOfFile } from "./sum.ts";
import { countFound, type FileTally } from "./tally.ts";
import { remoteMode } from "./remote_mode.ts";
import { split, under } from "./remote_path.ts";

/** A second try takes what the first got wrong; a third would find the same. */
const tries = 2;

/**
 * Copies a file. When it cannot be finished by the node's fault the partial file goes away; when the
 * copy is given up it stays.
 *
 * @throws {RemoteError | ChangedError} Why not.
 */
export async function storeLarge(
  item: LocalItem,
  tally: FileTally,
  job: CopyJob,
): Promise<void> {
  const { size, modified } = item.entry;
  const { folder, name } = split(item.target);
  const part = under(folder, partName(name, `${size} ${modified}`));
  const file = await job.files.open(item.source);
  try {
    const sum = sumOfFile(file, 0, size);
    // Whatever goes wrong with the copy first, this is awaited later or not at all.
    sum.catch(() => {});
    if (await isThere(item, sum, job)) return tally.addFound(size);
    const there = await makePart(part, job);
    tally.begin();
    let good = there > 0 ? await compare(part, there, file, size, job) : [];
    countFound(good, size, tally);
    for (let attempt = 1;; attempt++) {
      await send(part, file, missingRanges(size, upChunk, good), tally, job);
      try {
        return await finish(part, item, await sum, job);
      } catch (error) {
        const wrong = error instanceof RemoteError && error.code === "sum";
        if (!wrong || attempt === tries) throw error;
        good = await compare(part, size, file, size, job);
      }
    }
  } catch (error) {
    const now = await job.files.stat(item.source).catch(() => undefined);
    const changed = now?.size !== size || now.modified !== modified;
    // A file that is another one now never finds it again.
    if (error instanceof RemoteError || error instanceof ChangedError) {
      await removePart(part, job);
    }
    throw changed && error instanceof RemoteError
      ? new ChangedError({ cause: error })
      : error;
  } finally {
    await file.close();
  }
}

/** True where an earlier try was complete; with `-p` times and permissions may have to be set. */
async function isThere(
  { target, entry }: LocalItem,
  sum: Promise<string>,
  { pool, preserve }: CopyJob,
): Promise<boolean> {
  if (preserve) return false;
  const { text } = await pool.run(
    0,
    (shell) => shell.request(sameRequest(target, entry.size)),
  );
  return text !== "" && text.includes(await sum);
}

/** Makes the partial file, or finds it; its size in bytes. */
async function makePart(
  part: string,
  { pool }: CopyJob,
): Promise<number> {
  const { text } = await pool.run(
    0,
    (shell) => shell.request(partRequest(part)),
  );
  return Number(text.split(":")[1]) || 0;
}

/** Takes a partial file away. Never rejects. */
export async function removePart(
  part: string,
  { pool }: CopyJob,
): Promise<void> {
  await pool.run(0, (shell) => shell.request(removeRequest([part])))
    .catch(() => {});
}

/** Which parts of the file are there, and right. */
async function compare(
  part: string,
  there: number,
  file: LocalFile,
  size: number,
  { pool }: CopyJob,
): Promise<boolean[]> {
  const step = comparedPart(size);
  const ranges = [...rangesOf(Math.min(there, size), step)];
  const { data } = await pool.run(
    0,
    (shell) => shell.request(sumsRequest(part, step, ranges.length)),
  );
  const sums = parseSums(data);
  const good: boolean[] = [];
  for (const { offset } of ranges) {
    const length = Math.min(step, size - offset);
    good.push(await sumOfFile(file, offset, length) === sums[good.length]);
  }
  return good;
}

async function send(
  part: string,
  file: LocalFile,
  ranges: Iterable<Range>,
  tally: FileTally,
  { pool }: CopyJob,
): Promise<void> {
  await each(ranges, partsAtATime, async (range) => {
    await pool.run(range.length, async (shell) => {
      const bytes = await file.readAt(range.offset, range.length);
      if (bytes.length < range.length) throw new ChangedError();
      let sent = 0;
      try {
        await shell.request(writeRequest(part, range), bytes, (more) => {
          sent += more;
          tally.add(more);
        });
      } catch (error) {
        tally.add(-sent);
        throw error;
      }
    });
  });
}

async function finish(
  part: string,
  { target, entry }: LocalItem,
  sum: string,
  job: CopyJob,
): Promise<void> {
  const end = {
    part,
    path: target,
    sum,
    mode: remoteMode(entry.mode, job),
    modified: job.preserve ? entry.modified : undefined,
  };
  await job.pool.run(0, (shell) => shell.request(finishRequest(end)));
}
