/**
 * Text pasted into a terminal that marks it (xterm's mode 2004, “bracketed paste”): nothing in it
 * is a key.
 *
 * @module
 */

/** What such a terminal sends before a paste. */
const begin = new TextEncoder().encode("\x1b[200~");
/** What it sends behind it. */
const end = new TextEncoder().encode("\x1b[201~");

/** `ESC [` is what any key may begin with; `ESC [ 2` is not typed and left there. */
const ownPart = 3;

/** What was found in some bytes of a paste. */
export interface PastePart {
  /** Text for a line: none of a control character, or of what stands behind a line break. */
  readonly text: string;
  /** How many bytes are done with. Those behind may be the beginning of the paste's end. */
  readonly used: number;
  /** True where the paste is over. */
  readonly ended: boolean;
}

/** A paste under way, from behind the mark at its beginning. */
export class Paste {
  readonly #decoder = new TextDecoder();
  #broken = false;

  /**
   * Takes what came in.
   * @param bytes Not used before.
   */
  take(bytes: Uint8Array): PastePart {
    const at = indexOf(bytes, end);
    const length = at ?? bytes.length - heldBack(bytes, end);
    const text = this.#line(
      this.#decoder.decode(bytes.subarray(0, length), { stream: true }),
    );
    return at === undefined
      ? { text, used: length, ended: false }
      : { text, used: at + end.length, ended: true };
  }

  #line(text: string): string {
    if (this.#broken) return "";
    const at = text.search(/[\r\n\u2028\u2029]/);
    this.#broken = at >= 0;
    return (at < 0 ? text : text.slice(0, at))
      .replaceAll("\t", " ").replace(/[\p{Cc}\ufffd]/gu, "");
  }
}

/**
 * True where bytes that are no whole key can hardly be anything but the beginning of a paste: the
 * rest is then waited for as long as it takes.
 * @param bytes The beginning of a sequence.
 */
export function announcesPaste(bytes: Uint8Array): boolean {
  return bytes.length >= ownPart && heldBack(bytes, begin) === bytes.length;
}

/** What was typed, with pastes in between. */
export class TypedAhead {
  readonly #typed: number[] = [];
  #rest = new Uint8Array();
  #paste: Paste | undefined;

  /**
   * Takes what came in.
   * @param bytes All of it.
   */
  take(bytes: Uint8Array): void {
    let rest = new Uint8Array([...this.#rest, ...bytes]);
    for (;;) {
      if (this.#paste !== undefined) {
        const { used, ended } = this.#paste.take(rest);
        rest = rest.slice(used);
        if (!ended) break;
        this.#paste = undefined;
      }
      const at = indexOf(rest, begin);
      const length = at ?? rest.length - heldBack(rest, begin);
      this.#typed.push(...rest.subarray(0, length));
      rest = rest.slice(length + (at === undefined ? 0 : begin.length));
      if (at === undefined) break;
      this.#paste = new Paste();
    }
    this.#rest = rest;
  }

  /** True where the rest of a paste is still to come, or may be. */
  get unfinished(): boolean {
    return this.#paste !== undefined || this.#rest.length > 0;
  }

  /** What was typed and not pasted; without the end of a paste, the rest is one. */
  get typed(): Uint8Array {
    const rest = this.#paste === undefined ? this.#rest : [];
    return new Uint8Array([...this.#typed, ...rest]);
  }
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number | undefined {
  for (
    let at = bytes.indexOf(0x1b);
    at >= 0;
    at = bytes.indexOf(0x1b, at + 1)
  ) {
    if (mark.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return undefined;
}

/** How many bytes at the end may be the beginning of a mark. */
function heldBack(bytes: Uint8Array, mark: Uint8Array): number {
  const at = bytes.lastIndexOf(0x1b);
  if (at < 0) return 0;
  const tail = bytes.subarray(at);
  return tail.length < mark.length &&
      tail.every((byte, index) => mark[index] === byte)
    ? tail.length
    : 0;
}
