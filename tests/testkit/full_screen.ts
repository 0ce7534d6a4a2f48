/**
 * What a terminal shows of a program that takes the whole screen, as far as `ssm` does: texts at
 * places, lines erased, colours, and the second screen.
 *
 * @module
 */

/** What is seen. */
export interface Shown {
  /** Without spaces at their ends. */
  readonly lines: readonly string[];
  /** True while the program has the second screen. */
  readonly second: boolean;
  /** True where text would wrap, and the cursor is seen: as terminals usually are. */
  readonly usual: boolean;
}

/**
 * The screen after some output.
 * @param text As it came from the terminal.
 * @param rows How many lines it has.
 */
export function fullScreenOf(text: string, rows: number): Shown {
  const empty = () => Array.from({ length: rows }, () => "");
  let lines = empty();
  let [row, column] = [0, 0];
  let second = false;
  const modes = new Map([["7", true], ["25", true]]);
  const pieces = text.matchAll(
    // deno-lint-ignore no-control-regex
    /\x1b\[(\??)([\d;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+|\x1b/g,
  );
  for (const [piece, mark, parameters = "", letter] of pieces) {
    if (mark === "?") {
      if (parameters === "1049") {
        second = letter === "h";
        [lines, row, column] = [empty(), 0, 0];
      } else modes.set(parameters, letter === "h");
      continue;
    }
    switch (letter) {
      case "H": {
        const [y = "1", x = "1"] = parameters.split(";").map((one) =>
          one || "1"
        );
        [row, column] = [Number(y) - 1, Number(x) - 1];
        continue;
      }
      case "K":
        lines[row] = parameters === "2"
          ? ""
          : (lines[row] ?? "").slice(0, column);
        continue;
      case "J":
        lines = lines.map((line, at) =>
          at < row ? line : at > row ? "" : line.slice(0, column)
        );
        continue;
      case "m":
        continue;
    }
    if (piece === "\r") column = 0;
    else if (piece === "\n") row = Math.min(row + 1, rows - 1);
    else if (letter !== undefined || piece === "\x1b") {
      throw new Error(`Unknown: ${JSON.stringify(piece)}`);
    } else {
      const line = (lines[row] ?? "").padEnd(column);
      lines[row] = line.slice(0, column) + piece +
        line.slice(column + piece.length);
      column += piece.length;
    }
  }
  return {
    lines: lines.map((line) => line.trimEnd()),
    second,
    usual: [...modes.values()].every((on) => on),
  };
}
