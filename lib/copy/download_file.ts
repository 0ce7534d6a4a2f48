/**
 * One file of a node to this machine: in parts, over all sessions, into a partial file that a later
 * try takes up again. What a growing file has at the beginning is what is copied.
 *
 * @module
 */

import {
  comparedPart,
  downChunk,
  missingRanges,
  parseSums,
  rangesOf,
  smallDown,
} from "./chunk_plan.ts";
import { ChangedError, type CopyJob, partsAtATime } from "./copy_job.ts";
import { each } from "./each.ts";
import { RangeReader } from "./fetch_range.ts";
import type { RemoteEntry } from "./listing.ts";
import type { LocalEnd, LocalFile } from "./local_files.ts";
import { partName, passingName } from "./part_name.ts";
import { sumRequest, sumsRequest } from "./requests.ts";
import { Sum, sumOf, sumOfFile } from "./sum.ts";
import { countFound, type FileTally } from "./tally.ts";

/** A file of the node, and its path here. */
export interface RemoteItem {
  /** The path on the node, whole. */
  readonly source: string;
  readonly target: string;
  readonly entry: RemoteEntry;
}

const tries = 2;

/** A file of few bytes: one request for bytes and sum. */
export async function fetchSmall(
  { source, target, entry }: RemoteItem,
  tally: FileTally,
  job: CopyJob,
): Promise<void> {
  const { pool, files } = job;
  const reader = new RangeReader(source, job.random);
  const { data, text } = await pool.run(
    entry.size,
    (shell) => reader.whole(shell, entry.size),
  );
  if (!text.includes(sumOf(data))) throw new ChangedError();
  const part = files.join(
    files.folderOf(target),
    passingName(files.baseName(target), job.random),
  );
  const file = await files.openPart(part);
  try {
    await file.writeAt(0, data);
  } catch (error) {
    await files.remove(part).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
  await finish(part, { source, target, entry }, job);
  tally.add(data.length);
}

async function finish(
  part: string,
  { target, entry }: RemoteItem,
  { files, preserve }: CopyJob,
): Promise<void> {
  const end: LocalEnd = {
    mode: entry.mode,
    modified: preserve ? entry.modified : undefined,
    keepMode: !preserve,
  };
  try {
    await files.finish(part, target, end);
  } catch (error) {
    await files.remove(part).catch(() => {});
    throw error;
  }
}

/**
 * A file of many bytes. The partial file stays when the copy is given up.
 *
 * @throws {ChangedError | RemoteError} Why not.
 */
export async function fetchLarge(
  item: RemoteItem,
  tally: FileTally,
  job: CopyJob,
): Promise<void> {
  const { source, target, entry } = item;
  const { pool, files } = job;
  const { size } = entry;
  if (await isHere(item, job)) return tally.addFound(size);
  const part = files.join(
    files.folderOf(target),
    partName(
      files.baseName(target),
      `${source} ${size} ${entry.modified}`,
    ),
  );
  const file = await files.openPart(part);
  tally.begin();
  try {
    const there = await file.size();
    let good = there > 0 ? await compare(source, file, there, size, job) : [];
    countFound(good, size, tally);
    for (let attempt = 1;; attempt++) {
      await receive(item, file, good, tally, job);
      if (await file.size() > size) await file.truncate(size);
      const [here, { text }] = await Promise.all([
        sumOfFile(file, 0, size),
        pool.run(0, (shell) => shell.request(sumRequest(source, size))),
      ]);
      if (text.includes(here)) break;
      if (attempt === tries) throw new ChangedError();
      good = await compare(source, file, size, size, job);
    }
  } catch (error) {
    if (error instanceof ChangedError) await files.remove(part).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
  await finish(part, item, job);
}

/** True where an earlier try was complete; with `-p` times and permissions may have to be set. */
async function isHere(
  { source, target, entry }: RemoteItem,
  { pool, files, preserve }: CopyJob,
): Promise<boolean> {
  if (preserve) return false;
  const here = await files.stat(target);
  if (here.kind !== "file" || here.size !== entry.size) return false;
  const file = await files.open(target);
  try {
    const [sum, { text }] = await Promise.all([
      sumOfFile(file, 0, entry.size),
      pool.run(0, (shell) => shell.request(sumRequest(source, entry.size))),
    ]);
    return text.includes(sum);
  } finally {
    await file.close();
  }
}

/** Which parts of the file are here, and right; of an incomplete last one nothing is known. */
async function compare(
  source: string,
  file: LocalFile,
  there: number,
  size: number,
  { pool }: CopyJob,
): Promise<boolean[]> {
  const step = comparedPart(size);
  const whole = Math.floor(Math.min(there, size) / step);
  const good: boolean[] = [];
  if (whole === 0) return good;
  const { data } = await pool.run(
    0,
    (shell) => shell.request(sumsRequest(source, step, whole)),
  );
  const sums = parseSums(data);
  for (const { offset, length } of rangesOf(whole * step, step)) {
    good.push(await sumOfFile(file, offset, length) === sums[good.length]);
  }
  return good;
}

async function receive(
  { source, entry }: RemoteItem,
  file: LocalFile,
  good: readonly boolean[],
  tally: FileTally,
  { pool, random }: CopyJob,
): Promise<void> {
  const reader = new RangeReader(source, random);
  const ranges = missingRanges(entry.size, downChunk, good);
  await each(ranges, partsAtATime, async (range) => {
    const bytes = await pool.run(
      range.length,
      (shell) => reader.range(shell, range),
    );
    await file.writeAt(range.offset, bytes);
    tally.add(bytes.length);
  });
}

/**
 * A file of the node as a stream.
 *
 * @param write Takes the next bytes.
 * @throws {ChangedError} When what was written is not the file; RemoteError.
 */
export async function fetchStream(
  source: string,
  size: number,
  write: (bytes: Uint8Array) => Promise<void>,
  tally: FileTally,
  { pool, random }: CopyJob,
): Promise<void> {
  const reader = new RangeReader(source, random);
  if (size <= smallDown) {
    const { data, text } = await pool.run(
      size,
      (shell) => reader.whole(shell, size),
    );
    if (!text.includes(sumOf(data))) throw new ChangedError();
    await write(data);
    return tally.add(data.length);
  }
  const sum = new Sum();
  let before: Promise<void> = Promise.resolve();
  await each(rangesOf(size, downChunk), partsAtATime, (range) => {
    const earlier = before;
    const bytes = pool.run(
      range.length,
      (shell) => reader.range(shell, range),
    );
    // Each waits for the one before, and with it for whoever reads.
    return before = Promise.all([bytes, earlier]).then(async ([piece]) => {
      sum.add(piece);
      await write(piece);
      tally.add(piece.length);
    });
  });
  const { text } = await pool.run(
    0,
    (shell) => shell.request(sumRequest(source, size)),
  );
  if (!text.includes(sum.value())) throw new ChangedError();
}
