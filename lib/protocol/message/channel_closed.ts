/**
 * The service's last word on a session (data-channel.md §7).
 *
 * @module
 */

import { decodeJsonObject, encodeJson, textMember } from "./json.ts";

/** The members that matter to a client. */
export interface ChannelClosed {
  readonly sessionId: string;
  /** Empty for a normal end; otherwise to be shown. */
  readonly output: string;
}

/** What the agent puts before the text of an error (data-channel.md §7). */
export const errorTitle = "----------ERROR-------";

/** What the service fills in besides. */
export interface ChannelClosedFields extends ChannelClosed {
  readonly messageId: string;
  /** ISO 8601 with milliseconds and Z. */
  readonly createdDate: string;
  /** The ClientId of OpenDataChannelInput. */
  readonly destinationId: string;
}

/** The JSON as the service writes it. */
export function encodeChannelClosed(fields: ChannelClosedFields): Uint8Array {
  return encodeJson({
    MessageId: fields.messageId,
    CreatedDate: fields.createdDate,
    DestinationId: fields.destinationId,
    SessionId: fields.sessionId,
    MessageType: "channel_closed",
    SchemaVersion: 1,
    Output: fields.output,
  });
}

/**
 * Reads it. The session is over even if this throws.
 *
 * @throws {PayloadError} If it is not a JSON object, or a member is no text.
 */
export function decodeChannelClosed(payload: Uint8Array): ChannelClosed {
  const object = decodeJsonObject(payload, "channel_closed");
  return {
    sessionId: textMember(object, "SessionId", "channel_closed"),
    output: textMember(object, "Output", "channel_closed"),
  };
}
