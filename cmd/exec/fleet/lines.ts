/**
 * Bytes as lines, whatever is in them.
 *
 * @module
 */

/** A longer line comes in pieces of so many bytes. */
export const longestLine = 64 * 1024;

const newline = 0x0a;

/** Cuts one stream into lines. */
export class LineSplitter {
  readonly #emit: (line: Uint8Array) => void;
  #held: Uint8Array[] = [];
  #size = 0;

  /**
   * @param emit Gets each line with its newline; the last one, and the pieces of one that is too
   * long, come without. The bytes are valid during the call only.
   */
  constructor(emit: (line: Uint8Array) => void) {
    this.#emit = emit;
  }

  /**
   * Takes bytes.
   * @param bytes Valid during the call only.
   */
  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const at = bytes.indexOf(newline, from);
      const end = at < 0 ? bytes.length : at + 1;
      const room = longestLine - this.#size;
      if (end - from > room) {
        this.#line(bytes.subarray(from, from + room));
        from += room;
      } else if (at < 0 && end - from < room) {
        this.#held.push(bytes.slice(from));
        this.#size += end - from;
        return;
      } else {
        this.#line(bytes.subarray(from, end));
        from = end;
      }
    }
  }

  /** The stream has ended. */
  end(): void {
    if (this.#size > 0) this.#line(new Uint8Array());
  }

  #line(last: Uint8Array): void {
    if (this.#size === 0) {
      this.#emit(last);
      return;
    }
    const line = new Uint8Array(this.#size + last.length);
    let at = 0;
    for (const piece of this.#held) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(last, at);
    this.#held = [];
    this.#size = 0;
    this.#emit(line);
  }
}
