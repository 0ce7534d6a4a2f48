/**
 * What a port session takes in: everything, unless too much of it waits for local programs. Then
 * the channel gets no room back, so that the agent feels it (sessions.md §6.5).
 *
 * @module
 */

import type { Backlog } from "./backlog.ts";

/** What an intake needs of its session. */
export interface PortIntakeHost {
  readonly backlog: Backlog;
  /** True while some connection has more waiting than one may have. */
  overfull(): boolean;
  /** Too much waits in all sessions together, and this one is a part of it. */
  heldUp(): void;
  /** So many bytes of payload are done with. */
  consumed(bytes: number): void;
}

/** The bytes of one session between the channel and its local programs. */
export class PortIntake implements Disposable {
  readonly #host: PortIntakeHost;
  readonly #room: Disposable;
  /** Bytes of payload that the channel gets back when there is room again. */
  #held = 0;
  /** It was told that the session is held up. */
  #told = false;
  /** Bytes that wait for local programs. */
  waiting = 0;

  constructor(host: PortIntakeHost) {
    this.#host = host;
    this.#room = host.backlog.watch(() => this.release());
  }

  /** A payload of so many bytes was handed to its connection. */
  took(bytes: number): void {
    this.#held += bytes;
    this.release();
  }

  /** So many bytes more, or fewer, wait for local programs. */
  waits(bytes: number): void {
    this.waiting += bytes;
    if (bytes > 0) return this.#host.backlog.add(bytes);
    this.#host.backlog.remove(-bytes);
    this.release();
  }

  /** Gives the channel its room back, unless too much waits. */
  release(): void {
    if (this.#held === 0 || this.#host.overfull()) return;
    if (this.#host.backlog.holds(this.waiting)) {
      if (!this.#told) this.#host.heldUp();
      this.#told = true;
      return;
    }
    this.#told = false;
    const bytes = this.#held;
    this.#held = 0;
    this.#host.consumed(bytes);
  }

  /** Listens no more for room. */
  [Symbol.dispose](): void {
    this.#room[Symbol.dispose]();
  }
}
