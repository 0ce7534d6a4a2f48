/**
 * Standard input and output through one port session, for documents without `type` such as
 * AWS-StartSSHSession (sessions.md §7): the payloads are the bytes of one connection, which the
 * agent dials once. Its end is the session's, and ours is told by Flag 2.
 *
 * @module
 */

import { connectionBacklog } from "./backlog.ts";
import {
  type Carrier,
  type CarrierHost,
  type LocalPeer,
  sendPieces,
  type Unsettled,
} from "./carrier.ts";
import { LocalPump } from "./local_pump.ts";
import type { LocalConnection } from "./transport.ts";

/** Milliseconds between two looks whether the far end has fallen silent. */
const lookInterval = 1000;
/**
 * What an SSH client says first (RFC 4253 §4.2). One that has closed its side is gone: SSH ends a
 * command's input within its own channel.
 */
const sshBanner: Uint8Array = new TextEncoder().encode("SSH-");

/** The one connection of a session without a listener. */
export class StdioPort implements Carrier {
  readonly #host: CarrierHost;
  readonly #pump: LocalPump;
  /** What was read and the channel had no room for. */
  #unsent: Uint8Array | undefined;
  /** Bytes of {@linkcode sshBanner} seen so far; `undefined` once it is something else. */
  #banner: number | undefined = 0;
  #localEnded = false;
  /** Nobody reads standard output any more. */
  #broken = false;
  #heardAt: number;
  #cancelTimer: (() => void) | undefined;
  #activity = 0;
  #heldUp = false;
  #left = false;
  #disposed = false;

  /**
   * Begins to read at once.
   *
   * @param host The session.
   * @param conn Standard input and output.
   */
  constructor(host: CarrierHost, conn: LocalConnection) {
    this.#host = host;
    this.#heardAt = host.clock.now();
    this.#pump = new LocalPump(conn, {
      read: (bytes) => this.#read(bytes),
      ended: () => this.#ended(),
      broke: () => {
        this.#broken = true;
        this.#ended();
      },
      wrote: (bytes) => host.waits(-bytes),
    });
  }

  /** The one connection, until it has ended. */
  get open(): number {
    return this.#left || this.#disposed ? 0 : 1;
  }

  /** There is one connection, which came with the session. */
  get canConnect(): boolean {
    return false;
  }

  /** True while more waits for standard output than may. */
  get overfull(): boolean {
    return this.#pump.waiting > connectionBacklog;
  }

  /** Bytes moved since the last call. */
  *activity(): Iterable<number> {
    const moved = this.#activity;
    this.#activity = 0;
    yield moved;
  }

  /** There is no second connection. */
  connect(peer: LocalPeer): void {
    peer.conn.close();
  }

  #read(bytes: Uint8Array): void {
    this.#recognise(bytes);
    this.#activity += bytes.length;
    this.#host.moved(bytes.length, 0);
    this.#unsent = bytes;
    this.progress();
  }

  #recognise(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#banner === undefined || this.#isSsh) return;
      this.#banner = byte === sshBanner[this.#banner]
        ? this.#banner + 1
        : undefined;
    }
  }

  get #isSsh(): boolean {
    return this.#banner === sshBanner.length;
  }

  /** Takes a payload of the channel. */
  payload(bytes: Uint8Array): void {
    this.#heardAt = this.#host.clock.now();
    this.#activity += bytes.length;
    this.#host.moved(0, bytes.length);
    const before = this.#pump.waiting;
    this.#pump.push(bytes);
    this.#host.waits(this.#pump.waiting - before);
    if (this.#pump.waiting > connectionBacklog && !this.#heldUp) {
      this.#heldUp = true;
      this.#host.heldUp("standard output", this.#pump.waiting);
    }
  }

  /** Sends what was read, as far as the channel has room. */
  progress(): void {
    const waiting = this.#unsent;
    let sent = false;
    if (waiting !== undefined && this.#host.channel.writable) {
      this.#unsent = sendPieces(waiting, this.#host);
      sent = true;
      if (this.#unsent === undefined) this.#pump.resume();
    }
    if (sent) this.#host.flush();
    else if (this.#localEnded) this.#settle();
  }

  #ended(): void {
    this.#localEnded = true;
    this.#heardAt = this.#host.clock.now();
    this.#settle();
  }

  /**
   * Standard input is at its end, of which the agent cannot be told without ending the connection.
   * So first everything sent has to be there; then an SSH client, and whoever has closed standard
   * output as well, wants no more; anybody else (`printf … | ssm ssh-proxy web-server 80`) gets the
   * grace for the answer, which begins again with every byte of it.
   */
  #settle(): void {
    if (this.#left || this.#disposed) return;
    const { channel, clock, grace } = this.#host;
    const now = clock.now();
    const sending = this.#unsent !== undefined || channel.unacknowledged > 0;
    // What waits for a slow reader is no silence of the far end.
    if (sending || this.#pump.waiting > 0) this.#heardAt = now;
    const left = sending
      ? lookInterval
      : this.#isSsh || this.#broken
      ? 0
      : this.#heardAt + grace - now;
    if (left <= 0) return this.#leave();
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(Math.min(left, lookInterval), () => {
      this.#cancelTimer = undefined;
      this.#settle();
    });
  }

  #leave(): void {
    this.#left = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#host.disconnected();
  }

  /** A failed dial ends the session by itself here; the flag is of multiplexed ones. */
  dialFailed(): void {}

  /** Nothing hurries: whoever leaves the session has decided that. */
  unsettled(): Unsettled {
    return this.#unsent !== undefined || this.#host.channel.unacknowledged > 0
      ? "sending"
      : "nothing";
  }

  /** Standard output, if anything waits for it. */
  fullest(): { peer: string; waiting: number } | undefined {
    const { waiting } = this.#pump;
    return waiting === 0 ? undefined : { peer: "standard output", waiting };
  }

  /** Resolves when all that came is written, or cannot be. */
  drained(): Promise<void> {
    return this.#pump.shut();
  }

  /** Reads no more; what came is still written. */
  dispose(): number {
    const { open } = this;
    this.#disposed = true;
    // Nothing may come behind Flag 2.
    this.#unsent = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#pump.close();
    return open;
  }
}
