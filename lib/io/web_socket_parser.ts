/**
 * RFC 6455 frames on the way in: bytes in any split become messages and control frames, and every
 * violation becomes the close code that the RFC gives it. Pure.
 *
 * @module
 */

import {
  mask,
  maxControlPayload,
  maxHeaderLength,
  type Opcode,
  opcodes,
  type Role,
  wordsOf,
} from "./web_socket_frame.ts";

/** The peer broke RFC 6455, or our limits; the connection has to be failed with `code`. */
export class WebSocketProtocolError extends Error {
  /** The class, for whoever prints it. */
  override name = "WebSocketProtocolError";
  /**
   * Makes the error; nothing is sent by it.
   *
   * @param code The close code to answer with: 1002, 1007 or 1009 (RFC 6455 §7.4.1).
   * @param message What the peer did, in a sentence.
   */
  constructor(readonly code: 1002 | 1007 | 1009, message: string) {
    super(message);
  }
}

/** Takes what the parser finds, in the order of the wire. */
export interface FrameHandler {
  /**
   * A whole message, its fragments joined.
   *
   * @param bytes The payload; a text message is valid UTF-8. The parser does not write to it again.
   * @param text True for a text message.
   */
  message(bytes: Uint8Array, text: boolean): void;
  /** A ping, to be answered (RFC 6455 §5.5.2). @param payload At most 125 bytes. */
  ping(payload: Uint8Array): void;
  /** A pong, asked for or not (RFC 6455 §5.5.3). @param payload At most 125 bytes. */
  pong(payload: Uint8Array): void;
  /**
   * The peer's close frame. Nothing more is parsed after it.
   *
   * @param code The close code; 1005 when the frame has none (RFC 6455 §7.1.5).
   * @param reason The reason; empty when there is none.
   */
  close(code: number, reason: string): void;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Whether a close frame may carry this code (RFC 6455 §7.4; 1012 to 1014 come from the IANA
 * registry of close codes).
 *
 * @param code The code as it came.
 */
export function validCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999);
}

/** The incremental parser of one direction of one WebSocket. */
export class FrameParser {
  readonly #expectMask: boolean;
  readonly #maxMessageSize: number;
  readonly #handler: FrameHandler;
  #done = false;

  // The header being collected; complete when #headerHave === #headerNeed.
  readonly #header = new Uint8Array(maxHeaderLength);
  #headerHave = 0;
  #headerNeed = 2;

  // The frame whose payload is being taken.
  #opcode: Opcode = opcodes.continuation;
  #fin = false;
  #key = 0;
  #payloadLength = 0;
  #inPayload = false;

  // A data message that does not lie in one piece: collected here.
  #message: Collector | undefined;
  #messageOpcode: typeof opcodes.text | typeof opcodes.binary | undefined;
  // A control frame that does not lie in one piece; may come in the middle of #message (§5.4).
  #control: Collector | undefined;

  /**
   * Begins at a frame's first byte.
   *
   * @param role Our end: a server's parser wants masked frames, a client's unmasked ones (§5.1).
   * @param maxMessageSize The largest message taken, in bytes; a larger one is error 1009.
   * @param handler Gets what is found.
   */
  constructor(role: Role, maxMessageSize: number, handler: FrameHandler) {
    this.#expectMask = role === "server";
    this.#maxMessageSize = maxMessageSize;
    this.#handler = handler;
  }

  /** True while a message or a frame has begun and is not complete. */
  get midway(): boolean {
    return this.#inPayload || this.#headerHave > 0 ||
      this.#messageOpcode !== undefined;
  }

