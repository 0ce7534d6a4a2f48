/**
 * The payload of an acknowledgement (data-channel.md §4.2). One per stream data message, both
 * directions; matched by its number alone.
 *
 * @module
 */

import { decodeJsonObject, encodeJson, member } from "./json.ts";
import { PayloadError } from "./payload.ts";

/** Which message is acknowledged. */
export interface Acknowledge {
  readonly messageType: string;
  /** UUID text. */
  readonly messageId: string;
  readonly sequenceNumber: number;
}

/** The compact JSON, in the official order of keys, every field filled truthfully. */
export function encodeAcknowledge(acknowledge: Acknowledge): Uint8Array {
  return encodeJson({
    AcknowledgedMessageType: acknowledge.messageType,
    AcknowledgedMessageId: acknowledge.messageId,
    AcknowledgedMessageSequenceNumber: acknowledge.sequenceNumber,
    IsSequentialMessage: true,
  });
}

/** Room for any acknowledgement's payload, in bytes: 175 of text, and 16 digits. */
export const acknowledgeBytes = 192;

/** What an acknowledgement says of a message as it came. */
export interface AcknowledgedMessage {
  readonly messageType: string;
  /** 0 to 2^53 - 1. */
  readonly sequence: number;
  /** Writes the 36 characters of the message's id. */
  writeIdText(target: Uint8Array, at: number): void;
}

const encoder = new TextEncoder();
const TAIL = encoder.encode(',"IsSequentialMessage":true}');
const ID_KEY = encoder.encode('","AcknowledgedMessageId":"');
const SEQUENCE_KEY = encoder.encode('","AcknowledgedMessageSequenceNumber":');

/** How the payload begins, by message type. */
const beginnings = new Map<string, Uint8Array>();

function beginningOf(messageType: string): Uint8Array {
  let beginning = beginnings.get(messageType);
  if (beginning === undefined) {
    beginning = encoder.encode(`{"AcknowledgedMessageType":"${messageType}`);
    // Two types are acknowledged, and a peer cannot make them more.
    if (beginnings.size < 8) beginnings.set(messageType, beginning);
  }
  return beginning;
}

/**
 * Writes what {@linkcode encodeAcknowledge} encodes, byte by byte: text and objects for each of
 * 40 000 messages in a second take as long as their digests.
 *
 * @param message An input or output stream data message.
 * @param target Has {@linkcode acknowledgeBytes} of room from `at` on.
 * @returns Bytes written.
 */
export function writeAcknowledge(
  message: AcknowledgedMessage,
  target: Uint8Array,
  at: number,
): number {
  const beginning = beginningOf(message.messageType);
  let end = at;
  target.set(beginning, end);
  end += beginning.length;
  target.set(ID_KEY, end);
  end += ID_KEY.length;
  message.writeIdText(target, end);
  end += 36;
  target.set(SEQUENCE_KEY, end);
  end = writeNumber(message.sequence, target, end + SEQUENCE_KEY.length);
  target.set(TAIL, end);
  return end + TAIL.length - at;
}

/** Writes the digits of a whole number; returns the index behind them. */
function writeNumber(value: number, target: Uint8Array, at: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const higher = Math.floor(rest / 10);
    target[i] = 0x30 + (rest - 10 * higher);
    rest = higher;
  }
  return at + digits;
}

const NUMBER_KEY = new TextEncoder().encode(
  '"AcknowledgedMessageSequenceNumber":',
);

/**
 * The number in an acknowledgement's payload.
 *
 * The official form is fixed up to the number, so it is found at a known distance from the end of
 * the id without building an object; anything else goes through the JSON parser.
 *
 * @throws {PayloadError} If the payload is not JSON or has no whole number there.
 */
export function decodeAcknowledgedNumber(payload: Uint8Array): number {
  return scanNumber(payload) ?? parseNumber(payload);
}

/** `undefined` where the payload does not look exactly like the official form. */
function scanNumber(payload: Uint8Array): number | undefined {
  // {"AcknowledgedMessageType":"<type>","AcknowledgedMessageId":"<36 characters>","Ack… <number>,
  const from = payload.length - NUMBER_KEY.length - 17 -
    '"IsSequentialMessage":true}'.length;
  for (
    let at = Math.max(1, from);
    at + NUMBER_KEY.length < payload.length;
    at++
  ) {
    if (payload[at] !== 0x22 || payload[at + 1] !== 0x41) continue;
    let i = 2;
    while (i < NUMBER_KEY.length && payload[at + i] === NUMBER_KEY[i]) i++;
    if (i < NUMBER_KEY.length) continue;
    return scanDigits(payload, at + NUMBER_KEY.length);
  }
  return undefined;
}

function scanDigits(payload: Uint8Array, start: number): number | undefined {
  let at = start, value = 0;
  for (; at < payload.length; at++) {
    const digit = payload[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const digits = at - start;
  // JSON has no leading zero; 15 digits stay exact.
  if (digits === 0 || digits > 15 || (digits > 1 && payload[start] === 0x30)) {
    return undefined;
  }
  if (payload.length - at !== TAIL.length) return undefined;
  for (let i = 0; i < TAIL.length; i++) {
    if (payload[at + i] !== TAIL[i]) return undefined;
  }
  return value;
}

function parseNumber(payload: Uint8Array): number {
  const object = decodeJsonObject(payload, "acknowledgement");
  const value = member(object, "AcknowledgedMessageSequenceNumber") ?? 0;
  if (!Number.isInteger(value)) {
    throw new PayloadError(
      "Cannot decode acknowledgement: its number is not a whole number",
    );
  }
  return value as number;
}
