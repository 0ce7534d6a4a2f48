/**
 * One local connection and its smux stream: which of them ends when (sessions.md §6.3).
 *
 * FIN closes both directions at an official agent, so a local program that only stops sending is
 * not followed by FIN at once: what the far end still says would be lost. FIN goes out when the far
 * end has closed, when the local program is gone, or after a grace without a byte from the far end.
 *
 * @module
 */

import type { SmuxStream } from "../protocol/smux/stream.ts";
import { connectionBacklog } from "./backlog.ts";
import type { LocalPeer } from "./carrier.ts";
import { LocalPump } from "./local_pump.ts";
import type { Clock } from "./transport.ts";

/** What a connection needs of its carrier. */
export interface MuxConnectionHost {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly grace: number;
  /** The stream has something to send. */
  changed(): void;
  /** So many bytes went up and down. */
  moved(up: number, down: number): void;
  /** So many bytes more, or fewer, wait for the local program. */
  waits(bytes: number): void;
  /** So many bytes wait: more than may. */
  heldUp(waiting: number): void;
  /** One connection more (1), or fewer (-1), has more waiting than one may have. */
  overfull(change: 1 | -1): void;
  /** Nothing of it is left. */
  closed(): void;
}

/** A connection through a multiplexed session. */
export class MuxConnection {
  readonly #host: MuxConnectionHost;
  readonly #stream: SmuxStream;
  readonly #pump: LocalPump;
  /** What to call it. */
  readonly name: string;
  /** Bytes that came from the far end. */
  received = 0;
  /** The local program sends nothing more. */
  localEnded = false;
  #remoteEnded = false;
  #closed = false;
  #overfull = false;
  /** It was told, and is not told again before much less waits. */
  #heldUp = false;
  #activity = 0;
  /** When the far end last sent something, or one end closed. */
  #heardAt = 0;
  #cancelGrace: (() => void) | undefined;

  /** Begins to move bytes. */
  constructor(peer: LocalPeer, stream: SmuxStream, host: MuxConnectionHost) {
    this.name = peer.name;
    this.#host = host;
    this.#stream = stream;
    this.#pump = new LocalPump(peer.conn, {
      read: (bytes) => this.#read(bytes),
      ended: () => this.#localEnd(),
      broke: () => this.destroy(),
      wrote: (bytes) => this.#wrote(bytes),
    });
  }

  /** True while something that the local program sent has not gone out. */
  get sending(): boolean {
    return this.#stream.queued > 0;
  }

  /** Bytes that wait for the local program. */
  get waiting(): number {
    return this.#pump.waiting;
  }

  /** Bytes moved since the last call. */
  takeActivity(): number {
    const moved = this.#activity;
    this.#activity = 0;
    return moved;
  }

  #read(bytes: Uint8Array): void {
    this.#activity += bytes.length;
    this.#host.moved(bytes.length, 0);
    // The far end has hung up: there is nobody to send it to, but the local end is still to be seen.
    if (this.#remoteEnded) return this.#pump.resume();
    this.#stream.send(bytes);
    this.#host.changed();
  }

  /** All that was read is on its way. */
  sent(): void {
    this.#pump.resume();
  }

  /** The far end sent bytes. */
  arrived(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.received += bytes.length;
    this.#activity += bytes.length;
    this.#host.moved(0, bytes.length);
    const before = this.#pump.waiting;
    this.#pump.push(bytes);
    // A connection that takes nothing any more has nothing waiting either.
    this.#measure();
    this.#host.waits(this.#pump.waiting - before);
    if (this.localEnded) this.#heardAt = this.#host.clock.now();
  }

  #wrote(bytes: number): void {
    this.#measure();
    this.#host.waits(-bytes);
  }

  /** Tells when more waits than may, and when not any more: nobody looks at all connections. */
  #measure(): void {
    const { waiting } = this.#pump;
    const overfull = waiting > connectionBacklog;
    if (overfull !== this.#overfull) {
      this.#overfull = overfull;
      this.#host.overfull(overfull ? 1 : -1);
    }
    if (waiting < connectionBacklog / 2) this.#heldUp = false;
    if (!overfull || this.#heldUp) return;
    this.#heldUp = true;
    this.#host.heldUp(waiting);
  }

  #localEnd(): void {
    this.localEnded = true;
    if (this.#remoteEnded) this.#finishWhenShut();
    else this.#startGrace();
  }

  /** The far end sends nothing more. */
  remoteEnded(): void {
    if (this.#closed) return;
    this.#remoteEnded = true;
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    // What was read and is still queued goes out first; then it is read on by itself.
    if (!this.sending) this.#pump.resume();
    this.#finishWhenShut();
  }

  /** What came is written first, then the local program is told, and may end in its own time. */
  async #finishWhenShut(): Promise<void> {
    await this.#pump.shut();
    if (this.#closed) return;
    if (this.localEnded) this.destroy();
    else this.#startGrace();
  }

  #startGrace(): void {
    this.#heardAt = this.#host.clock.now();
    this.#waitGrace(this.#host.grace);
  }

  #waitGrace(delay: number): void {
    const { clock, grace } = this.#host;
    this.#cancelGrace?.();
    this.#cancelGrace = clock.setTimer(delay, () => {
      this.#cancelGrace = undefined;
      const left = this.#heardAt + grace - clock.now();
      // What waits for a slow program is no silence of the far end.
      if (left > 0 || this.#pump.waiting > 0) {
        this.#waitGrace(left > 0 ? left : grace);
      } else this.finish();
    });
  }

  /** Closes the stream behind what is queued; the far end then closes, too. */
  finish(): void {
    if (this.#remoteEnded) return this.destroy();
    this.#stream.finish();
    this.#host.changed();
  }

  /** Ends both at once. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    this.#pump.close();
    if (this.#remoteEnded) this.#stream.finish();
    else this.#stream.abandon();
    this.#host.changed();
    this.#host.closed();
  }
}
