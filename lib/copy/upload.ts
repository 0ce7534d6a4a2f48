/**
 * Files of this machine to a node.
 *
 * @module
 */

import { smallUp } from "./chunk_plan.ts";
import {
  ChangedError,
  CopyError,
  type CopyJob,
  filesAtATime,
  reasonOf,
  sideOf,
} from "./copy_job.ts";
import { each } from "./each.ts";
import { parseSources, type RemoteEntry } from "./listing.ts";
import { type LocalItem, LocalWalk } from "./local_walk.ts";
import { passingName } from "./part_name.ts";
import { encodePath } from "./path_text.ts";
import {
  foldersRequest,
  modeRequest,
  statRequest,
  storeRequest,
  timeRequest,
} from "./requests.ts";
import { remoteMode } from "./remote_mode.ts";
import { split, under } from "./remote_path.ts";
import { cleanPath } from "./shell_word.ts";
import { sumOf } from "./sum.ts";
import { FileTally } from "./tally.ts";
import { storeLarge } from "./upload_file.ts";

/** Bytes of paths in one request. */
const requestLength = 2000;
/** Permissions that we need in folders while we copy into them. */
const ownFolder = 0o700;

/**
 * Copies files and folders to a node.
 *
 * @param sources Paths here.
 * @param destination The path there, as typed; empty is the home.
 * @throws {CopyError} When they cannot be copied there; ShellLostError when there is no session.
 */
export async function upload(
  sources: readonly string[],
  destination: string,
  job: CopyJob,
): Promise<void> {
  const target = cleanPath(destination);
  const found = await remoteEntry(target, job);
  const isFolder = found?.kind === "folder";
  if (!isFolder && (sources.length > 1 || /\/$/.test(destination))) {
    throw new CopyError(
      found === undefined
        ? `there is no folder ${target} on the node`
        : `${target} on the node is no folder`,
    );
  }
  const walk = new LocalWalk(job);
  for (const source of sources) {
    const name = job.files.baseName(source);
    const contents = name === "." || name === ".." || name === "";
    await walk.add(
      source,
      isFolder && !contents ? under(target, name) : target,
    );
  }
  if (found?.kind === "file" && walk.folders.length > 0) {
    throw new CopyError(`${target} on the node is no folder`);
  }
  job.grow();
  await makeFolders(walk.folders, job);
  await each(walk.items, filesAtATime, (item) => copy(item, job));
  if (job.preserve) await settleFolders(walk.folders, job);
}

/** What is at a path of the node; `undefined` where nothing is. */
export async function remoteEntry(
  path: string,
  { pool }: CopyJob,
): Promise<RemoteEntry | undefined> {
  const { data } = await pool.run(
    0,
    (shell) => shell.request(statRequest([path], false)),
  );
  const entry = parseSources(data)[0];
  return entry === undefined || entry.kind === "missing" ? undefined : entry;
}

async function copy(item: LocalItem, job: CopyJob): Promise<void> {
  job.tally.current = item.source;
  const count = new FileTally(job.tally, item.entry.size);
  try {
    if (item.entry.size <= smallUp) await storeSmall(item, count, job);
    else await storeLarge(item, count, job);
    count.finish();
  } catch (error) {
    const there = sideOf(error) === "node" && !(error instanceof ChangedError);
    const target = there ? item.target : undefined;
    job.failed("here", item.source, reasonOf(error), target);
    count.drop();
  }
}

/** Bytes and check in one request: a thousand small files are not a thousand round trips. */
async function storeSmall(
  item: LocalItem,
  count: FileTally,
  job: CopyJob,
): Promise<void> {
  const { pool, files, random, preserve } = job;
  const file = await files.open(item.source);
  let bytes: Uint8Array;
  try {
    bytes = await file.readAt(0, smallUp + 1);
  } finally {
    await file.close();
  }
  const { folder, name } = split(item.target);
  await pool.run(bytes.length, (shell) => {
    let sent = 0;
    const end = {
      part: under(folder, passingName(name, random)),
      path: item.target,
      sum: sumOf(bytes),
      mode: remoteMode(item.entry.mode, job),
      modified: preserve ? item.entry.modified : undefined,
    };
    return shell.request(storeRequest(end, bytes.length), bytes, (more) => {
      sent += more;
      count.add(more);
    }).catch((error) => {
      count.add(-sent);
      throw error;
    });
  });
}

/** Parents first; those with the same permissions together. */
async function makeFolders(
  folders: readonly LocalItem[],
  job: CopyJob,
): Promise<void> {
  if (folders.length === 0) return;
  await job.pool.run(0, async (shell) => {
    let mode = -1, length = 0;
    let paths: string[] = [];
    const send = async () => {
      if (paths.length > 0) await shell.request(foldersRequest(mode, paths));
      paths = [];
      length = 0;
    };
    for (const { entry, target } of folders) {
      const wanted = remoteMode(entry.mode ?? 0o755, job) | ownFolder;
      if (wanted !== mode || length > requestLength) await send();
      mode = wanted;
      paths.push(target);
      length += encodePath(target).length;
    }
    await send();
  }).catch((error) => {
    throw new CopyError(`Cannot make folders on the node: ${reasonOf(error)}`);
  });
}

/** What is in a folder changes its time, so the innermost come first. */
async function settleFolders(
  folders: readonly LocalItem[],
  job: CopyJob,
): Promise<void> {
  await each([...folders].reverse(), 1, async ({ entry, target, source }) => {
    try {
      await job.pool.run(0, async (shell) => {
        const mode = remoteMode(entry.mode ?? 0o755, job);
        await shell.request(modeRequest(mode, [target]));
        await shell.request(timeRequest(entry.modified, target));
      });
    } catch (error) {
      job.failed("here", source, reasonOf(error));
    }
  });
}
