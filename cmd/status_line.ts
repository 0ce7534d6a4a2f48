/**
 * A line at the bottom of the terminal that is written anew every second, and the lines above it.
 *
 * @module
 */

import type { Clock, Terminal } from "../lib/session/transport.ts";

/** Milliseconds between two looks. */
const interval = 1000;

/** Erases the line that the cursor is in, and goes to its beginning. */
const erase = "\r\x1b[K";

/** What a {@linkcode StatusLine} needs. */
export interface StatusLineOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** True where the line is shown: on a terminal, unless nothing is to be said. */
  readonly live: boolean;
  /** The line; `seconds` passed since the last one. */
  readonly status: (seconds: number) => string;
}

/** Lines on standard error, and the live one below them. */
export class StatusLine implements Disposable {
  readonly #options: StatusLineOptions;
  #cancel: (() => void) | undefined;
  #shown = "";
  #last: Promise<void> = Promise.resolve();
  #drawnAt: number;

  constructor(options: StatusLineOptions) {
    this.#options = options;
    this.#drawnAt = options.clock.now();
  }

  /** Shows the live line from now on. */
  start(): void {
    if (this.#options.live) this.#tick();
  }

  #tick(): void {
    const { clock, status, terminal } = this.#options;
    const now = clock.now();
    const text = status((now - this.#drawnAt) / 1000);
    this.#drawnAt = now;
    // A line that wraps could not be erased.
    const cols = terminal.size()?.cols ?? 80;
    const line = [...text].slice(0, Math.max(1, cols - 1)).join("");
    if (line !== this.#shown) {
      this.#shown = line;
      this.#write(erase + line);
    }
    this.#cancel = clock.setTimer(interval, () => this.#tick());
  }

  /** Says lines above the live one. */
  say(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    this.#write(
      this.#shown === "" ? text : `${erase}${text}${this.#shown}`,
    );
  }

  /** Resolves when everything said so far is written. Never rejects. */
  written(): Promise<void> {
    return this.#last;
  }

  #write(text: string): void {
    // Nobody may read standard error any more, which is no reason to stop.
    this.#last = this.#options.terminal.writeError(
      new TextEncoder().encode(text),
    ).catch(() => {});
  }

  /** Takes the live line away. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#shown !== "") this.#write(erase);
    this.#shown = "";
  }
}
