/**
 * The terminal as a session of the plugin has it: signals are keys of the remote side, as in the
 * official plugin, and a size is always known (sessions.md §2.1, §2.3).
 *
 * @module
 */

import type { Terminal, TerminalSize } from "../../lib/session/transport.ts";

/** What the remote side gets where there is no terminal, as in an IDE (sessions.md §2.1). */
const sizeWithoutTerminal: TerminalSize = { cols: 300, rows: 100 };

/** The byte that a signal is for the remote side (sessions.md §2.3). */
const controlBytes: Readonly<Record<string, number>> = {
  SIGINT: 0x03,
  SIGQUIT: 0x1c,
};

/** A terminal whose reader gets the bytes of signals, too. */
export class PluginTerminal implements Terminal {
  readonly #terminal: Terminal;
  readonly #injected: number[] = [];
  #wake = new AbortController();
  #reading = false;

  /** @param terminal The real one. */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Gives the remote side the byte of a signal.
   * @param signal Its name.
   * @returns False for a signal that has none, and where nobody reads.
   */
  interrupt(signal: string): boolean {
    const byte = controlBytes[signal];
    if (byte === undefined || !this.#reading) return false;
    this.#injected.push(byte);
    this.#wake.abort();
    return true;
  }

  /** True when keys are the session's. */
  get interactive(): boolean {
    return this.#terminal.interactive;
  }

  /** The terminal's, or {@linkcode sizeWithoutTerminal}. */
  size(): TerminalSize {
    return this.#terminal.size() ?? sizeWithoutTerminal;
  }

  raw(): Disposable {
    return this.#terminal.raw();
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    this.#reading = true;
    for (;;) {
      signal?.throwIfAborted();
      if (this.#injected.length > 0) {
        return Uint8Array.from(this.#injected.splice(0));
      }
      this.#wake = new AbortController();
      const wake = this.#wake.signal;
      const either = signal === undefined
        ? wake
        : AbortSignal.any([signal, wake]);
      try {
        const bytes = await this.#terminal.read(either);
        if (bytes === undefined) this.#reading = false;
        return bytes;
      } catch (error) {
        if (!wake.aborted || signal?.aborted) throw error;
      }
    }
  }

  unread(bytes: Uint8Array): void {
    this.#terminal.unread(bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#terminal.write(bytes);
  }
  writeError(bytes: Uint8Array): Promise<void> {
    return this.#terminal.writeError(bytes);
  }
  onResize(changed: () => void): Disposable {
    return this.#terminal.onResize(changed);
  }
  suspend(): Promise<void> {
    return this.#terminal.suspend();
  }
}
