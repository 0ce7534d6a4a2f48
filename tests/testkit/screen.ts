/**
 * What a terminal shows, of what a program wrote to it.
 *
 * @module
 */

/**
 * The lines on the screen, the one with the cursor last; none is wrapped or scrolled away.
 * @param text As it came from the terminal: only CR, LF and "erase to the end of the line" mean
 * anything in it.
 */
export function screenOf(text: string): string[] {
  const lines: string[] = [""];
  let column = 0;
  // deno-lint-ignore no-control-regex
  for (const [piece] of text.matchAll(/\r|\n|\x1b\[K|[^\r\n\x1b]+|\x1b/g)) {
    const row = lines.length - 1;
    const line = lines[row] ?? "";
    if (piece === "\r") column = 0;
    else if (piece === "\n") lines.push("".padEnd(column));
    else if (piece === "\x1b[K") lines[row] = line.slice(0, column);
    else if (piece === "\x1b") throw new Error(`Unknown: ${text}`);
    else {
      lines[row] = line.slice(0, column).padEnd(column) + piece +
        line.slice(column + piece.length);
      column += piece.length;
    }
  }
  return lines.map((line) => line.trimEnd());
}
