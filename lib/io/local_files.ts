/**
 * The files of this machine, for copies.
 *
 * @module
 */

import {
  type LocalEnd,
  type LocalEntry,
  type LocalFile,
  LocalFileError,
  type LocalFiles,
} from "../copy/local_files.ts";

/** Permissions of a file that is not complete: nobody else reads it. */
const partMode = 0o600;
const windows = Deno.build.os === "windows";
/** What ends a name in a path. */
const separator = windows ? /[\\/]/ : /\//;

/** The files of this machine. */
export function localFiles(): LocalFiles {
  return new PlatformFiles();
}

class PlatformFiles implements LocalFiles {
  /** Permissions that new files do not get. */
  #umask: number | undefined;

  async stat(path: string): Promise<LocalEntry> {
    try {
      return entryOf(await Deno.stat(path));
    } catch (error) {
      if (
        !(error instanceof Deno.errors.NotFound) &&
        !(error instanceof Deno.errors.NotADirectory)
      ) throw error;
      return {
        kind: "missing",
        mode: undefined,
        size: 0,
        modified: 0,
        identity: "",
      };
    }
  }

  async names(folder: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    return names.sort();
  }

  join(folder: string, name: string): string {
    return /[\\/]$/.test(folder) && separator.test(folder.at(-1) ?? "")
      ? folder + name
      : `${folder}/${name}`;
  }

  folderOf(path: string): string {
    const name = lastName(path);
    const folder = path.slice(0, path.length - name.length);
    return folder === "" ? "." : folder;
  }

  baseName(path: string): string {
    let clean = path;
    while (clean.length > 1 && separator.test(clean.at(-1)!)) {
      clean = clean.slice(0, -1);
    }
    return lastName(clean);
  }

  allows(name: string): boolean {
    return !windows || !/[\\:*?"<>|]|[. ]$/.test(name);
  }

  async open(path: string): Promise<LocalFile> {
    return new OpenFile(await Deno.open(path));
  }

  async openPart(path: string): Promise<LocalFile> {
    const options = { read: true, write: true, mode: partMode };
    try {
      return new OpenFile(
        await Deno.open(path, { ...options, createNew: true }),
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    // One that somebody else put there, as a link, is not to be written through.
    if (!(await Deno.lstat(path)).isFile) {
      throw new LocalFileError(`${path} is no regular file`);
    }
    return new OpenFile(await Deno.open(path, options));
  }

  async finish(part: string, path: string, end: LocalEnd): Promise<void> {
    const target = await linkTarget(path);
    const there = await Deno.stat(target).catch(() => undefined);
    if (there?.isDirectory) {
      throw new LocalFileError("Is a directory");
    }
    if (there !== undefined && !there.isFile) {
      throw new LocalFileError("it is no regular file");
    }
    if (!windows && end.mode !== undefined) {
      await Deno.chmod(part, await this.#modeOf(part, end, there?.mode));
    }
    if (end.modified !== undefined) {
      await Deno.utime(part, end.modified, end.modified);
    }
    await Deno.rename(part, target);
  }

  async #modeOf(
    part: string,
    { mode = 0, keepMode }: LocalEnd,
    there: number | null | undefined,
  ): Promise<number> {
    if (!keepMode) return mode & 0o7777;
    if (typeof there === "number") return there & 0o7777;
    this.#umask ??= await umaskAt(`${part}-mode`);
    return mode & 0o777 & ~this.#umask;
  }

  async remove(path: string): Promise<void> {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async makeFolder(path: string, mode: number | undefined): Promise<void> {
    try {
      await Deno.mkdir(path, mode === undefined ? {} : { mode: mode & 0o777 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (!(await Deno.stat(path)).isDirectory) throw error;
    }
  }

  async settle(
    path: string,
    { mode, modified }: Omit<LocalEnd, "keepMode">,
  ): Promise<void> {
    if (!windows && mode !== undefined) await Deno.chmod(path, mode & 0o7777);
    if (modified !== undefined) await Deno.utime(path, modified, modified);
  }
}

function entryOf(info: Deno.FileInfo): LocalEntry {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : "other",
    mode: info.mode === null ? undefined : info.mode & 0o7777,
    size: info.size,
    modified: Math.floor((info.mtime?.getTime() ?? 0) / 1000),
    identity: info.ino === null ? "" : `${info.dev}:${info.ino}`,
  };
}

function lastName(path: string): string {
  return path.split(separator).at(-1) ?? "";
}

/** Where a link leads to, as what is there is replaced and not the link. */
async function linkTarget(path: string): Promise<string> {
  const info = await Deno.lstat(path).catch(() => undefined);
  return info?.isSymlink ? await Deno.realPath(path) : path;
}

/** The platform tells the umask with a permission more than we have; a new file shows it as well. */
async function umaskAt(path: string): Promise<number> {
  const file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o777,
  });
  try {
    return 0o777 & ~((await file.stat()).mode ?? 0o755);
  } finally {
    file.close();
    await Deno.remove(path);
  }
}

/** One position is shared by all calls, so they take turns. */
class OpenFile implements LocalFile {
  readonly #file: Deno.FsFile;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  #turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  readAt(offset: number, length: number): Promise<Uint8Array> {
    return this.#turn(async () => {
      const bytes = new Uint8Array(length);
      await this.#file.seek(offset, Deno.SeekMode.Start);
      let at = 0;
      while (at < length) {
        const count = await this.#file.read(bytes.subarray(at));
        if (count === null) break;
        at += count;
      }
      return bytes.subarray(0, at);
    });
  }

  writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#turn(async () => {
      await this.#file.seek(offset, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        at += await this.#file.write(bytes.subarray(at));
      }
    });
  }

  size(): Promise<number> {
    return this.#turn(async () => (await this.#file.stat()).size);
  }

  truncate(length: number): Promise<void> {
    return this.#turn(() => this.#file.truncate(length));
  }

  async close(): Promise<void> {
    await this.#turn(() => Promise.resolve(this.#file.close()));
  }
}
