/**
 * A terminal of buffers: what a test types comes out of `read`, what a session writes is kept.
 *
 * @module
 */

import type { Terminal, TerminalSize } from "../../lib/session/transport.ts";
import { joined } from "./bytes.ts";

const encoder = new TextEncoder();

/** A {@linkcode Terminal} that a test plays the user of. */
export class MemoryTerminal implements Terminal {
  readonly interactive: boolean;
  /** True while somebody holds raw mode. */
  rawNow = false;
  /** How often raw mode was entered. */
  rawEntered = 0;
  /** How often the session suspended itself. */
  suspended = 0;
  /** Every later write to standard output rejects with it, as with a closed pipe. */
  writeFailure: Error | undefined;
  /** What `suspend` does in between: by default nothing, so it resolves at once. */
  whileSuspended: () => void | Promise<void> = () => {};

  readonly #input: Uint8Array[] = [];
  #ended = false;
  #size: TerminalSize | undefined;
  #holders = 0;
  #output: Uint8Array[] = [];
  #errors: Uint8Array[] = [];
  #wakeReader: () => void = () => {};
  readonly #watchers = new Set<() => void>();
  readonly #resizeListeners = new Set<() => void>();

  /**
   * @param options.interactive False: standard input is a pipe. Default true.
   * @param options.size Default 80 × 24; `null` where there is no terminal at all.
   */
  constructor(
    options: { interactive?: boolean; size?: TerminalSize | null } = {},
  ) {
    this.interactive = options.interactive ?? true;
    this.#size = options.size === null
      ? undefined
      : options.size ?? { cols: 80, rows: 24 };
  }

  /** The user types, or the pipe delivers: one call is one chunk. */
  type(input: string | Uint8Array): void {
    this.#input.push(
      typeof input === "string" ? encoder.encode(input) : input,
    );
    this.#wakeReader();
  }

  /** Standard input ends. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  /** The window gets another size. */
  resize(size: TerminalSize): void {
    this.#size = size;
    for (const changed of [...this.#resizeListeners]) changed();
  }

  /** How many listen for resizes: 0 after a session that cleaned up. */
  get resizeListeners(): number {
    return this.#resizeListeners.size;
  }

  /** Everything written to standard output so far. */
  get output(): Uint8Array {
    return joined(this.#output);
  }

  /** The same, as text. */
  get outputText(): string {
    return new TextDecoder().decode(this.output);
  }

  /** Everything written to standard error so far, as text. */
  get errorText(): string {
    return new TextDecoder().decode(joined(this.#errors));
  }

  /** Resolves when `condition` holds; it is asked again after each write. */
  async until(condition: (terminal: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#watchers.delete(wake);
          resolve();
        };
        this.#watchers.add(wake);
      });
    }
  }

  size(): TerminalSize | undefined {
    return this.#size;
  }

  raw(): Disposable {
    this.#holders++;
    this.rawEntered++;
    this.rawNow = true;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.rawNow = --this.#holders > 0;
      },
    };
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = this.#input.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal?.reason);
        signal?.addEventListener("abort", onAbort, { once: true });
        this.#wakeReader = () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        };
      });
    }
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#input.unshift(bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.writeFailure !== undefined) {
      return Promise.reject(this.writeFailure);
    }
    this.#output.push(bytes.slice());
    this.#notify();
    return Promise.resolve();
  }

  writeError(bytes: Uint8Array): Promise<void> {
    this.#errors.push(bytes.slice());
    this.#notify();
    return Promise.resolve();
  }

  onResize(changed: () => void): Disposable {
    this.#resizeListeners.add(changed);
    return {
      [Symbol.dispose]: () => {
        this.#resizeListeners.delete(changed);
      },
    };
  }

  async suspend(): Promise<void> {
    this.suspended++;
    const wasRaw = this.rawNow;
    this.rawNow = false;
    await this.whileSuspended();
    this.rawNow = wasRaw;
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
