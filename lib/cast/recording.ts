/**
 * Events on their way into a recording. Taking one costs a copy; decoding and formatting wait until
 * the lines are fetched, so that a keystroke does not wait for them.
 *
 * @module
 */

import type { TerminalSize } from "../session/transport.ts";
import { eventLine } from "./event.ts";

/** Whose bytes. Each has its own characters that are not whole yet. */
export type CastStream = "output" | "errors" | "input";

type Waiting =
  | {
    readonly at: number;
    readonly stream: CastStream;
    readonly bytes: Uint8Array;
  }
  | { readonly at: number; readonly size: TerminalSize };

/** Bytes that are formatted in one go: a millisecond's work, for which a key may wait. */
const oneGo = 256 * 1024;

/** Events of one recording, from the world to lines. */
export class Recording {
  readonly #offset: number;
  readonly #decoders: Record<CastStream, TextDecoder> = {
    output: new TextDecoder(),
    errors: new TextDecoder(),
    input: new TextDecoder(),
  };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #origin: number | undefined;
  #last = 0;
  #size: TerminalSize;

  /**
   * @param size The terminal's when the recording begins, or where another one ended.
   * @param offset Seconds at which it begins; more than 0 where another one goes on.
   */
  constructor(size: TerminalSize, offset = 0) {
    this.#size = size;
    this.#offset = offset;
  }

  /** Bytes that wait to be fetched. */
  get waiting(): number {
    return this.#waitingBytes;
  }

  /**
   * Something was written to the terminal, or typed.
   * @param now Milliseconds; the first event's are the recording's beginning.
   * @param bytes Are copied.
   */
  add(stream: CastStream, now: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waitingBytes += bytes.length;
    this.#waiting.push({ at: this.#time(now), stream, bytes: bytes.slice() });
  }

  /**
   * The terminal has this size; nothing happens where it had it before.
   * @param now Milliseconds.
   */
  resize(now: number, size: TerminalSize): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#waiting.push({ at: this.#time(now), size });
  }

  /**
   * Some of the lines that wait; empty when there is none. A character's first bytes stay until the
   * rest is there.
   */
  take(): string {
    let lines = "", bytes = 0, taken = 0;
    for (const one of this.#waiting) {
      if (bytes >= oneGo) break;
      if ("bytes" in one) bytes += one.bytes.length;
      lines += this.#line(one);
      taken++;
    }
    this.#waitingBytes -= bytes;
    this.#waiting = this.#waiting.slice(taken);
    return lines === "" && taken > 0 ? this.take() : lines;
  }

  /**
   * As {@linkcode take}, when nothing is added any more: what waits for the rest of its character
   * is the last to come.
   */
  finish(): string {
    const lines = this.take();
    return lines !== "" ? lines : (["output", "errors", "input"] as const)
      .map((stream) => this.#text(stream, this.#last, undefined)).join("");
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #time(now: number): number {
    this.#origin ??= now;
    this.#last = this.#offset + (now - this.#origin) / 1000;
    return this.#last;
  }

  #line(one: Waiting): string {
    if ("size" in one) {
      return eventLine(one.at, "r", `${one.size.cols}x${one.size.rows}`);
    }
    return this.#text(one.stream, one.at, one.bytes);
  }

  #text(
    stream: CastStream,
    at: number,
    bytes: Uint8Array | undefined,
  ): string {
    const decoder = this.#decoders[stream];
    const text = bytes === undefined
      ? decoder.decode()
      : decoder.decode(bytes, { stream: true });
    if (text === "") return "";
    return eventLine(at, stream === "input" ? "i" : "o", text);
  }
}
