/**
 * Pings at a steady pace, and the judgement that a silent connection is lost
 * (data-channel.md §1.4).
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/** Milliseconds between pings: proxies drop idle sockets sooner than in 5 min (data-channel.md §1.4). */
export const defaultPingInterval = 30_000;

/** How many pings in a row may go unanswered (data-channel.md §1.4). */
const missedPongs = 2;

/** What {@linkcode KeepAlive} needs of its transport. */
export interface KeepAliveOptions {
  /** Measures intervals and round trips. */
  readonly clock: Clock;
  /** Milliseconds between pings; 0 = no pings, and a lost connection is not noticed. */
  readonly interval: number;
  /** Sends a ping with this payload. */
  readonly ping: (payload: Uint8Array) => void;
  /** True while bytes that arrive would be noticed: not while nobody reads. */
  readonly listening: () => boolean;
  /** Called once when the connection is lost. @param seconds For how long nothing was heard. */
  readonly lost: (seconds: number) => void;
}

/** Pings one connection until stopped. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #cancel: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;
  /** When the check that is under way began. */
  #askedAt = 0;
  #missed = 0;
  #heardAt: number;
  #count = 0;
  #sent: { readonly payload: Uint8Array; readonly at: number } | undefined;
  #roundTrip: number | undefined;

  /** Begins: the first ping goes out after one interval. */
  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    if (options.interval > 0) this.#wait();
  }

  /** Milliseconds between the last answered ping and its pong; `undefined` before the first. */
  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  /** To be called whenever bytes have arrived, whatever they are: the connection is alive. */
  heard(): void {
    this.#missed = 0;
    this.#heardAt = this.#options.clock.now();
  }

  /** To be called with each pong. @param payload The pong's; an unexpected one is ignored. */
  pong(payload: Uint8Array): void {
    const sent = this.#sent;
    if (
      sent === undefined || payload.length !== sent.payload.length ||
      !payload.every((byte, i) => byte === sent.payload[i])
    ) return;
    this.#roundTrip = this.#options.clock.now() - sent.at;
    this.#sent = undefined;
  }

  /**
   * Asks at once, and waits no longer than this for a word, whatever it is.
   *
   * @param limit Milliseconds.
   */
  check(limit: number): void {
    const { clock, lost } = this.#options;
    this.#ping();
    // A verdict that is due is not put off by asking again.
    if (this.#cancelCheck !== undefined && this.#heardAt < this.#askedAt) {
      return;
    }
    const asked = this.#askedAt = clock.now();
    this.#cancelCheck?.();
    this.#cancelCheck = clock.setTimer(limit, () => {
      this.#cancelCheck = undefined;
      // While nobody reads, an answer stays in the socket.
      if (this.#heardAt < asked && this.#options.listening()) {
        lost(Math.round((clock.now() - this.#heardAt) / 1000));
      }
    });
  }

  /** No more pings, no more judgement. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
  }

  #wait(): void {
    const { clock, interval } = this.#options;
    this.#cancel = clock.setTimer(interval, () => this.#tick());
  }

  #tick(): void {
    const { clock, listening, lost } = this.#options;
    // While nobody reads, pongs stay in the socket: silence then says nothing.
    if (!listening()) this.#missed = 0;
    if (this.#missed >= missedPongs) {
      this.#cancel = undefined;
      lost(Math.round((clock.now() - this.#heardAt) / 1000));
      return;
    }
    this.#missed++;
    this.#ping();
    this.#wait();
  }

  #ping(): void {
    const payload = new TextEncoder().encode(`keepalive ${++this.#count}`);
    this.#sent = { payload, at: this.#options.clock.now() };
    this.#options.ping(payload);
  }
}
