/**
 * The messages that the service makes itself.
 *
 * @module
 */

import { randomBytes, randomUUID } from "node:crypto";
import { encodeChannelClosed } from "../../protocol/message/channel_closed.ts";
import { encodeClientMessage } from "../../protocol/message/client_message.ts";
import { MessageType } from "../../protocol/message/payload.ts";

/**
 * A start_publication or pause_publication: no payload and a zero digest (pitfalls.md §3.3), with
 * the full header, as the official parser fails on an empty message with the 112-byte one
 * (data-channel.md §2.1).
 *
 * @param now Milliseconds since the Unix epoch.
 */
export function encodePublication(
  type: "start" | "pause",
  now: number,
): Uint8Array {
  const frame = encodeClientMessage({
    messageType: type === "start"
      ? MessageType.StartPublication
      : MessageType.PausePublication,
    createdDate: now,
    sequenceNumber: 0,
    flags: 0,
    messageId: new Uint8Array(randomBytes(16)),
    payloadType: 0,
    // The encoder takes no empty payload, as nobody else may send one: cut off again below.
    payload: new Uint8Array(1),
  });
  // Zero digest and length; a frame of the encoder's may share its memory with others.
  const empty = frame.slice(0, 120).fill(0, 80, 112);
  new DataView(empty.buffer).setUint32(116, 0);
  return empty;
}

/**
 * A channel_closed with the 112-byte header that the real service's has (data-channel.md §2.1).
 *
 * @param clientId ClientId of OpenDataChannelInput.
 * @param output Empty for a normal end.
 * @param now Milliseconds since the Unix epoch.
 */
export function encodeClosed(
  sessionId: string,
  clientId: string,
  output: string,
  now: number,
): Uint8Array {
  const messageId = randomUUID();
  return encodeClientMessage({
    messageType: MessageType.ChannelClosed,
    createdDate: now,
    sequenceNumber: 0,
    flags: 0,
    messageId: Uint8Array.from(
      messageId.replaceAll("-", "").match(/../g) ?? [],
      (pair) => Number.parseInt(pair, 16),
    ),
    payloadType: 0,
    payload: encodeChannelClosed({
      messageId,
      createdDate: new Date(now).toISOString(),
      destinationId: clientId,
      sessionId,
      output,
    }),
    serviceHeader: true,
  });
}
