/**
 * One local connection after the other through one port session: for agents that do not multiplex
 * (sessions.md §5). The payloads are the connection's bytes, and nothing marks where one connection
 * ends and the next begins but Flag 1 and silence.
 *
 * @module
 */

import { Flag } from "../protocol/message/payload.ts";
import { connectionBacklog } from "./backlog.ts";
import {
  type Carrier,
  type CarrierHost,
  type LocalPeer,
  sendPieces,
  type Unsettled,
} from "./carrier.ts";
import { LocalPump } from "./local_pump.ts";

/** Milliseconds without a byte after which nothing of the old connection comes any more (sessions.md §5). */
const silence = 200;
/** Milliseconds without an answer after which a program that hung up leaves its turn to others. */
const turnGrace = 1000;
/** Bytes that the destination may say before anybody is connected. */
const earlyLimit: number = 64 * 1024;

/** The basic half of a port session. */
export class BasicPort implements Carrier {
  readonly #host: CarrierHost;
  #current: { readonly pump: LocalPump; readonly name: string } | undefined;
  /** What the destination said before the first connection: agents dial at once. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #begun = false;
  /** What the local program sent and the channel had no room for. */
  #unsent: Uint8Array | undefined;
  #localEnded = false;
  /** The number of the Flag 1 behind which old bytes may still come. */
  #closing: number | undefined;
  #heardAt = 0;
  #cancelTimer: (() => void) | undefined;
  #activity = 0;
  #heldUp = false;
  #disposed = false;

  /** Begins without a connection. */
  constructor(host: CarrierHost) {
    this.#host = host;
  }

  /** Connections open now: one, or none. */
  get open(): number {
    return this.#current === undefined ? 0 : 1;
  }

  /** True while there is none, and the last one's bytes are through. */
  get canConnect(): boolean {
    return !this.#disposed && this.#current === undefined &&
      this.#closing === undefined;
  }

  /** True while more waits than may. */
  get overfull(): boolean {
    return this.#earlyBytes > earlyLimit ||
      (this.#current?.pump.waiting ?? 0) > connectionBacklog;
  }

  /** Bytes moved since the last call. */
  *activity(): Iterable<number> {
    const moved = this.#activity;
    this.#activity = 0;
    yield moved;
  }

  /** Takes a local connection over. */
  connect(peer: LocalPeer): void {
    this.#begun = true;
    this.#localEnded = false;
    this.#heldUp = false;
    const pump = new LocalPump(peer.conn, {
      read: (bytes) => {
        this.#activity += bytes.length;
        this.#host.moved(bytes.length, 0);
        this.#unsent = bytes;
        this.progress();
      },
      ended: () => {
        this.#localEnded = true;
        this.#heardAt = this.#host.clock.now();
        this.#watch();
      },
      broke: () => this.#hangUp(),
      wrote: (bytes) => this.#host.waits(-bytes),
    });
    this.#current = { pump, name: peer.name };
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const bytes of early) this.#push(bytes);
  }

  /** Takes a payload of the channel. */
  payload(bytes: Uint8Array): void {
    this.#heardAt = this.#host.clock.now();
    if (this.#closing !== undefined) return;
    if (this.#current !== undefined) return this.#push(bytes);
    // Later on, agents dial when they are sent something, so this is of a connection that is over.
    if (this.#begun) return;
    this.#early.push(bytes.slice());
    this.#earlyBytes += bytes.length;
  }

  #push(bytes: Uint8Array): void {
    const { pump, name } = this.#current!;
    this.#activity += bytes.length;
    this.#host.moved(0, bytes.length);
    const before = pump.waiting;
    pump.push(bytes);
    this.#host.waits(pump.waiting - before);
    if (pump.waiting > connectionBacklog && !this.#heldUp) {
      this.#heldUp = true;
      this.#host.heldUp(name, pump.waiting);
    }
  }

  /** Sends what was read, as far as the channel has room. */
  progress(): void {
    const waiting = this.#unsent;
    let sent = false;
    if (waiting !== undefined && this.#host.channel.writable) {
      this.#unsent = sendPieces(waiting, this.#host);
      sent = true;
      if (this.#unsent === undefined) this.#current?.pump.resume();
    }
    if (sent) this.#host.flush();
    else this.#settle();
  }

  /** The agent's failed dial ends the session by itself here; the flag is of multiplexed ones. */
  dialFailed(): void {}

  /**
   * The local program sends nothing more: the far end cannot be told, so it gets the grace for the
   * rest of its answer, as in a multiplexed session. Whether the program has hung up altogether
   * does not show, so the next one's turn, if one waits, comes sooner.
   */
  #watch(): void {
    const { clock } = this.#host;
    const now = clock.now();
    // What waits for a slow program is no silence of the far end.
    if ((this.#current?.pump.waiting ?? 0) > 0) this.#heardAt = now;
    const grace = this.#host.othersWait()
      ? Math.min(this.#host.grace, turnGrace)
      : this.#host.grace;
    const left = this.#heardAt + grace - now;
    if (left <= 0) return this.#hangUp();
    this.#wait(Math.min(left, turnGrace), () => this.#watch());
  }

  /** The local connection is over: Flag 1, and whatever still comes of it is dropped. */
  #hangUp(): void {
    const current = this.#current;
    if (current === undefined) return;
    const { channel, clock } = this.#host;
    // What was waited for was this connection's; the next one has its own time.
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    current.pump.close();
    this.#current = undefined;
    this.#unsent = undefined;
    this.#heardAt = clock.now();
    this.#closing = channel.flag(Flag.DisconnectToPort, clock.now());
    this.#host.flush();
    this.#settle();
  }

  /** The next one's turn comes when Flag 1 was taken and the old connection has fallen silent. */
  #settle(): void {
    const { channel, clock } = this.#host;
    if (
      this.#closing === undefined || !channel.isAcknowledged(this.#closing)
    ) return;
    const left = this.#heardAt + silence - clock.now();
    if (left > 0) return this.#wait(left, () => this.#settle());
    this.#closing = undefined;
    this.#host.disconnected();
  }

  #wait(delay: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#host.clock.setTimer(Math.max(0, delay), () => {
      this.#cancelTimer = undefined;
      run();
    });
  }

  /** Closes behind what the local program said before it hung up, and says what is left. */
  unsettled(): Unsettled {
    if (this.#current === undefined) return "nothing";
    const busy = this.#unsent !== undefined ||
      this.#host.channel.unacknowledged > 0;
    if (!this.#localEnded) return busy ? "sending" : "nothing";
    if (busy) return "ended";
    this.#hangUp();
    return "nothing";
  }

  /** The connection, if anything waits for it. */
  fullest(): { peer: string; waiting: number } | undefined {
    const waiting = this.#current?.pump.waiting ?? 0;
    return this.#current === undefined || waiting === 0
      ? undefined
      : { peer: this.#current.name, waiting };
  }

  /** Ends all connections at once. */
  dispose(): number {
    const { open } = this;
    this.#disposed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#current?.pump.close();
    this.#current = undefined;
    return open;
  }
}
