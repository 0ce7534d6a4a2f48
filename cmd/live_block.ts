/**
 * Lines at the bottom of the terminal that are written anew when they change, and the lines above
 * them: a table that lives.
 *
 * @module
 */

import type { CommandLog } from "./log.ts";
import type { Clock, Terminal } from "../lib/session/transport.ts";

/** Milliseconds between two looks. */
const interval = 1000;

/** What a {@linkcode LiveBlock} needs. */
export interface LiveBlockOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** True where the lines are shown: on a terminal, unless nothing is to be said. */
  readonly live: boolean;
  /** Whose lines are said above the live ones. */
  readonly log?: CommandLog;
  /**
   * The lines, none wider than so many columns; escape sequences in them take no width.
   * @param cols Columns of the terminal.
   */
  readonly lines: (cols: number) => readonly string[];
}

/** Lines on standard error, and the live ones below them. */
export class LiveBlock implements Disposable {
  readonly #options: LiveBlockOptions;
  #cancel: (() => void) | undefined;
  #shown: readonly string[] = [];
  #cols = 0;
  #last: Promise<void> = Promise.resolve();
  #ended = false;
  readonly #redirected: Disposable | undefined;

  constructor(options: LiveBlockOptions) {
    this.#options = options;
    this.#redirected = options.log?.redirect((line) => this.say([line]));
  }

  /** Shows the live lines from now on. */
  start(): void {
    if (!this.#options.live || this.#ended) return;
    const tick = () => {
      this.draw();
      this.#cancel = this.#options.clock.setTimer(interval, tick);
    };
    tick();
  }

  /** Writes the live lines anew, where they are others by now. */
  draw(): void {
    if (!this.#options.live || this.#ended) return;
    const { cols, lines } = this.#current();
    const same = cols === this.#cols && lines.length === this.#shown.length &&
      lines.every((line, at) => line === this.#shown[at]);
    if (same) return;
    this.#write(this.#erase() + this.#drawn(cols, lines));
  }

  /**
   * Says lines above the live ones.
   * @param said The lines.
   */
  say(said: readonly string[]): void {
    const text = said.map((line) => `${line}\n`).join("");
    if (this.#shown.length === 0) return this.#write(text);
    const { cols, lines } = this.#current();
    this.#write(this.#erase() + text + this.#drawn(cols, lines));
  }

  /** Resolves when everything said so far is written. Never rejects. */
  written(): Promise<void> {
    return this.#last;
  }

  #current(): { cols: number; lines: readonly string[] } {
    const { cols, rows } = this.#options.terminal.size() ??
      { cols: 80, rows: 24 };
    const all = this.#options.lines(cols);
    // Lines that have left the screen could not be written anew.
    const room = Math.max(1, rows - 2);
    return {
      cols,
      lines: all.length <= room
        ? all
        : [...all.slice(0, room - 1), `… and ${all.length - room + 1} more`],
    };
  }

  #drawn(cols: number, lines: readonly string[]): string {
    this.#cols = cols;
    this.#shown = lines;
    return lines.map((line) => `${line}\n`).join("");
  }

  /** The cursor is below the last line; a terminal that became narrower has broken long ones. */
  #erase(): string {
    if (this.#shown.length === 0) return "";
    const cols = Math.max(1, this.#options.terminal.size()?.cols ?? this.#cols);
    const height = this.#shown.reduce(
      (rows, line) =>
        rows + Math.max(
          1,
          Math.ceil(
            // deno-lint-ignore no-control-regex
            [...line.replace(/\x1b\[[0-9;]*m/g, "")].length / cols,
          ),
        ),
      0,
    );
    return `\r\x1b[${height}A\x1b[J`;
  }

  #write(text: string): void {
    // Nobody may read standard error any more, which is no reason to stop.
    this.#last = this.#options.terminal.writeError(
      new TextEncoder().encode(text),
    ).catch(() => {});
  }

  /** Writes the lines a last time, and leaves them there. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#redirected?.[Symbol.dispose]();
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#shown.length > 0) {
      const { cols, lines } = this.#current();
      this.#write(this.#erase() + this.#drawn(cols, lines));
    }
    this.#ended = true;
    this.#shown = [];
  }
}
