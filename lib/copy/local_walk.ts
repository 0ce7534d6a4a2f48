/**
 * What is to be copied of this machine.
 *
 * @module
 */

import { type CopyJob, reasonOf } from "./copy_job.ts";
import type { LocalEntry } from "./local_files.ts";
import { under } from "./remote_path.ts";

/** A file or folder, and its path on the node. */
export interface LocalItem {
  readonly source: string;
  readonly target: string;
  readonly entry: LocalEntry;
}

/** Files and folders, parents first. Links are followed, as with scp. */
export class LocalWalk {
  readonly #job: CopyJob;
  readonly folders: LocalItem[] = [];
  readonly items: LocalItem[] = [];

  constructor(job: CopyJob) {
    this.#job = job;
  }

  /**
   * Takes one more source. What cannot be copied is told to the job.
   *
   * @param above Identities of the folders that it lies in: a link back to one of them has no end.
   */
  async add(
    source: string,
    target: string,
    above: readonly string[] = [],
  ): Promise<void> {
    const { files, failed, recursive, tally } = this.#job;
    let entry: LocalEntry;
    let names: readonly string[] = [];
    try {
      entry = await files.stat(source);
      if (entry.kind === "folder" && recursive) {
        names = await files.names(source);
      }
    } catch (error) {
      return failed("here", source, reasonOf(error));
    }
    switch (entry.kind) {
      case "missing":
        return failed("here", source, "No such file or directory");
      case "other":
        return failed("here", source, "it is no regular file");
      case "file":
        this.items.push({ source, target, entry });
        tally.files++;
        tally.total = (tally.total ?? 0) + entry.size;
        return;
    }
    if (!recursive) {
      return failed("here", source, "it is a folder, which -r copies");
    }
    if (entry.identity !== "" && above.includes(entry.identity)) {
      return failed("here", source, "it is a link to a folder that it lies in");
    }
    this.folders.push({ source, target, entry });
    for (const name of names) {
      const path = files.join(source, name);
      await this.add(path, under(target, name), [...above, entry.identity]);
    }
  }
}
