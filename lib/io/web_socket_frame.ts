/**
 * RFC 6455 frames on the way out: header, masking key, masked payload, many frames in one buffer.
 * Pure: bytes and random numbers come in through arguments. The way in is `web_socket_parser.ts`.
 *
 * @module
 */

/** Which end of the WebSocket this is: a client masks what it sends, a server does not (RFC 6455 §5.1). */
export type Role = "client" | "server";

/** The frame types of RFC 6455 §5.2 that are not reserved. */
export const opcodes = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** One of {@linkcode opcodes}. */
export type Opcode = typeof opcodes[keyof typeof opcodes];

/** The longest payload of a control frame, in bytes (RFC 6455 §5.5). */
export const maxControlPayload = 125;

/** The longest header: 2 bytes, 8 of length, 4 of masking key (RFC 6455 §5.2). */
export const maxHeaderLength = 14;

/**
 * XORs bytes with a masking key, in place (RFC 6455 §5.3). The same call masks and unmasks.
 *
 * Whole 32-bit words are done at once, wherever they lie in the buffer; the supported platforms
 * are all little-endian.
 *
 * @param bytes The bytes of a whole `ArrayBuffer`, from its offset 0.
 * @param words The same `ArrayBuffer` as words, from its offset 0.
 * @param start Index into `bytes` of the first byte of the payload.
 * @param end Index into `bytes` after its last byte.
 * @param key The masking key; its first byte on the wire is the lowest.
 */
export function mask(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  key: number,
): void {
  let at = start;
  const firstWord = Math.min((start + 3) & ~3, end);
  for (; at < firstWord; at++) {
    bytes[at]! ^= key >>> (((at - start) & 3) << 3);
  }
  if (at === end) return;
  // `at` is on a word now: turn the key so that its lowest byte is the one due here.
  const turn = ((at - start) & 3) << 3;
  const turned = turn === 0 ? key | 0 : (key >>> turn) | (key << (32 - turn));
  const lastWord = end >>> 2;
  for (let word = at >>> 2; word < lastWord; word++) words[word]! ^= turned;
  for (at = lastWord << 2; at < end; at++) {
    bytes[at]! ^= turned >>> ((at & 3) << 3);
  }
}

/**
 * The length of a frame's header.
 *
 * @param payloadLength The payload's length in bytes.
 * @param masked True when a masking key is part of it.
 */
export function headerLength(payloadLength: number, masked: boolean): number {
  const length = payloadLength < 126 ? 2 : payloadLength < 65536 ? 4 : 10;
  return masked ? length + 4 : length;
}

/**
 * Writes one frame's header (RFC 6455 §5.2), with the shortest form of the length.
 *
 * @param target Where to write.
 * @param at Index of the first byte; {@linkcode maxHeaderLength} bytes from there must exist.
 * @param opcode What the frame is.
 * @param fin True for the last, or only, frame of a message.
 * @param payloadLength The payload's length in bytes.
 * @param key The masking key of a client's frame; `undefined` = not masked.
 * @returns The index after the header.
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  opcode: Opcode,
  fin: boolean,
  payloadLength: number,
  key: number | undefined,
): number {
  target[at++] = (fin ? 0x80 : 0) | opcode;
  const maskBit = key === undefined ? 0 : 0x80;
  if (payloadLength < 126) {
    target[at++] = maskBit | payloadLength;
  } else if (payloadLength < 65536) {
    target[at++] = maskBit | 126;
    target[at++] = payloadLength >>> 8;
    target[at++] = payloadLength;
  } else {
    target[at++] = maskBit | 127;
    const high = Math.floor(payloadLength / 0x100000000);
    for (const half of [high, payloadLength >>> 0]) {
      target[at++] = half >>> 24;
      target[at++] = half >>> 16;
      target[at++] = half >>> 8;
      target[at++] = half;
    }
  }
  if (key !== undefined) {
    target[at++] = key;
    target[at++] = key >>> 8;
    target[at++] = key >>> 16;
    target[at++] = key >>> 24;
  }
  return at;
}

/** A buffer that finished frames are put into, one after the other, and that is used again. */
export class FrameBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Int32Array<ArrayBuffer>;
  #length = 0;
  readonly #maskKey: (() => number) | undefined;

  /**
   * An empty buffer.
   *
   * @param capacity How many bytes to begin with; it grows.
   * @param maskKey Gives an unpredictable 32-bit number for each frame (RFC 6455 §10.3), of which
   * the low 32 bits are used; `undefined` for a server, which does not mask.
   */
  constructor(capacity: number, maskKey: (() => number) | undefined) {
    this.#bytes = new Uint8Array(Math.max(4, capacity));
    this.#words = wordsOf(this.#bytes.buffer);
    this.#maskKey = maskKey;
  }

  /** How many bytes of finished frames it holds. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes it can hold without growing. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The finished frames. Valid until the next change of the buffer. */
  get frames(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the frames and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /**
   * How many bytes a frame will take in this buffer.
   *
   * @param payloadLength The payload's length in bytes.
   */
  frameLength(payloadLength: number): number {
    return headerLength(payloadLength, this.#maskKey !== undefined) +
      payloadLength;
  }

  /**
   * Adds one frame: header, then a copy of the payload, masked where the role asks for it.
   *
   * @param opcode What the frame is.
   * @param payload Its payload; not kept.
   * @param fin True for the last, or only, frame of a message.
   */
  append(opcode: Opcode, payload: Uint8Array, fin = true): void {
    this.#reserve(maxHeaderLength + payload.length);
    const key = this.#maskKey?.();
    const start = writeHeader(
      this.#bytes,
      this.#length,
      opcode,
      fin,
      payload.length,
      key,
    );
    this.#bytes.set(payload, start);
    this.#length = start + payload.length;
    if (key !== undefined) {
      mask(this.#bytes, this.#words, start, this.#length, key);
    }
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#words = wordsOf(grown.buffer);
  }
}

/**
 * A close frame's payload (RFC 6455 §5.5.1). A reason that is too long is cut at a character.
 *
 * @param code The close code; `undefined` or 1005 = an empty payload, as those mean "no code".
 * @param reason The reason, at most 123 bytes of UTF-8.
 */
export function closePayload(
  code: number | undefined,
  reason: string,
): Uint8Array {
  if (code === undefined || code === 1005) return new Uint8Array();
  const payload = new Uint8Array(maxControlPayload);
  payload[0] = code >>> 8;
  payload[1] = code;
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}

/**
 * The whole 32-bit words of a buffer, as {@linkcode mask} wants them.
 *
 * @param buffer Any buffer; up to three bytes at its end are left out.
 */
export function wordsOf<T extends ArrayBufferLike>(buffer: T): Int32Array<T> {
  return new Int32Array(buffer, 0, buffer.byteLength >>> 2);
}
