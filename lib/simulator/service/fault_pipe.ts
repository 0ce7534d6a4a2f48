/**
 * A {@linkcode FaultLink} joined to time; or nothing at all where there are no faults.
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import { MovedTimer } from "../moved_timer.ts";
import type { DirectionFaults } from "../options.ts";
import { FaultLink, isFaulty, seededRandom } from "./faults.ts";

/** What a {@linkcode FaultPipe} is made with. */
export interface FaultPipeOptions {
  readonly faults: DirectionFaults;
  /** Milliseconds. */
  readonly latency: number;
  readonly seed: number;
  readonly clock: Clock;
  /** Called with the frames that have arrived, in order. */
  readonly deliver: (frames: readonly Uint8Array[]) => void;
}

/** One direction of a session's connection. */
export class FaultPipe {
  readonly #link: FaultLink | undefined;
  readonly #clock: Clock;
  readonly #deliver: (frames: readonly Uint8Array[]) => void;
  readonly #timer: MovedTimer;
  #closed = false;

  /** Without faults frames are delivered in the same turn, and no timer is ever set. */
  constructor(options: FaultPipeOptions) {
    const { faults, latency, seed } = options;
    this.#clock = options.clock;
    this.#timer = new MovedTimer(options.clock, () => this.#flush());
    this.#deliver = options.deliver;
    if (isFaulty(faults, latency)) {
      this.#link = new FaultLink(faults, latency, seededRandom(seed));
    }
  }

  /** Takes frames that came in together. */
  push(frames: readonly Uint8Array[]): void {
    if (this.#closed) return;
    if (this.#link === undefined) return this.#deliver(frames);
    const now = this.#clock.now();
    for (const frame of frames) this.#link.push(frame, now);
    this.#flush();
  }

  /** Drops what is on its way. */
  close(): void {
    this.#closed = true;
    this.#timer.cancel();
  }

  #flush(): void {
    const link = this.#link!;
    const now = this.#clock.now();
    const arrived: Uint8Array[] = [];
    for (let f = link.poll(now); f !== undefined; f = link.poll(now)) {
      arrived.push(f);
    }
    if (arrived.length > 0) this.#deliver(arrived);
    const next = link.nextTimeout;
    if (next !== undefined && !this.#closed) this.#timer.arm(next);
  }
}
