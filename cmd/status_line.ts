/**
 * A line at the bottom of the terminal that is written anew every second, and the lines above it.
 *
 * @module
 */

import type { CommandLog } from "./log.ts";
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
  /** True where standard output is the same terminal; default: it has nothing to do with it. */
  readonly outputIsTerminal?: boolean;
  /** Whose lines are said above the live one. */
  readonly log?: CommandLog;
  /** The line; `seconds` passed since the last one. */
  readonly status: (seconds: number) => string;
}

/** Lines on standard error, and the live one below them. */
export class StatusLine implements Disposable {
  readonly #options: StatusLineOptions;
  #cancel: (() => void) | undefined;
  #shown = "";
  /** True while the line is away for a write to standard output. */
  #held = false;
  #last: Promise<void> = Promise.resolve();
  #drawnAt: number;
  readonly #redirected: Disposable | undefined;

  constructor(options: StatusLineOptions) {
    this.#options = options;
    this.#drawnAt = options.clock.now();
    this.#redirected = options.log?.redirect((line) => this.say([line]));
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
    if (line !== this.#shown && !this.#held) {
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

  /**
   * Writes bytes that end a line, above the live one.
   * @param bytes Anything; not changed until the promise is settled.
   * @param stream Where to.
   * @throws What writing to standard output fails with. That nobody reads standard error is no
   * reason to stop.
   */
  async above(bytes: Uint8Array, stream: "stdout" | "stderr"): Promise<void> {
    const { terminal, outputIsTerminal = false } = this.#options;
    if (stream === "stderr") {
      if (this.#shown !== "") this.#write(erase);
      this.#writeBytes(bytes);
      if (this.#shown !== "") this.#write(this.#shown);
      return await this.#last;
    }
    if (!outputIsTerminal || this.#shown === "") {
      return await terminal.write(bytes);
    }
    // The two streams keep no order between them, so each write waits for the one before.
    const line = this.#shown;
    this.#write(erase);
    this.#shown = "";
    this.#held = true;
    try {
      await this.#last;
      await terminal.write(bytes);
    } finally {
      this.#held = false;
      if (this.#cancel !== undefined) {
        this.#shown = line;
        this.#write(line);
      }
    }
  }

  /** Resolves when everything said so far is written. Never rejects. */
  written(): Promise<void> {
    return this.#last;
  }

  #write(text: string): void {
    this.#writeBytes(new TextEncoder().encode(text));
  }

  #writeBytes(bytes: Uint8Array): void {
    // Nobody may read standard error any more, which is no reason to stop.
    this.#last = this.#options.terminal.writeError(bytes).catch(() => {});
  }

  /** Takes the live line away. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#redirected?.[Symbol.dispose]();
    if (this.#shown !== "") this.#write(erase);
    this.#shown = "";
  }
}
