/**
 * Files of a node to this machine.
 *
 * @module
 */

import { smallDown } from "./chunk_plan.ts";
import {
  CopyError,
  type CopyJob,
  filesAtATime,
  reasonOf,
  sideOf,
} from "./copy_job.ts";
import {
  fetchLarge,
  fetchSmall,
  fetchStream,
  type RemoteItem,
} from "./download_file.ts";
import { each } from "./each.ts";
import {
  type MissingEntry,
  parseListing,
  parseSources,
  type RemoteEntry,
} from "./listing.ts";
import type { LocalFiles } from "./local_files.ts";
import { FileTally } from "./tally.ts";
import { isUnicode } from "./path_text.ts";
import { listRequest, statRequest } from "./requests.ts";
import { cleanPath } from "./shell_word.ts";
import { split, under } from "./remote_path.ts";

/**
 * Copies files and folders of a node.
 *
 * @param sources Paths there, as typed; patterns stand for names.
 * @param destination The path here.
 * @throws {CopyError} When they cannot be copied there; ShellLostError when there is no session.
 */
export async function download(
  sources: readonly string[],
  destination: string,
  job: CopyJob,
): Promise<void> {
  const { files, failed, recursive } = job;
  const found = await findSources(sources, job);
  const here = await files.stat(destination);
  const isFolder = here.kind === "folder";
  if (!isFolder && (found.length > 1 || /[/\\]$/.test(destination))) {
    throw new CopyError(
      here.kind === "missing"
        ? `there is no folder ${destination}`
        : `${destination} is no folder`,
    );
  }
  const plan = new DownloadPlan(job);
  for (const entry of found) {
    const { name } = split(entry.path);
    const contents = name === "." || name === ".." || name === "";
    if (!contents && !isName(name, files)) {
      failed("node", entry.path, "its name cannot be one on this machine");
      continue;
    }
    const target = isFolder && !contents
      ? files.join(destination, name)
      : destination;
    if (entry.kind === "file") plan.file(entry.path, target, entry);
    else if (entry.kind === "other") {
      failed("node", entry.path, "it is no regular file");
    } else if (!recursive) {
      failed("node", entry.path, "it is a folder, which -r copies");
    } else await plan.folder(entry, target);
  }
  job.grow();
  await plan.run();
}

/** What is there of the sources; what is not is told to the job. */
async function findSources(
  sources: readonly string[],
  { pool, failed }: CopyJob,
): Promise<RemoteEntry[]> {
  const { data } = await pool.run(
    0,
    (shell) => shell.request(statRequest(sources.map(cleanPath), true)),
  );
  const entries = parseSources(data);
  const missing = (entry: RemoteEntry | MissingEntry) =>
    entry.kind === "missing" ? failed("node", entry.path, entry.reason) : null;
  entries.forEach(missing);
  return entries.filter((entry) => entry.kind !== "missing");
}

/** Names come from the node: none may lead out of the folder that is copied into. */
function isName(name: string, files: LocalFiles): boolean {
  return name !== "" && name !== "." && name !== ".." &&
    !name.includes("/") && !name.includes("\0") && isUnicode(name) &&
    files.allows(name);
}

class DownloadPlan {
  readonly #job: CopyJob;
  readonly #folders: RemoteItem[] = [];
  readonly #items: RemoteItem[] = [];

  constructor(job: CopyJob) {
    this.#job = job;
  }

  file(source: string, target: string, entry: RemoteEntry): void {
    const { tally, failed } = this.#job;
    if (!entry.readable) return failed("node", source, "Permission denied");
    this.#items.push({ source, target, entry });
    tally.files++;
    tally.total = (tally.total ?? 0) + entry.size;
  }

  async folder(folder: RemoteEntry, target: string): Promise<void> {
    const { pool, failed, files } = this.#job;
    const { data } = await pool.run(
      0,
      (shell) => shell.request(listRequest(folder.path)),
    );
    const entries = parseListing(data);
    if (entries.length === 0) failed("node", folder.path, "Permission denied");
    for (const entry of entries) {
      const parts = entry.path.split("/").slice(1);
      const source = parts.reduce(under, folder.path);
      if (!parts.every((name) => isName(name, files))) {
        failed("node", source, "its name cannot be one on this machine");
        continue;
      }
      const path = parts.reduce((at, name) => files.join(at, name), target);
      if (entry.kind === "file") this.file(source, path, entry);
      else if (entry.kind === "other") {
        failed("node", source, "it is no regular file");
      } else {
        if (!entry.readable) failed("node", source, "Permission denied");
        this.#folders.push({ source, target: path, entry });
      }
    }
  }

  async run(): Promise<void> {
    const { files, preserve, failed } = this.#job;
    for (const { target, entry } of this.#folders) {
      try {
        await files.makeFolder(target, entry.mode | 0o700);
      } catch (error) {
        throw new CopyError(`Cannot make folder ${target}: ${reasonOf(error)}`);
      }
    }
    await each(this.#items, filesAtATime, (item) => this.#copy(item));
    if (!preserve) return;
    for (const { source, target, entry } of this.#folders.reverse()) {
      try {
        await files.settle(target, entry);
      } catch (error) {
        failed("node", source, reasonOf(error));
      }
    }
  }

  async #copy(item: RemoteItem): Promise<void> {
    const { tally, failed } = this.#job;
    tally.current = item.source;
    const count = new FileTally(tally, item.entry.size);
    try {
      if (item.entry.size <= smallDown) {
        await fetchSmall(item, count, this.#job);
      } else await fetchLarge(item, count, this.#job);
      count.finish();
    } catch (error) {
      const target = sideOf(error) === "here" ? item.target : undefined;
      failed("node", item.source, reasonOf(error), target);
      count.drop();
    }
  }
}

/**
 * Files of a node, one behind the other, as a stream.
 *
 * @param sources Paths there, as typed; patterns stand for names.
 * @param write Takes the next bytes.
 * @throws ShellLostError when there is no session; what `write` throws.
 */
export async function downloadStream(
  sources: readonly string[],
  write: (bytes: Uint8Array) => Promise<void>,
  job: CopyJob,
): Promise<void> {
  const { tally, failed } = job;
  const found = (await findSources(sources, job)).filter((entry) => {
    if (entry.kind === "file" && entry.readable) return true;
    failed(
      "node",
      entry.path,
      entry.kind === "file" ? "Permission denied" : "it is no regular file",
    );
    return false;
  });
  tally.files = found.length;
  tally.total = found.reduce((total, { size }) => total + size, 0);
  job.grow();
  for (const { path, size } of found) {
    tally.current = path;
    const count = new FileTally(tally, size);
    try {
      await fetchStream(path, size, write, count, job);
      count.finish();
    } catch (error) {
      failed("node", path, reasonOf(error));
    }
  }
}
