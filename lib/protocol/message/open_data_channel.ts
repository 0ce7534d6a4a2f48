/**
 * The first frame of every connection, a text frame (data-channel.md §1.3).
 *
 * @module
 */

import { decodeJsonObject, type JsonObject, textMember } from "./json.ts";
import { PayloadError } from "./payload.ts";

/** What the client says of itself. */
export interface OpenDataChannelInput {
  /** A new UUID each time. */
  readonly requestId: string;
  /** Secret: from StartSession, or the newest ResumeSession. */
  readonly tokenValue: string;
  /** A UUID made once per session, the same on reconnect. */
  readonly clientId: string;
  readonly clientVersion: string;
}

/** The text of the frame, keys in the official order. */
export function encodeOpenDataChannel(input: OpenDataChannelInput): string {
  return JSON.stringify({
    MessageSchemaVersion: "1.0",
    RequestId: input.requestId,
    TokenValue: input.tokenValue,
    ClientId: input.clientId,
    ClientVersion: input.clientVersion,
  });
}

/**
 * Reads it, as the service does. ClientId and ClientVersion may be absent: old clients left them
 * out.
 *
 * @throws {PayloadError} If it is not JSON or has no token.
 */
export function decodeOpenDataChannel(
  payload: Uint8Array,
): OpenDataChannelInput {
  const what = "open data channel input";
  const object = decodeObject(payload, what);
  const tokenValue = textMember(object, "TokenValue", what);
  if (tokenValue === "") {
    throw new PayloadError(`Cannot decode ${what}: it has no TokenValue`);
  }
  return {
    requestId: textMember(object, "RequestId", what),
    tokenValue,
    clientId: textMember(object, "ClientId", what),
    clientVersion: textMember(object, "ClientVersion", what),
  };
}

/** The parser's own message quotes what it could not read, so the token: it must not go along. */
function decodeObject(payload: Uint8Array, what: string): JsonObject {
  try {
    return decodeJsonObject(payload, what);
  } catch (error) {
    throw error instanceof PayloadError
      ? new PayloadError(error.message)
      : error;
  }
}
