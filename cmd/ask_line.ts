/**
 * Asks the user something.
 *
 * @module
 */

import type { Terminal } from "../lib/session/transport.ts";

/** Longer than any answer that is waited for. */
const longestLine = 256;

/**
 * Asks on standard error, reads one line.
 * @param terminal Where to ask; in line mode, so that a read gives a line.
 * @param question With a space at its end. Foreign text in it must have been made visible.
 * @param signal Gives up, and rejects with its reason.
 * @returns Without spaces at its ends; `undefined` when the input ends before a line does, and
 * nothing was typed.
 */
export async function askLine(
  terminal: Terminal,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  await terminal.writeError(new TextEncoder().encode(question));
  const decoder = new TextDecoder();
  let line = "";
  while (!/[\r\n]/.test(line) && line.length < longestLine) {
    const bytes = await terminal.read(signal);
    if (bytes === undefined) return line === "" ? undefined : line.trim();
    line += decoder.decode(bytes, { stream: true });
  }
  return line.trim();
}
