/**
 * Bytes into numbered lines.
 *
 * @module
 */

/** A line of a file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its end. */
  readonly text: string;
  /** False for a last line that has no end. */
  readonly ended: boolean;
}

/**
 * Cuts bytes into lines, which end with LF or CR LF.
 * @param chunks The file's bytes, however they are cut.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Line, void, void> {
  const decoder = new TextDecoder();
  let number = 0;
  // A long line is put together once, at its end.
  let pieces: string[] = [];
  const line = (last: string, ended: boolean): Line => {
    const text = pieces.length === 0 ? last : pieces.join("") + last;
    pieces = [];
    return {
      number: ++number,
      text: text.endsWith("\r") ? text.slice(0, -1) : text,
      ended,
    };
  };
  for await (const bytes of chunks) {
    const parts = decoder.decode(bytes, { stream: true }).split("\n");
    const rest = parts.pop() ?? "";
    for (const part of parts) yield line(part, true);
    if (rest !== "") pieces.push(rest);
  }
  const rest = decoder.decode();
  if (pieces.length > 0 || rest !== "") yield line(rest, false);
}
