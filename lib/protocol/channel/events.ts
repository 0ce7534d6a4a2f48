/**
 * What comes out of a data channel, besides frames. One union, drained with `pollEvent`.
 *
 * @module
 */

import type { Flag, PayloadType } from "../message/payload.ts";
import type { SessionType } from "../message/handshake.ts";
import type { TerminalSize } from "../message/size.ts";

/** The session began: after HandshakeComplete, or with the first output where there is none. */
export interface StartedEvent {
  readonly type: "started";
  readonly sessionType: SessionType;
  /** The document's properties after substitution; `null` where the agent sent none. */
  readonly properties: Readonly<Record<string, unknown>> | null;
  /** Unknown (`undefined`) without a handshake (handshake.md §1). */
  readonly agentVersion: string | undefined;
  /** To be shown as a line if not empty (handshake.md §5). */
  readonly customerMessage: string;
  /** True when KMS encryption was agreed on. */
  readonly encrypted: boolean;
  /** False for a session without a handshake. */
  readonly handshake: boolean;
  /** Agent only: ClientVersion of the HandshakeResponse, which gates look at (handshake.md §6.2). */
  readonly clientVersion?: string;
}

/** Bytes for the session. Their length must be given back with `consumed`. */
export interface PayloadEvent {
  readonly type: "payload";
  readonly payloadType: PayloadType;
  /** Decrypted; a view of the frame, valid as long as that. */
  readonly payload: Uint8Array;
  /** When the peer first sent it, in milliseconds of the peer's clock. */
  readonly createdDate: number;
}

/** Agent only: the client's terminal has this size. */
export interface SizeEvent {
  readonly type: "size";
  readonly size: TerminalSize;
}

/** The peer raised a flag (sessions.md §4). */
export interface FlagEvent {
  readonly type: "flag";
  readonly flag: Flag;
}

/** Client only: the agent asks for encryption; answer with `provideDataKey` or `refuseDataKey`. */
export interface DataKeyNeededEvent {
  readonly type: "data-key-needed";
  readonly keyId: string;
  /** The agent's random challenge as it came (base64 text), if it sent one. */
  readonly challenge: string | undefined;
}

/** Agent only: the client sent its encrypted data key; answer with `provideDataKey`. */
export interface DataKeyOfferedEvent {
  readonly type: "data-key-offered";
  readonly ciphertextBlob: Uint8Array;
  readonly challengeAcknowledged: boolean;
}

/** The service says that the session is over: final (data-channel.md §7). */
export interface ClosedEvent {
  readonly type: "closed";
  readonly sessionId: string;
  /** Empty for a normal end. */
  readonly output: string;
}

/** The peer's end of the connection went away, or came back (data-channel.md §3). */
export interface PublicationEvent {
  readonly type: "paused" | "unpaused";
}

/** The channel cannot go on, by the peer's fault or ours: end the session. */
export interface FailedEvent {
  readonly type: "failed";
  readonly reason: "handshake" | "encryption" | "unresponsive";
  /** A sentence for the user. */
  readonly message: string;
}

/** Everything that can come out of `pollEvent`. */
export type ChannelEvent =
  | StartedEvent
  | PayloadEvent
  | SizeEvent
  | FlagEvent
  | DataKeyNeededEvent
  | DataKeyOfferedEvent
  | ClosedEvent
  | PublicationEvent
  | FailedEvent;
