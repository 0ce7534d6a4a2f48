/**
 * The ways in which a port session carries local connections, as the session sees them:
 * mux_port.ts, basic_port.ts and stdio_port.ts.
 *
 * @module
 */

import type { DataChannel } from "../protocol/channel/data_channel.ts";
import type { PayloadSize } from "../protocol/channel/payload_size.ts";
import type { Clock, LocalConnection } from "./transport.ts";

/** A local connection and what to call it. */
export interface LocalPeer {
  readonly conn: LocalConnection;
  /** `127.0.0.1:51234`. */
  readonly name: string;
}

/** What a carrier needs of its session. */
export interface CarrierHost {
  readonly channel: DataChannel;
  readonly size: PayloadSize;
  readonly clock: Clock;
  /** Milliseconds that a stream stays open after one of its ends (sessions.md §6.3). */
  readonly grace: number;
  /** True while other connections wait for their turn. */
  othersWait(): boolean;
  /** Call it after using the channel. */
  flush(): void;
  /** So many bytes went up and down. */
  moved(up: number, down: number): void;
  /** So many bytes more, or fewer, wait for local programs. */
  waits(bytes: number): void;
  /** The destination refused this connection. */
  refused(peer: string): void;
  /** So many bytes wait for this connection: more than may. */
  heldUp(peer: string, waiting: number): void;
  /** A connection is over. */
  disconnected(): void;
}

/**
 * What is left of what local programs sent: `ended`: of one that has hung up; `sending`: of others
 * only, which may go on for ever.
 */
export type Unsettled = "nothing" | "sending" | "ended";

/** What a session needs of its carrier. */
export interface Carrier {
  /** Connections open now. */
  readonly open: number;
  /** True while more connections can be taken. */
  readonly canConnect: boolean;
  /** True while some connection has more waiting than one may have. */
  readonly overfull: boolean;
  /** Takes a local connection over. */
  connect(peer: LocalPeer): void;
  /** Takes a payload of the channel, which stays as it is. */
  payload(bytes: Uint8Array): void;
  /** The channel may have room to send. */
  progress(): void;
  /** The agent could not connect to the destination. */
  dialFailed(): void;
  /** Bytes that each connection moved since the last call. */
  activity(): Iterable<number>;
  /** Hurries what local programs left behind, and says what is left of it. */
  unsettled(): Unsettled;
  /** The connection with the most waiting; `undefined` where there is none. */
  fullest(): { readonly peer: string; readonly waiting: number } | undefined;
  /** Ends all connections at once; how many there were. */
  dispose(): number;
  /**
   * Resolves when what came is written to whoever still reads it after {@linkcode dispose}; absent
   * where nobody does. Never rejects.
   */
  drained?(): Promise<void>;
}

/**
 * Sends bytes in payloads, as far as the channel has room. Flush it afterwards.
 *
 * @returns What is left of them; `undefined` when nothing is.
 */
export function sendPieces(
  bytes: Uint8Array,
  { channel, size, clock }: Pick<CarrierHost, "channel" | "size" | "clock">,
): Uint8Array | undefined {
  for (let at = 0; at < bytes.length;) {
    if (!channel.writable) return bytes.subarray(at);
    const piece = bytes.subarray(at, at + size.bytes);
    size.sending(clock.now());
    channel.send(piece, clock.now());
    at += piece.length;
  }
  return undefined;
}
