/**
 * A file that is written beside something more important, which must not wait for a disk and must
 * not fail with it: a recording, a log. What is to be written is fetched when it is written, in one
 * piece for everything that came up in between.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/** Milliseconds that something new may wait for what comes right behind it. */
const gathering = 100;

/** A slice of {@linkcode Deno.FsFile}. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<number>;
  truncate(length: number): Promise<void>;
  close(): void;
}

/** The same file once more, for the last moment, when nothing can be waited for. */
export interface LastMomentFile {
  writeSync(bytes: Uint8Array): number;
  seekSync(offset: number, whence: Deno.SeekMode): number;
  close(): void;
}

/** A file that is open for a {@linkcode BackgroundFile}. */
export interface OpenFile {
  readonly file: WritableFile;
  readonly lastMoment: LastMomentFile;
  /** Where writing begins: the file's length. */
  readonly length: number;
  /** True where others write to it too, each at its end: then nothing is taken back. */
  readonly shared?: boolean;
}

/** What a {@linkcode BackgroundFile} needs. */
export interface BackgroundFileOptions extends OpenFile {
  readonly clock: Clock;
  /** Gives whole lines that are not written yet, or nothing; asked again and again. */
  readonly take: () => string;
  /** Told once, when a line could not be written: nothing more is. */
  readonly onFailure: (error: unknown) => void;
}

/** A file and what waits for it. */
export class BackgroundFile {
  readonly #options: BackgroundFileOptions;
  readonly #unload = () => this.#writeNow();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  /** Being written, beginning at `#length`. */
  #chunk: Uint8Array = new Uint8Array();
  #length: number;
  #failed = false;
  #closing: Promise<void> | undefined;

  /** @param options The open file, and whom to ask. */
  constructor(options: BackgroundFileOptions) {
    this.#options = options;
    this.#length = options.length;
    // Deno.exit, as after a second signal, waits for no promise.
    globalThis.addEventListener("unload", this.#unload);
  }

  /** True once writing failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** There is something to take; it is written soon. */
  changed(): void {
    if (
      this.#cancel !== undefined || this.#writing !== undefined ||
      this.#failed || this.#closing !== undefined
    ) return;
    this.#cancel = this.#options.clock.setTimer(gathering, () => {
      this.#cancel = undefined;
      this.#start();
    });
  }

  /**
   * Gives up, as if writing had failed.
   * @param error Why.
   */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailure(error);
  }

  /** Writes what is left and closes the file. Never rejects; idempotent. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#writing;
    this.#start();
    await this.#writing;
    globalThis.removeEventListener("unload", this.#unload);
    this.#options.file.close();
    this.#options.lastMoment.close();
  }

  #start(): void {
    if (this.#failed) return;
    this.#writing = this.#write().finally(() => this.#writing = undefined);
  }

  async #write(): Promise<void> {
    for (;;) {
      const text = this.#options.take();
      if (text === "") return;
      this.#chunk = new TextEncoder().encode(text);
      let at = 0;
      try {
        while (at < this.#chunk.length) {
          at += await this.#options.file.write(this.#chunk.subarray(at));
        }
      } catch (error) {
        await this.#cutAfterLine(at);
        this.fail(error);
      }
      if (this.#failed) return;
      this.#length += this.#chunk.length;
      this.#chunk = new Uint8Array();
    }
  }

  /** Half a line would spoil the whole file for some readers. */
  async #cutAfterLine(written: number): Promise<void> {
    if (this.#options.shared) return;
    const line = this.#chunk.subarray(0, written).lastIndexOf(0x0a) + 1;
    await this.#options.file.truncate(this.#length + line).catch(() => {});
  }

  /**
   * The process ends now. What is being written is written once more, to the same place, as nobody
   * knows how far that got.
   */
  #writeNow(): void {
    if (this.#failed) return;
    const { lastMoment, take } = this.#options;
    let text = "";
    for (let more = take(); more !== ""; more = take()) text += more;
    const rest = new TextEncoder().encode(text);
    try {
      lastMoment.seekSync(this.#length, Deno.SeekMode.Start);
      for (const bytes of [this.#chunk, rest]) {
        for (let at = 0; at < bytes.length;) {
          at += lastMoment.writeSync(bytes.subarray(at));
        }
      }
    } catch {
      // Nobody is left to be told.
    }
  }
}
