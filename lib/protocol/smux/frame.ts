/**
 * The frames of smux version 1 (sessions.md §6.1), the one layout of multiplexed port sessions:
 *
 * ```text
 * 0 ┌─────────┬─────────┬───────────────────┬──────────────────────────────────────┐
 *   │ version │ command │ length of data    │ stream id, 0 for NOP                 │
 *   │    1    │         │ 16 bits           │ 32 bits                              │
 * 8 ├─────────┴─────────┴───────────────────┴──────────────────────────────────────┤
 *   │ data, of PSH only …                                                          │
 *   └──────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * Both integers are little-endian, unlike everything else in the protocol. Frames follow one
 * another without regard to the borders of the messages that carry them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Command, FrameParser, headerBytes, writeHeader } from "./frame.ts";
 *
 * const frame = new Uint8Array(headerBytes + 5);
 * writeHeader(frame, 0, Command.Push, 5, 3);
 * frame.set(new TextEncoder().encode("hello"), headerBytes);
 * let text = "";
 * const parser = new FrameParser({
 *   control: () => {},
 *   data: (_stream, piece) => text += new TextDecoder().decode(piece),
 * });
 * for (const byte of frame) parser.push(Uint8Array.of(byte));
 * assert.equal(text, "hello");
 * ```
 *
 * @module
 */

/** The version byte (S `frame.go`); version 2 has windows, and no agent speaks it. */
export const smuxVersion = 1;

/** What a frame says (sessions.md §6.1). */
export const Command = {
  /** Opens a stream. */
  Syn: 0,
  /** Closes a stream. */
  Fin: 1,
  /** Carries data. */
  Push: 2,
  /** Keeps the session alive. */
  Nop: 3,
  /** A window of version 2: read over, as the official parser does. */
  Update: 4,
} as const;

/** A command as it stands in a header. */
export type Command = number;

/** Bytes in front of the data. */
export const headerBytes = 8;

/** Bytes of data in one frame that official ends send at most (S `DefaultConfig`). */
export const maximumFrameData = 32_768;

/** Bytes that follow an update, whatever its length field says (S `frame.go`, szCmdUPD). */
const updateBytes = 8;

/**
 * The other end does not speak smux version 1: from here on nobody can tell where a frame begins.
 * An official receiver stops reading for good, so we never cause it and always notice it.
 */
export class SmuxProtocolError extends Error {
  override name = "SmuxProtocolError";
}

/**
 * Writes a header.
 *
 * @param target Has {@linkcode headerBytes} bytes of room from `at` on.
 * @param length Bytes of data, up to 65535; 0 for everything but PSH (sessions.md §6.2).
 * @param stream 0 to 2^32-1.
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  command: Command,
  length: number,
  stream: number,
): void {
  target[at] = smuxVersion;
  target[at + 1] = command;
  target[at + 2] = length & 0xff;
  target[at + 3] = length >>> 8;
  target[at + 4] = stream & 0xff;
  target[at + 5] = (stream >>> 8) & 0xff;
  target[at + 6] = (stream >>> 16) & 0xff;
  target[at + 7] = stream >>> 24;
}

/** What a {@linkcode FrameParser} finds. */
export interface FrameHandler {
  /** A whole frame without data: SYN, FIN or NOP. */
  control(command: Command, stream: number): void;
  /** The next piece of a stream's data, at least one byte: a view of what was pushed. */
  data(stream: number, piece: Uint8Array): void;
}

/** Takes the byte stream in pieces of any size; gives data on as it comes, and keeps none of it. */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #header = new Uint8Array(headerBytes);
  #headerFilled = 0;
  /** The stream whose data comes now. */
  #stream = 0;
  /** Bytes of it still to come, … */
  #left = 0;
  /** … which nobody wants. */
  #skip = false;
  #failure: SmuxProtocolError | undefined;

  /** @param handler Told of everything, in order, within {@linkcode push}. */
  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {SmuxProtocolError} For a wrong version or an unknown command, and for every push after
   * that.
   */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (!this.#skip) {
          const whole = at === 0 && end === bytes.length;
          this.#handler.data(
            this.#stream,
            whole ? bytes : bytes.subarray(at, end),
          );
        }
        at = end;
      } else if (this.#headerFilled === 0 && bytes.length - at >= headerBytes) {
        this.#begin(bytes, at);
        at += headerBytes;
      } else {
        this.#header[this.#headerFilled++] = bytes[at++]!;
        if (this.#headerFilled === headerBytes) {
          this.#headerFilled = 0;
          this.#begin(this.#header, 0);
        }
      }
    }
  }

  /** True between two frames. */
  get between(): boolean {
    return this.#left === 0 && this.#headerFilled === 0;
  }

  #begin(bytes: Uint8Array, at: number): void {
    const version = bytes[at]!, command = bytes[at + 1]!;
    if (version !== smuxVersion) {
      throw this.#failure = new SmuxProtocolError(
        `Cannot read tunnel: a frame has version ${version} instead of ${smuxVersion}`,
      );
    }
    const stream = (bytes[at + 4]! | bytes[at + 5]! << 8 |
      bytes[at + 6]! << 16 | bytes[at + 7]! << 24) >>> 0;
    switch (command) {
      case Command.Push:
        this.#left = bytes[at + 2]! | bytes[at + 3]! << 8;
        this.#stream = stream;
        this.#skip = false;
        return;
      case Command.Update:
        this.#left = updateBytes;
        this.#skip = true;
        return;
      case Command.Syn:
      case Command.Fin:
      case Command.Nop:
        // A length here is ignored, its bytes are the next header (sessions.md §6.2).
        this.#handler.control(command, stream);
        return;
    }
    throw this.#failure = new SmuxProtocolError(
      `Cannot read tunnel: a frame has the unknown command ${command}`,
    );
  }
}
