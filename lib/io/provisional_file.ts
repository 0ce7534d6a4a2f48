/**
 * Files that may turn out to be for nothing: until it is known that they are wanted, one that is in
 * their place already stays as it is, and they can be taken back without a trace.
 *
 * @module
 */

import type { OpenFile } from "./background_file.ts";
import { createPrivateFile } from "./private_file.ts";

/** A private file, open to be written to, that is there for good once it is kept. */
export class ProvisionalFile {
  /** To write to, from the beginning. Closed by whoever writes. */
  readonly open: OpenFile;
  /** Where it is: beside its place while it is not kept, or in it. */
  readonly path: string;
  readonly #place: string;
  readonly #info: Deno.FileInfo;
  readonly #unload = () => this.#atOnce();
  #keeping: Promise<void> | undefined;

  private constructor(
    open: OpenFile,
    path: string,
    place: string,
    info: Deno.FileInfo,
  ) {
    this.open = open;
    this.path = path;
    this.#place = place;
    this.#info = info;
    // Deno.exit, as after a second signal, waits for no promise.
    globalThis.addEventListener("unload", this.#unload);
  }

  /**
   * Makes a file that is not there yet.
   * @param path Where.
   * @throws Deno.errors.AlreadyExists, also for a symbolic link; and the like.
   */
  static async create(path: string): Promise<ProvisionalFile> {
    return await ProvisionalFile.#at(path, path);
  }

  /**
   * Makes a file that takes the place of one that may be there once it is kept.
   * @param place Where; a symbolic link is replaced, not what it leads to.
   * @throws Deno.errors.AlreadyExists for what is neither file nor link; and the like.
   */
  static async replace(place: string): Promise<ProvisionalFile> {
    const there = await lookedUp(place);
    if (there !== undefined && !there.isFile && !there.isSymlink) {
      throw new Deno.errors.AlreadyExists("it is no plain file");
    }
    // Those who have the old one open, or rights to it, get nothing of the new one.
    const random = crypto.randomUUID().slice(0, 8);
    return await ProvisionalFile.#at(`${place}.${random}`, place);
  }

  static async #at(path: string, place: string): Promise<ProvisionalFile> {
    const open = await createPrivateFile(path);
    return new ProvisionalFile(open, path, place, await open.file.stat());
  }

  /**
   * Puts it in its place, for good. Idempotent.
   * @throws Deno.errors.PermissionDenied and the like; it stays at {@linkcode path} then.
   */
  keep(): Promise<void> {
    return this.#keeping ??= this.#keep();
  }

  async #keep(): Promise<void> {
    try {
      if (this.path !== this.#place) await Deno.rename(this.path, this.#place);
    } finally {
      globalThis.removeEventListener("unload", this.#unload);
    }
  }

  /**
   * Removes it unless it was kept, and nothing that others put there: to be told for certain, it is
   * still open, as the number of one that is gone may be another one's. Never rejects.
   */
  async discard(): Promise<void> {
    if (this.#keeping !== undefined) return;
    globalThis.removeEventListener("unload", this.#unload);
    try {
      if (this.#isOurs(await Deno.lstat(this.path))) {
        await Deno.remove(this.path);
      }
    } catch {
      // It is gone, or cannot be removed.
    }
  }

  #atOnce(): void {
    globalThis.removeEventListener("unload", this.#unload);
    try {
      if (this.#keeping === undefined) {
        if (this.#isOurs(Deno.lstatSync(this.path))) Deno.removeSync(this.path);
      } else if (this.path !== this.#place) {
        Deno.renameSync(this.path, this.#place);
      }
    } catch {
      // As above; or it has just been put in its place.
    }
  }

  #isOurs({ dev, ino }: Deno.FileInfo): boolean {
    return dev === this.#info.dev && ino === this.#info.ino;
  }
}

async function lookedUp(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
