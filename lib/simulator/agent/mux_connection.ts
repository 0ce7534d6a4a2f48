/**
 * One stream of a multiplexed port session and its connection, as `handleDataTransfer` of the agent
 * joins them: the end of either direction is the end of both (sessions.md §6.3).
 *
 * @module
 */

import type { SmuxStream } from "../../protocol/smux/stream.ts";
import { type PortConnection, TcpPump } from "./tcp_pump.ts";

/** What a {@linkcode MuxConnection} needs of its session. */
export interface MuxConnectionHost {
  /** The stream has something to send. */
  ready(): void;
  /** So many bytes that {@linkcode MuxConnection.take} kept are done with. */
  released(bytes: number): void;
  /** The connection is over: nothing more is asked of it. */
  over(connection: MuxConnection): void;
}

/** A stream, before, during and after its dial. */
export class MuxConnection {
  readonly stream: SmuxStream;
  readonly #host: MuxConnectionHost;
  #tcp: TcpPump | undefined;
  /** What came before the dial was done. */
  #early: Uint8Array[] = [];
  #inputEnded = false;
  #over = false;
  #sent: (() => void) | undefined;

  /** Keeps what comes until {@linkcode MuxConnection.connected}. */
  constructor(stream: SmuxStream, host: MuxConnectionHost) {
    this.stream = stream;
    this.#host = host;
  }

  /** Resolves when nothing of the connection is under way any more. Never rejects. */
  get done(): Promise<void> {
    return this.#tcp?.done ?? Promise.resolve();
  }

  /** Takes bytes of the client; `released` tells when they are done with, maybe at once. */
  take(bytes: Uint8Array): void {
    if (this.#tcp !== undefined) this.#tcp.write(bytes);
    else this.#early.push(bytes);
  }

  /** The client closed the stream: the destination gets what is here, then loses its connection. */
  inputEnded(): void {
    this.#inputEnded = true;
    this.#tcp?.finish();
  }

  /** All that was queued on the stream is sent: the destination may be read on. */
  drained(): void {
    this.#sent?.();
    this.#sent = undefined;
  }

  /** The dial succeeded. */
  connected(conn: PortConnection): void {
    if (this.#over) return conn.close();
    this.#tcp = new TcpPump(conn, {
      data: (bytes) => this.#output(bytes),
      written: (bytes) => this.#host.released(bytes),
      closed: () => this.#end(),
    });
    for (const bytes of this.#early) this.#tcp.write(bytes);
    this.#early = [];
    if (this.#inputEnded) this.#tcp.finish();
  }

  /** The dial failed, or the session is over. */
  close(): void {
    if (this.#tcp !== undefined) this.#tcp.close();
    else this.#end();
  }

  /** Resolves when the bytes, of which a frame is made, have gone out. */
  #output(bytes: Uint8Array): Promise<void> | undefined {
    this.stream.send(bytes);
    this.#host.ready();
    if (this.stream.queued === 0) return undefined;
    return new Promise((resolve) => this.#sent = resolve);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    let dropped = 0;
    for (const bytes of this.#early) dropped += bytes.length;
    this.#early = [];
    if (dropped > 0) this.#host.released(dropped);
    this.stream.finish();
    this.#host.over(this);
    this.#host.ready();
    this.drained();
  }
}