  /**
   * Parses more of the stream. The handler is called before this returns.
   *
   * @param chunk The next bytes, in whatever split. They belong to the parser from now on: it
   * unmasks in place and hands out views, so the caller must not write to them again.
   * @throws {WebSocketProtocolError} The peer broke the rules. Nothing is parsed after that.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    try {
      while (!this.#done) {
        if (!this.#inPayload) {
          at = this.#takeHeader(chunk, at);
          if (!this.#inPayload) return; // the chunk is used up
        }
        const end = this.#takePayload(chunk, at);
        if (end < 0) return;
        at = end;
      }
    } catch (error) {
      this.#done = true;
      throw error;
    }
  }

  /** Collects header bytes; sets #inPayload once the header is complete and has been checked. */
  #takeHeader(chunk: Uint8Array, at: number): number {
    const header = this.#header;
    while (at < chunk.length) {
      header[this.#headerHave++] = chunk[at++]!;
      if (this.#headerHave === 2) this.#checkStart(header[0]!, header[1]!);
      if (this.#headerHave < 2 || this.#headerHave < this.#headerNeed) continue;
      this.#finishHeader();
      break;
    }
    return at;
  }

  /** The checks that the first two bytes allow, so that nonsense is refused early. */
  #checkStart(first: number, second: number): void {
    if ((first & 0x70) !== 0) {
      throw protocolError(
        "The peer set a reserved bit in a frame without an agreed extension",
      );
    }
    const opcode = first & 0x0f;
    if (!isOpcode(opcode)) {
      throw protocolError(
        `The peer sent a frame with the reserved opcode ${opcode}`,
      );
    }
    const masked = (second & 0x80) !== 0;
    if (masked !== this.#expectMask) {
      throw protocolError(
        masked
          ? "The server sent a masked frame"
          : "The client sent a frame without a mask",
      );
    }
    this.#opcode = opcode;
    this.#fin = (first & 0x80) !== 0;
    const length = second & 0x7f;
    if (opcode >= opcodes.close) {
      if (!this.#fin) {
        throw protocolError("The peer sent a control frame in fragments");
      }
      if (length > maxControlPayload) {
        throw protocolError(
          `The peer sent a control frame of more than ${maxControlPayload} bytes`,
        );
      }
    } else if (opcode === opcodes.continuation) {
      if (this.#messageOpcode === undefined) {
        throw protocolError(
          "The peer sent a continuation frame, but no message has begun",
        );
      }
    } else if (this.#messageOpcode !== undefined) {
      throw protocolError(
        "The peer began a message in the middle of another one",
      );
    }
    this.#headerNeed = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) +
      (masked ? 4 : 0);
  }

  #finishHeader(): void {
    const header = this.#header;
    let length = header[1]! & 0x7f;
    if (length === 126) {
      length = (header[2]! << 8) | header[3]!;
      if (length < 126) throw overlong();
    } else if (length === 127) {
      if (header[2]! & 0x80) {
        throw protocolError(
          "The peer sent a frame length with the highest bit set",
        );
      }
      const view = new DataView(header.buffer);
      // Beyond 2^53 this rounds, which is far over any limit.
      length = view.getUint32(2) * 0x100000000 + view.getUint32(6);
      if (length < 65536) throw overlong();
    }
    if (this.#opcode < opcodes.close) {
      const size = (this.#message?.length ?? 0) + length;
      if (size > this.#maxMessageSize) {
        throw new WebSocketProtocolError(
          1009,
          `The peer sent a message of more than ${this.#maxMessageSize} bytes`,
        );
      }
      if (this.#opcode !== opcodes.continuation) {
        this.#messageOpcode = this.#opcode as 1 | 2;
      }
    }
    if (this.#expectMask) {
      const k = this.#headerNeed - 4;
      this.#key = header[k]! | (header[k + 1]! << 8) | (header[k + 2]! << 16) |
        (header[k + 3]! << 24);
    }
    this.#payloadLength = length;
    this.#inPayload = true;
    this.#headerHave = 0;
    this.#headerNeed = 2;
  }

  /** Takes payload from `at`; returns the index after the frame, or -1 when more is needed. */
  #takePayload(chunk: Uint8Array, at: number): number {
    const isControl = this.#opcode >= opcodes.close;
    let collector = isControl ? this.#control : this.#message;
    const whole = collector === undefined && (this.#fin || isControl) &&
      chunk.length - at >= this.#payloadLength;
    if (whole) {
      // The usual case: nothing is copied, the message is a view.
      const end = at + this.#payloadLength;
      if (this.#expectMask) this.#unmask(chunk, at, end);
      this.#inPayload = false;
      const payload = chunk.subarray(at, end);
      if (isControl) this.#deliverControl(payload);
      else this.#deliverMessage(payload);
      return end;
    }
    if (collector === undefined) {
      collector = new Collector();
      if (isControl) this.#control = collector;
      else this.#message = collector;
    }
    if (!collector.inFrame) {
      collector.beginFrame(this.#payloadLength, this.#fin);
    }
    at = collector.take(chunk, at);
    if (!collector.frameComplete) return -1;
    if (this.#expectMask) {
      this.#unmask(collector.bytes, collector.frameStart, collector.length);
    }
    collector.inFrame = false;
    this.#inPayload = false;
    if (isControl) {
      this.#control = undefined;
      this.#deliverControl(collector.finish());
    } else if (this.#fin) {
      this.#message = undefined;
      this.#deliverMessage(collector.finish());
    }
    return at;
  }

  #slab: Uint8Array = new Uint8Array();
  #words: Int32Array = wordsOf(this.#slab.buffer);

  #unmask(bytes: Uint8Array, start: number, end: number): void {
    // One pair of views serves all the messages that lie in the same slab.
    if (this.#slab.buffer !== bytes.buffer) {
      this.#slab = new Uint8Array(bytes.buffer);
      this.#words = wordsOf(bytes.buffer);
    }
    const offset = bytes.byteOffset;
    mask(this.#slab, this.#words, offset + start, offset + end, this.#key);
  }

  #deliverMessage(bytes: Uint8Array): void {
    const text = this.#messageOpcode === opcodes.text;
    this.#messageOpcode = undefined;
    if (text) decodeUtf8(bytes, "The peer sent a text message");
    this.#handler.message(bytes, text);
  }

  #deliverControl(payload: Uint8Array): void {
    if (this.#opcode === opcodes.ping) return this.#handler.ping(payload);
    if (this.#opcode === opcodes.pong) return this.#handler.pong(payload);
    if (payload.length === 1) {
      throw protocolError("The peer sent a close frame with half a close code");
    }
    let code = 1005;
    let reason = "";
    if (payload.length >= 2) {
      code = (payload[0]! << 8) | payload[1]!;
      if (!validCloseCode(code)) {
        throw protocolError(
          `The peer sent the close code ${code}, which no close frame may have`,
        );
      }
      reason = decodeUtf8(
        payload.subarray(2),
        "The peer sent a close reason",
      );
    }
    this.#done = true;
    this.#handler.close(code, reason);
  }
}

/** Joins the pieces of one message. */
class Collector {
  bytes: Uint8Array = new Uint8Array();
  length = 0;
  frameStart = 0;
  inFrame = false;
  #frameEnd = 0;

  /** Makes room: exactly what is needed for a last frame, with growth in mind for others. */
  beginFrame(payloadLength: number, last: boolean): void {
    this.inFrame = true;
    this.frameStart = this.length;
    this.#frameEnd = this.length + payloadLength;
    if (this.#frameEnd <= this.bytes.length) return;
    const size = last
      ? this.#frameEnd
      : Math.max(this.#frameEnd, 2 * this.bytes.length);
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  get frameComplete(): boolean {
    return this.length === this.#frameEnd;
  }

  take(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#frameEnd - this.length);
    this.bytes.set(chunk.subarray(at, end), this.length);
    this.length += end - at;
    return end;
  }

  finish(): Uint8Array {
    return this.length === this.bytes.length
      ? this.bytes
      : this.bytes.slice(0, this.length);
  }
}

function isOpcode(value: number): value is Opcode {
  return value <= opcodes.binary ||
    (value >= opcodes.close && value <= opcodes.pong);
}

function protocolError(message: string): WebSocketProtocolError {
  return new WebSocketProtocolError(1002, message);
}

function overlong(): WebSocketProtocolError {
  return protocolError(
    "The peer sent a frame length in a longer form than necessary",
  );
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WebSocketProtocolError(1007, `${what} that is not UTF-8`);
  }
}
