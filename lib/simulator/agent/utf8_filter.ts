/**
 * What the official agent does to the output of a program before it sends it (sessions.md §2.5,
 * agent `processStdoutData`): a payload never ends inside a character, at the price of being not
 * binary-safe. Copied with its faults, which clients have to live with (pitfalls.md §2.9).
 *
 * @module
 */

/** Bytes of the longest UTF-8 character, Go's utf8.UTFMax. */
const longest = 4;

const none = new Uint8Array(0);

/** One output stream's filter: holds up to three bytes back between reads. */
export class Utf8Filter {
  #held: Uint8Array = none;

  /** The bytes that wait for the next read; at the end of the stream they are lost. */
  get held(): Uint8Array {
    return this.#held;
  }

  /**
   * Takes one read and gives what to send, which can be empty.
   *
   * An invalid byte among the last three is held back with everything after it; an earlier one
   * passes unchanged; a valid U+FFFD is taken for an error and loses its last two bytes.
   */
  filter(read: Uint8Array): Uint8Array {
    let bytes = read;
    if (this.#held.length > 0) {
      bytes = new Uint8Array(this.#held.length + read.length);
      bytes.set(this.#held);
      bytes.set(read, this.#held.length);
      this.#held = none;
    }
    let at = 0;
    while (at < bytes.length && bytes[at]! < 0x80) at++;
    if (at === bytes.length) return bytes;

    const sent = new Uint8Array(bytes.length);
    sent.set(bytes.subarray(0, at));
    let length = at;
    while (at < bytes.length) {
      const size = characterSize(bytes, at);
      if (size > 0) {
        for (const end = at + size; at < end; at++) sent[length++] = bytes[at]!;
        continue;
      }
      if (bytes.length - at < longest) {
        this.#held = bytes.slice(at);
        break;
      }
      sent[length++] = bytes[at]!;
      at += -size;
    }
    return sent.subarray(0, length);
  }
}

/**
 * The size of the valid character at `at`; for what Go decodes as U+FFFD the negative of the size
 * that Go skips: -1 for an invalid byte, -3 for a genuine U+FFFD.
 */
function characterSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  const third = bytes[at + 2] ?? 0;
  const fourth = bytes[at + 3] ?? 0;
  const follows = (byte: number, low = 0x80, high = 0xbf) =>
    byte >= low && byte <= high;
  // The table of well-formed sequences: no overlong form, no surrogate, nothing above U+10FFFF.
  if (first >= 0xc2 && first <= 0xdf) return follows(second) ? 2 : -1;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    if (!follows(second, low, high) || !follows(third)) return -1;
    return first === 0xef && second === 0xbf && third === 0xbd ? -3 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xf4 ? 0x8f : 0xbf;
    const valid = follows(second, low, high) && follows(third) &&
      follows(fourth);
    return valid ? 4 : -1;
  }
  return -1;
}
