/**
 * Standard input and output as the one connection of a session: what ssh's ProxyCommand talks to.
 *
 * @module
 */

import type { LocalConnection, Terminal } from "./transport.ts";

/** Standard input and output, seen as a connection. */
export class StandardStreams implements LocalConnection {
  readonly #terminal: Pick<Terminal, "read" | "write">;
  readonly #closed = new AbortController();
  #failure: unknown;
  /** What was read and did not fit. */
  #rest: Uint8Array = new Uint8Array();

  /** @param terminal Whose streams. */
  constructor(terminal: Pick<Terminal, "read" | "write">) {
    this.#terminal = terminal;
  }

  /**
   * The next bytes of standard input.
   *
   * @param target Where to put them.
   * @returns How many, or `null` at its end.
   */
  async read(target: Uint8Array): Promise<number | null> {
    const bytes = this.#rest.length > 0
      ? this.#rest
      : await this.#terminal.read(this.#closed.signal);
    if (bytes === undefined) return null;
    const length = Math.min(bytes.length, target.length);
    target.set(length === bytes.length ? bytes : bytes.subarray(0, length));
    this.#rest = bytes.subarray(length);
    return length;
  }

  /** Writes all of it to standard output, also when {@linkcode close} was called. */
  async write(bytes: Uint8Array): Promise<number> {
    try {
      await this.#terminal.write(bytes);
    } catch (error) {
      // A reader that has had enough is an end like others, as it is of a connection.
      if (!(error instanceof Deno.errors.BrokenPipe)) this.#failure = error;
      throw error;
    }
    return bytes.length;
  }

  /** Why output is missing, as a full disk; `undefined` where none is, or nobody reads it. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The process's end says it. */
  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  /** Reads no more; the streams themselves are the process's. */
  close(): void {
    this.#closed.abort(new DOMException("The session is over", "AbortError"));
  }
}
