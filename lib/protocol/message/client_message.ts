/**
 * The one binary layout of the data channel, both directions (data-channel.md §2):
 *
 * ```text
 *   0 ┌───────────────┬──────────────────────────────────────────────┐
 *     │ HeaderLength  │ MessageType, 32 bytes of text, space padded  │
 *  36 ├───────────────┼───────────────────────────────┬──────────────┤
 *     │ SchemaVersion │ CreatedDate (ms, 64 bits)     │ SequenceN…   │
 *  56 ├───────────────┴───────────────┬───────────────┴──────────────┤
 *     │ Flags (64 bits)               │ MessageId, 16 bytes,         │
 *     │                               │ its halves swapped           │
 *  80 ├───────────────────────────────┴──────────────────────────────┤
 *     │ PayloadDigest, SHA-256 of the payload as sent, 32 bytes      │
 * 112 ├───────────────┬───────────────┬──────────────────────────────┤
 *     │ PayloadType   │ PayloadLength │ Payload …                    │
 *     └───────────────┴───────────────┴──────────────────────────────┘
 * ```
 *
 * All integers are big-endian. HeaderLength is 116, the offset of PayloadLength. Messages that the
 * service itself makes have no PayloadType: their HeaderLength is 112 and everything behind it
 * moves up by four bytes (§2.1).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeClientMessage, encodeClientMessage } from "./client_message.ts";
 *
 * const frame = encodeClientMessage({
 *   messageType: "input_stream_data",
 *   createdDate: 1700000000123,
 *   sequenceNumber: 0,
 *   flags: 0,
 *   messageId: new Uint8Array(16),
 *   payloadType: 1,
 *   payload: new TextEncoder().encode("ls\r"),
 * });
 * assert.equal(frame.length, 123);
 * assert.equal(new TextDecoder().decode(decodeClientMessage(frame).payload), "ls\r");
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type FrameMemory, freshMemory } from "./frame_memory.ts";
import { uuidText, writeUuidText } from "./message_id.ts";
import { MessageType, type PayloadType } from "./payload.ts";

const TYPE_AT = 4, TYPE_LENGTH = 32;
const SCHEMA_AT = 36, DATE_AT = 40, SEQUENCE_AT = 48, FLAGS_AT = 56;
const ID_AT = 64, DIGEST_AT = 80, PAYLOAD_TYPE_AT = 112;
const FULL_HEADER = 116, SERVICE_HEADER = 112;

/** Bytes in front of the payload of a message with a full header (data-channel.md §2). */
export const headerBytes: number = FULL_HEADER + 4;

/** Why a frame was refused. */
export type FrameFault =
  | "too short"
  | "header length"
  | "payload length"
  | "message type"
  | "created date"
  | "digest";

/**
 * The peer sent a frame that is no client message. Drop it, count it, go on: never close for it,
 * never acknowledge it, as the sender repeats what was damaged (data-channel.md §2.2).
 */
export class ClientMessageError extends Error {
  override name = "ClientMessageError";
  /** @param fault Which rule of data-channel.md §2.2 the frame breaks. */
  constructor(readonly fault: FrameFault, message: string) {
    super(`Cannot decode client message: ${message}`);
  }
}

/** What {@linkcode encodeClientMessage} needs. */
export interface ClientMessageFields {
  /** At most 32 bytes of UTF-8. */
  readonly messageType: string;
  /** Milliseconds since the Unix epoch; a fraction is cut off. */
  readonly createdDate: number | bigint;
  readonly sequenceNumber: number | bigint;
  /** Bit 0 SYN, bit 1 FIN. */
  readonly flags: number | bigint;
  /** 16 bytes in RFC 4122 order. */
  readonly messageId: Uint8Array;
  /** Not written where `serviceHeader` is set. */
  readonly payloadType: PayloadType;
  /** As sent, so after encryption. */
  readonly payload: Uint8Array;
  /** 1 where absent; nobody checks it. */
  readonly schemaVersion?: number;
  /** Writes the service's 112-byte header (§2.1), with which an empty payload is allowed. */
  readonly serviceHeader?: boolean;
}

/** A decoded message: views into the frame, fields read when asked for. */
export class ClientMessage {
  readonly #view: DataView;
  readonly #frame: Uint8Array;
  /** 116, or 112 for what the service made. */
  readonly headerLength: number;
  /** Trimmed; may be one that we do not know. */
  readonly messageType: string;
  /** 0 with a 112-byte header. */
  readonly payloadType: PayloadType;
  /** A view into the frame. */
  readonly payload: Uint8Array;

