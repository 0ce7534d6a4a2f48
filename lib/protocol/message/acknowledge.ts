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

const TAIL = new TextEncoder().encode(',"IsSequentialMessage":true}');

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
