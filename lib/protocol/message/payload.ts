/**
 * The names and numbers of the protocol: message types, payload types, flags
 * (data-channel.md §3 and §5).
 *
 * @module
 */

/** The values of the MessageType field that a client or the service uses (data-channel.md §3). */
export const MessageType = {
  InputStreamData: "input_stream_data",
  OutputStreamData: "output_stream_data",
  Acknowledge: "acknowledge",
  ChannelClosed: "channel_closed",
  StartPublication: "start_publication",
  PausePublication: "pause_publication",
  AgentSessionState: "agent_session_state",
} as const;

/** What a stream data message carries (data-channel.md §5). */
export const PayloadType = {
  Output: 1,
  Error: 2,
  Size: 3,
  Parameter: 4,
  HandshakeRequest: 5,
  HandshakeResponse: 6,
  HandshakeComplete: 7,
  EncChallengeRequest: 8,
  EncChallengeResponse: 9,
  Flag: 10,
  StdErr: 11,
  ExitCode: 12,
} as const;

/** A PayloadType as it stands in the header: 32 bits, unknown numbers included. */
export type PayloadType = number;

/** The header's Flags field of stream data and of acknowledgements (data-channel.md §4.1). */
export const MessageFlags = { None: 0, Syn: 1, Fin: 2, SynFin: 3 } as const;

/** The flags that travel as a payload of type Flag (sessions.md §4). */
export const Flag = {
  DisconnectToPort: 1,
  TerminateSession: 2,
  ConnectToPortError: 3,
} as const;

/** A flag's number as received, unknown numbers included. */
export type Flag = number;

/** A payload does not have the shape its type promises: the peer's fault. */
export class PayloadError extends Error {
  override name = "PayloadError";
}

/** The 4 bytes of a flag: a big-endian 32-bit number, never text (pitfalls.md §5). */
export function encodeFlag(flag: Flag): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, flag);
  return bytes;
}

/**
 * Reads a flag's payload.
 *
 * @throws {PayloadError} If it is not 4 bytes long.
 */
export function decodeFlag(payload: Uint8Array): Flag {
  if (payload.length !== 4) {
    throw new PayloadError(
      `Cannot decode flag: it has ${payload.length} bytes instead of 4`,
    );
  }
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
}

/**
 * Reads an ExitCode payload, `EXIT_CODE: <int>` (sessions.md §3); `undefined` for anything else,
 * as then the code is unknown rather than wrong.
 */
export function decodeExitCode(payload: Uint8Array): number | undefined {
  const match = /^EXIT_CODE: (-?\d{1,10})$/.exec(
    new TextDecoder().decode(payload),
  );
  return match ? Number(match[1]) : undefined;
}
