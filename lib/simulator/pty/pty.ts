/**
 * A program on a pseudo-terminal, as the simulator's agent needs it.
 *
 * @module
 */

import type { TerminalSize } from "../../protocol/message/size.ts";

/** How the program on a pseudo-terminal ended. */
export interface PtyExit {
  /** The exit code; script(1) reports a signal n as 128 + n. */
  readonly code: number;
  /** The number of the signal that ended it, where the implementation can tell. */
  readonly signal?: number;
}

/** A running program and the master side of its terminal. */
export interface Pty {
  /**
   * The next bytes the program wrote, at most `limit` of them; `undefined` after its end, when
   * everything was handed out. One call at a time. While nobody calls it, only a bounded amount
   * is held, and the program waits.
   */
  read(limit: number): Promise<Uint8Array | undefined>;
  /**
   * Types bytes. Resolves when the terminal took them, which a program that does not read can
   * delay for ever; resolves, and drops them, once the program has ended.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Sets the window's size; resolves when a program that asks for it sees it. */
  resize(size: TerminalSize): Promise<void>;
  /**
   * Ends every process of the terminal's session: SIGHUP, and SIGKILL for what is left half a
   * second later. Resolves when nothing is left and everything is released. May be called at any
   * time and again; also after the program's end, for the processes it left behind.
   */
  kill(): Promise<void>;
  /** The program's end. Never rejects. */
  readonly exited: Promise<PtyExit>;
}

/** What to run on a new pseudo-terminal. */
export interface PtyRequest {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly cwd: string;
  /** The first size; sessions.md §2.1 has no default, ours is 80 × 24. */
  readonly size?: TerminalSize;
}

/** A program could not be put on a pseudo-terminal. */
export class PtyError extends Error {
  override name = "PtyError";
}

/** Clamps a size to what a terminal can have: 1 to 65535 each way (sessions.md §2.1). */
export function clampSize(size: TerminalSize): TerminalSize {
  const clamp = (n: number) =>
    Math.min(65535, Math.max(1, Math.trunc(Number.isFinite(n) ? n : 1)));
  return { cols: clamp(size.cols), rows: clamp(size.rows) };
}
