/**
 * What a data channel can be told to be.
 *
 * @module
 */

import type { HandshakePlan } from "./handshake_request_flow.ts";
import type { Repair } from "./outgoing.ts";

/** Silence of the agent, in milliseconds, after which the client gives up (data-channel.md §6.2). */
export const silenceLimit: number = 5 * 60_000;
/** Bytes of payload that may wait for the session, unless the options say otherwise. */
export const defaultReceiveCapacity: number = 1024 * 1024;

/** What a channel is made with. */
export interface DataChannelOptions {
  readonly role: "client" | "agent";
  /** Makes so many random bytes, fit for keys. */
  readonly random: (length: number) => Uint8Array;
  /** Our version; four numeric parts (handshake.md §6.2). */
  readonly clientVersion?: string;
  /** Bytes of payload that may wait for {@linkcode DataChannel.consumed}. */
  readonly receiveCapacity?: number;
  readonly repair?: Repair;
  /**
   * Silence of the agent, in milliseconds, after which the client gives up; {@linkcode silenceLimit}
   * when absent, Infinity where silence may be back-pressure (sessions.md §6.5).
   */
  readonly silenceLimit?: number;
  /**
   * True where frames are copied before the next call: their memory is used again once they are
   * acknowledged.
   */
  readonly reuseFrames?: boolean;
  /** The longest wait of an acknowledgement in milliseconds. */
  readonly acknowledgeDelay?: number;
  /** Agent only: what to ask of the client; absent where there is no handshake. */
  readonly handshake?: HandshakePlan;
  /** Agent only: false refuses input until `setAccepting` (pitfalls.md §2.4). */
  readonly accepting?: boolean;
}
