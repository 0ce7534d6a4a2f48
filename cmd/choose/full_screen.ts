/**
 * The whole terminal for a while, on standard error, and as it was afterwards.
 *
 * @module
 */

import type { Terminal, TerminalSize } from "../../lib/session/transport.ts";
import type { View } from "./view.ts";

/**
 * The second screen that terminals have, for programs that need all of it; without wrapping, so that
 * a character that the terminal draws wider than it should be spoils one line only; and with pastes
 * marked as such, lest their first line break be Enter and the rest run where Enter leads to.
 */
const enter = "\x1b[?1049h\x1b[?7l\x1b[?2004h";
// Erased first: tmux 3.3 leaves rows of a screen that was resized meanwhile.
const leave = "\x1b[?2004l\x1b[0m\x1b[H\x1b[J\x1b[?7h\x1b[?25h\x1b[?1049l";

/** The bytes that give the screen back, for a process that ends at once. */
export const leaveBytes = new TextEncoder().encode(leave);

/** For a terminal that does not tell its size. */
const usualSize: TerminalSize = { cols: 80, rows: 24 };

/** The screen of a choice. */
export class FullScreen {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];
  #size: TerminalSize | undefined;

  /** @param terminal In raw mode, from {@linkcode open} to {@linkcode close}. */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The terminal's size. */
  get size(): TerminalSize {
    return this.#terminal.size() ?? usualSize;
  }

  /** Takes the screen. */
  async open(): Promise<void> {
    await this.#write(enter);
  }

  /** Gives it back as it was. Never rejects. */
  async close(): Promise<void> {
    this.spoilt();
    // Nobody may be there any more to see it.
    await this.#write(leave).catch(() => {});
  }

  /** Everything is to be drawn anew. */
  spoilt(): void {
    this.#shown = [];
    this.#size = undefined;
  }

  /**
   * Shows a view: the lines that are not what is shown already.
   * @param view Laid out for `size`.
   * @param size The terminal's.
   */
  async show({ lines, cursor }: View, size: TerminalSize): Promise<void> {
    const resized = this.#size?.cols !== size.cols ||
      this.#size?.rows !== size.rows;
    const before = resized ? [] : this.#shown;
    const parts: string[] = [];
    lines.forEach((line, at) => {
      if (line === before[at]) return;
      parts.push(`\x1b[${at + 1};1H\x1b[2K${line}`);
    });
    this.#shown = lines;
    this.#size = size;
    // The cursor would be seen to jump about.
    await this.#write(
      `\x1b[?25l${parts.join("")}` +
        `\x1b[${cursor.row + 1};${cursor.column + 1}H\x1b[?25h`,
    );
  }

  #write(text: string): Promise<void> {
    return this.#terminal.writeError(new TextEncoder().encode(text));
  }
}
