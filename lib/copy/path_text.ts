/**
 * Names of files on a node, which are bytes, as text and back: a byte that is no UTF-8 becomes a lone
 * surrogate, U+DC80 to U+DCFF, as Python's `surrogateescape` does. So every name survives the way
 * through our code, and `visible()` shows what is odd about it.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
/** What a byte that is no UTF-8 is added to. */
const escapeBase = 0xdc00;

/** Text out of the bytes of a name. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    // Some of it is no UTF-8.
  }
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = validLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(escapeBase + bytes[at]!);
      at++;
    } else {
      text += decoder.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** The length of the well-formed character at `at`, in bytes; 0 where there is none. */
function validLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      decoder.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // Not with so many bytes.
    }
  }
  return 0;
}

/** The bytes of a name, from {@linkcode decodePath} or typed. */
export function encodePath(text: string): Uint8Array {
  if (isUnicode(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) {
      bytes.push(code - escapeBase);
    } else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** True where a name is Unicode, and so can be one of a file on this machine. */
export function isUnicode(text: string): boolean {
  return text.isWellFormed();
}
