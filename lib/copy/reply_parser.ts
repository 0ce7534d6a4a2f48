/**
 * The node's replies out of the session's output.
 *
 * @module
 */

import { decodePath } from "./path_text.ts";

/** What the node said to one request. */
export interface Reply {
  /** False for an error. */
  readonly ok: boolean;
  /** An error's code: `err`, `sum`, `gone`, `lost`; else empty. */
  readonly code: string;
  /** The line behind it. */
  readonly text: string;
  /** The bytes that came before it, as the agent's filter left them. */
  readonly data: Uint8Array;
}

/** What the parser tells. */
export interface ReplyEvents {
  /** A reply is complete. Its data is the taker's to keep. */
  reply(reply: Reply): void;
  /** A line that is no reply: a tool's complaint, or a shell's. */
  noise(line: string): void;
}

const LF = 10;
/** A line longer than this is none, in bytes. */
const longestLine = 64 * 1024;
/** Bytes of the buffer for data: a chunk and what is around it. */
const firstBuffer = 132 * 1024;
/** Data up to so many bytes is copied, and the buffer used again. */
const smallData = 32 * 1024;
/** More than this in one reply is no list of files any more, in bytes: two million names. */
const longestData: number = 256 * 1024 * 1024;
const none = new Uint8Array();

/** Takes output in pieces of any size. */
export class ReplyParser {
  readonly #token: Uint8Array;
  readonly #events: ReplyEvents;
  #line: number[] = [];
  #spare: Uint8Array | undefined;
  /** The data that is coming; `undefined` outside of it. */
  #data: Uint8Array | undefined;
  #length = 0;
  /** Complete data that waits for its reply. */
  #waiting: Uint8Array = none;

  /** @param token The session's, from `makeToken`. */
  constructor(token: string, events: ReplyEvents) {
    this.#token = new TextEncoder().encode(token);
    this.#events = events;
  }

  /**
   * Takes the next bytes, which may change afterwards.
   * @throws {RangeError} For data without end.
   */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      rest = this.#data === undefined
        ? this.#takeLine(rest)
        : this.#takeData(rest, this.#data);
    }
  }

  #takeLine(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(LF);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    for (const byte of part) {
      if (this.#line.length < longestLine) this.#line.push(byte);
    }
    if (end < 0) return none;
    const line = Uint8Array.from(this.#line);
    this.#line = [];
    this.#endOfLine(line);
    return bytes.subarray(end + 1);
  }

  #endOfLine(line: Uint8Array): void {
    const { length } = this.#token;
    if (!this.#token.every((byte, at) => line[at] === byte)) {
      const text = decodePath(line).trim();
      if (text !== "") this.#events.noise(text);
      return;
    }
    const kind = String.fromCharCode(line[length] ?? 0);
    if (kind === "=") {
      this.#data = this.#spare ?? new Uint8Array(firstBuffer);
      this.#spare = undefined;
      this.#length = 0;
      return;
    }
    const text = decodePath(restoreText(line.subarray(length + 1)));
    const data = this.#waiting;
    this.#waiting = none;
    if (kind === "+") {
      return this.#events.reply({ ok: true, code: "", text, data });
    }
    const [code = ""] = text.split(" ", 1);
    const message = text.slice(code.length + 1);
    this.#events.reply({ ok: false, code, text: message, data });
  }

  /** The token can lie across two pieces, so a little of what is known is looked at again. */
  #takeData(bytes: Uint8Array, buffer: Uint8Array): Uint8Array {
    let data = buffer;
    const length = this.#length + bytes.length;
    if (length > longestData) {
      throw new RangeError("The node sends without end");
    }
    if (length > data.length) {
      data = new Uint8Array(Math.max(length, 2 * data.length));
      data.set(buffer.subarray(0, this.#length));
      this.#data = data;
    }
    data.set(bytes, this.#length);
    const from = Math.max(0, this.#length - this.#token.length + 1);
    const found = this.#find(data.subarray(0, length), from);
    if (found < 0) {
      this.#length = length;
      return none;
    }
    const known = this.#length;
    // What of the token was known already is a line's beginning now.
    for (let at = found; at < known; at++) this.#line.push(data[at]!);
    if (found <= smallData) {
      this.#waiting = data.slice(0, found);
      this.#spare = data;
    } else this.#waiting = data.subarray(0, found);
    this.#data = undefined;
    return bytes.subarray(Math.max(0, found - known));
  }

  #find(data: Uint8Array, from: number): number {
    const [first = 0] = this.#token;
    for (let at = from;; at++) {
      at = data.indexOf(first, at);
      if (at < 0 || at + this.#token.length > data.length) return -1;
      if (this.#token.every((byte, index) => data[at + index] === byte)) {
        return at;
      }
    }
  }
}

/** The byte EF is sent as NUL in text (`remote_program.ts`). */
export function restoreText(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte === 0 ? 0xef : byte);
}
