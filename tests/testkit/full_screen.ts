/**
 * What a terminal shows of a program that takes the whole screen.
 *
 * @module
 */

import xterm from "@xterm/headless";

/** What is seen. */
export interface Shown {
  /** Without spaces at their ends. */
  readonly lines: readonly string[];
  /** True while the program has the second screen. */
  readonly second: boolean;
  /** True where long lines wrap, as they usually do. */
  readonly wraps: boolean;
  /** True where pastes are marked as such. */
  readonly marksPastes: boolean;
}

/**
 * The screen after some output.
 * @param text As it came from the terminal.
 * @param size The terminal's.
 */
export async function fullScreenOf(
  text: string,
  size: { readonly cols: number; readonly rows: number },
): Promise<Shown> {
  const terminal = new xterm.Terminal({ ...size, allowProposedApi: true });
  try {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const { active } = terminal.buffer;
    return {
      lines: Array.from(
        { length: size.rows },
        (_, row) =>
          active.getLine(active.viewportY + row)?.translateToString(true) ?? "",
      ),
      second: active.type === "alternate",
      wraps: terminal.modes.wraparoundMode,
      marksPastes: terminal.modes.bracketedPasteMode,
    };
  } finally {
    terminal.dispose();
  }
}
