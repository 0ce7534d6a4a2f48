/**
 * Bytes from a terminal in raw mode as keys.
 *
 * @module
 */

/** A key that is no text. */
export type KeyName =
  | "enter"
  | "escape"
  | "interrupt"
  | "end-of-input"
  | "suspend"
  | "redraw"
  | "up"
  | "down"
  | "left"
  | "right"
  | "page-up"
  | "page-down"
  | "home"
  | "end"
  | "line-start"
  | "line-end"
  | "backspace"
  | "delete"
  | "erase-word"
  | "erase-before"
  | "erase-behind"
  /** What follows is pasted. */
  | "paste"
  | "none";

/** What was typed. */
export type Key =
  | { readonly kind: "key"; readonly name: KeyName }
  | { readonly kind: "text"; readonly text: string };

/** A key, and how many bytes it was. */
export interface ReadKey {
  readonly key: Key;
  readonly bytes: number;
}

/** Control characters, as readline and fzf take them. */
const controls: Readonly<Record<number, KeyName>> = {
  0x01: "line-start",
  0x02: "left",
  0x03: "interrupt",
  0x04: "end-of-input",
  0x05: "line-end",
  0x06: "right",
  0x08: "backspace",
  0x0a: "enter",
  0x0b: "erase-behind",
  0x0c: "redraw",
  0x0d: "enter",
  0x0e: "down",
  0x10: "up",
  0x15: "erase-before",
  0x17: "erase-word",
  0x1a: "suspend",
  0x7f: "backspace",
};

/** The last letter of `ESC [ …` and `ESC O …` (ECMA-48, xterm's control sequences). */
const letters: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
};

/** The number of `ESC [ number ~`. */
const numbers: Readonly<Record<string, KeyName>> = {
  "1": "home",
  "3": "delete",
  "4": "end",
  "5": "page-up",
  "6": "page-down",
  "7": "home",
  "8": "end",
  "200": "paste",
};

const escape = 0x1b;

/** A longer sequence is none of a key. */
const longestSequence = 32;

/**
 * The first key in some bytes.
 *
 * @param bytes At least one.
 * @param complete True where nothing more can be expected to belong to them: a lone ESC is then the
 * key, and half a character is none.
 * @returns `undefined` where more bytes are needed.
 */
export function readKey(
  bytes: Uint8Array,
  complete: boolean,
): ReadKey | undefined {
  const first = bytes[0] ?? 0;
  if (first === escape) return readEscape(bytes, complete);
  if (first < 0x20 || first === 0x7f) {
    return { key: named(controls[first] ?? "none"), bytes: 1 };
  }
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes.length < length && !complete) return undefined;
  const text = new TextDecoder().decode(bytes.subarray(0, length));
  // No letter: C1 controls and what is no UTF-8.
  return /[\p{Cc}\ufffd]/u.test(text)
    ? { key: named("none"), bytes: text.includes("\ufffd") ? 1 : length }
    : { key: { kind: "text", text }, bytes: length };
}

function readEscape(
  bytes: Uint8Array,
  complete: boolean,
): ReadKey | undefined {
  const second = bytes[1];
  if (second === undefined) {
    return complete ? { key: named("escape"), bytes: 1 } : undefined;
  }
  // Alt with Backspace, as readline has it.
  if (second === 0x7f || second === 0x08) {
    return { key: named("erase-word"), bytes: 2 };
  }
  const [bracket, o] = [0x5b, 0x4f];
  if (second !== bracket && second !== o) {
    // Two keys that came together, or Alt with a letter, which means nothing here.
    return second === escape
      ? { key: named("escape"), bytes: 1 }
      : { key: named("none"), bytes: 2 };
  }
  for (let at = 2; at < bytes.length && at < longestSequence; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x40 || byte > 0x7e) continue;
    const parameters = new TextDecoder().decode(bytes.subarray(2, at));
    const final = String.fromCharCode(byte);
    const name = final === "~"
      ? numbers[parameters.split(";")[0] ?? ""]
      : letters[final];
    return { key: named(name ?? "none"), bytes: at + 1 };
  }
  return bytes.length >= longestSequence || complete
    ? { key: named("none"), bytes: bytes.length }
    : undefined;
}

function named(name: KeyName): Key {
  return { kind: "key", name };
}