  /** @param frame A frame that {@linkcode decodeClientMessage} has checked. */
  constructor(
    frame: Uint8Array,
    view: DataView,
    headerLength: number,
    messageType: string,
  ) {
    this.#frame = frame;
    this.#view = view;
    this.headerLength = headerLength;
    this.messageType = messageType;
    this.payloadType = headerLength === FULL_HEADER
      ? view.getUint32(PAYLOAD_TYPE_AT)
      : 0;
    this.payload = frame.subarray(headerLength + 4);
  }

  /** The same message in memory of its own, for one that is kept: a view keeps all around it alive. */
  detached(): ClientMessage {
    const frame = new Uint8Array(this.#frame);
    const view = new DataView(frame.buffer);
    return new ClientMessage(frame, view, this.headerLength, this.messageType);
  }

  /** Never checked by anybody; 1. */
  get schemaVersion(): number {
    return this.#view.getUint32(SCHEMA_AT);
  }
  /** Milliseconds since the Unix epoch. */
  get createdDate(): bigint {
    return this.#view.getBigUint64(DATE_AT);
  }
  /** The exact number. */
  get sequenceNumber(): bigint {
    return this.#view.getBigInt64(SEQUENCE_AT);
  }
  /** The number as a double: exact up to 2^53, which no session reaches, and without a BigInt. */
  get sequence(): number {
    return this.#view.getInt32(SEQUENCE_AT) * 0x1_0000_0000 +
      this.#view.getUint32(SEQUENCE_AT + 4);
  }
  /** Bit 0 SYN, bit 1 FIN. */
  get flags(): bigint {
    return this.#view.getBigUint64(FLAGS_AT);
  }
  /** 16 bytes in RFC 4122 order: the wire's halves swapped back. */
  get messageId(): Uint8Array {
    const id = new Uint8Array(16);
    id.set(this.#frame.subarray(ID_AT + 8, ID_AT + 16), 0);
    id.set(this.#frame.subarray(ID_AT, ID_AT + 8), 8);
    return id;
  }
  /**
   * Writes {@linkcode messageIdText} without making text of it.
   *
   * @param target Has 36 bytes of room from `at` on.
   */
  writeIdText(target: Uint8Array, at: number): void {
    writeUuidText(this.#frame, ID_AT + 8, target, at, false);
    writeUuidText(this.#frame, ID_AT, target, at + 18, true);
  }
  /** Lower-case hex with hyphens. */
  get messageIdText(): string {
    return uuidText(this.messageId);
  }
  /** The 32 bytes of the digest field. */
  get payloadDigest(): Uint8Array {
    return this.#frame.subarray(DIGEST_AT, DIGEST_AT + 32);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function paddedType(type: string): Uint8Array {
  const bytes = encoder.encode(type);
  if (bytes.length > TYPE_LENGTH) {
    throw new RangeError(
      `Cannot encode client message: its type has ${bytes.length} bytes, more than ${TYPE_LENGTH}`,
    );
  }
  const padded = new Uint8Array(TYPE_LENGTH).fill(0x20);
  padded.set(bytes);
  return padded;
}

/** The known types, padded, by their name and by their second byte, which tells them apart. */
const paddedTypes = new Map(
  Object.values(MessageType).map((name) => [name, paddedType(name)]),
);
const typesBySecondByte: (readonly [string, Uint8Array] | undefined)[] = [];
for (const entry of paddedTypes) typesBySecondByte[entry[1][1]!] = entry;

/** The type's name, the whole field at once where it is one of ours as official senders write it. */
function readType(frame: Uint8Array): string {
  const known = typesBySecondByte[frame[TYPE_AT + 1]!];
  if (known !== undefined) {
    const padded = known[1];
    let i = 0;
    while (i < TYPE_LENGTH && frame[TYPE_AT + i] === padded[i]) i++;
    if (i === TYPE_LENGTH) return known[0];
  }
  // NULs and white space in any mix, on both sides: the official order of trimming leaves a NUL
  // inside trailing spaces (§2.2 rule 5).
  return decoder.decode(frame.subarray(TYPE_AT, TYPE_AT + TYPE_LENGTH))
    .replace(/^[\0\s]+|[\0\s]+$/g, "");
}

/** In hex: on Deno the digest as bytes costs 2.5 µs more, half of the hash of 1 KiB. */
function digestOf(payload: Uint8Array): string {
  return createHash("sha256").update(payload).digest("hex");
}

/** The byte at a position of lower-case hex. */
function byteOfHex(hex: string, i: number): number {
  const high = hex.charCodeAt(2 * i), low = hex.charCodeAt(2 * i + 1);
  return ((high < 0x3a ? high - 0x30 : high - 0x57) << 4) |
    (low < 0x3a ? low - 0x30 : low - 0x57);
}

function digestMatches(frame: Uint8Array, payload: Uint8Array): boolean {
  const digest = digestOf(payload);
  for (let i = 0; i < 32; i++) {
    if (byteOfHex(digest, i) !== frame[DIGEST_AT + i]) return false;
  }
  return true;
}

function isPublication(type: string): boolean {
  return type === MessageType.StartPublication ||
    type === MessageType.PausePublication;
}

/**
 * Encodes one message into a frame of its own.
 *
 * @param memory Where the frame is made; it is never used again where absent.
 * @throws {RangeError} If the type is too long, the payload empty (no official end can send or
 * use that: data-channel.md §2.2) or the id not 16 bytes.
 */
export function encodeClientMessage(
  fields: ClientMessageFields,
  memory: FrameMemory = freshMemory,
): Uint8Array {
  const { payload, messageId } = fields;
  const headerLength = fields.serviceHeader ? SERVICE_HEADER : FULL_HEADER;
  if (payload.length === 0 && !fields.serviceHeader) {
    throw new RangeError("Cannot encode client message: its payload is empty");
  }
  if (messageId.length !== 16) {
    throw new RangeError(
      `Cannot encode client message: its id has ${messageId.length} bytes, not 16`,
    );
  }
  const frame = memory.allocate(headerLength + 4 + payload.length);
  const view = memory.viewOf(frame);
  const start = frame.byteOffset;
  view.setUint32(start, headerLength);
  frame.set(
    paddedTypes.get(fields.messageType as "acknowledge") ??
      paddedType(fields.messageType),
    TYPE_AT,
  );
  view.setUint32(start + SCHEMA_AT, fields.schemaVersion ?? 1);
  setInteger(view, start + DATE_AT, fields.createdDate);
  setInteger(view, start + SEQUENCE_AT, fields.sequenceNumber);
  setInteger(view, start + FLAGS_AT, fields.flags);
  for (let i = 0; i < 8; i++) {
    frame[ID_AT + i] = messageId[8 + i]!;
    frame[ID_AT + 8 + i] = messageId[i]!;
  }
  const digest = digestOf(payload);
  for (let i = 0; i < 32; i++) frame[DIGEST_AT + i] = byteOfHex(digest, i);
  if (headerLength === FULL_HEADER) {
    view.setUint32(start + PAYLOAD_TYPE_AT, fields.payloadType);
  }
  view.setUint32(start + headerLength, payload.length);
  frame.set(payload, headerLength + 4);
  return frame;
}

/** Doubles are written in two halves: a BigInt costs 0.15 µs, three of them in each message. */
function setInteger(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === "bigint") return view.setBigInt64(at, value);
  view.setInt32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value);
}

/**
 * Decodes one frame, text or binary. The message holds views into it.
 *
 * @throws {ClientMessageError} If the frame breaks a rule of data-channel.md §2.2; nothing else.
 */
export function decodeClientMessage(frame: Uint8Array): ClientMessage {
  if (frame.length < SERVICE_HEADER + 4) {
    throw new ClientMessageError(
      "too short",
      `the frame has ${frame.length} bytes`,
    );
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const headerLength = view.getUint32(0);
  if (headerLength !== FULL_HEADER && headerLength !== SERVICE_HEADER) {
    throw new ClientMessageError(
      "header length",
      `its header length is ${headerLength}`,
    );
  }
  if (frame.length < headerLength + 4) {
    throw new ClientMessageError(
      "too short",
      `the frame has ${frame.length} bytes`,
    );
  }
  const payloadLength = view.getUint32(headerLength);
  if (headerLength + 4 + payloadLength !== frame.length) {
    throw new ClientMessageError(
      "payload length",
      `it announces ${payloadLength} bytes of payload and has ${
        frame.length - headerLength - 4
      }`,
    );
  }
  const type = readType(frame);
  if (type === "") {
    throw new ClientMessageError("message type", "its message type is empty");
  }
  if (view.getUint32(DATE_AT) === 0 && view.getUint32(DATE_AT + 4) === 0) {
    throw new ClientMessageError("created date", "its created date is 0");
  }
  const message = new ClientMessage(frame, view, headerLength, type);
  if (
    payloadLength > 0 && !isPublication(type) &&
    !digestMatches(frame, message.payload)
  ) {
    throw new ClientMessageError("digest", "payload digest does not match");
  }
  return message;
}
