/**
 * One direction of a bad connection: latency, loss, repeats, reordering, wrong digests. Pure:
 * frames, time and randomness come in, frames come out.
 *
 * Only stream data and acknowledgements suffer. What the service says itself arrives, once and
 * after everything that went before it: nobody would repeat it.
 *
 * @module
 */

import type { DirectionFaults } from "../options.ts";
import { mayBeLost } from "./frame_kind.ts";

/** The longest time a repeat or an overtaken message comes late, in milliseconds. Our choice. */
export const disorder = 10;

/** Where the digest stands in a frame (data-channel.md §2). */
const digestAt = 80;

/** True when a direction has any fault, so that frames have to pass a {@linkcode FaultLink}. */
export function isFaulty(faults: DirectionFaults, latency: number): boolean {
  return latency > 0 || faults.loss > 0 || faults.repeat > 0 ||
    faults.reorder > 0 || faults.wrongDigest > 0;
}

/**
 * A seeded generator of numbers from 0 to 1, mulberry32: a run can be repeated.
 *
 * @param seed Any integer.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

interface Travelling {
  readonly frame: Uint8Array;
  readonly due: number;
}

/** One direction. */
export class FaultLink {
  /** Ordered by `due`; equal ones as they came. */
  #queue: Travelling[] = [];
  #at = 0;
  /** When the last frame that must not be overtaken arrives. */
  #floor = -Infinity;

  /**
   * @param faults Probabilities per message.
   * @param latency Milliseconds.
   * @param random Numbers from 0 to 1; {@linkcode seededRandom}.
   */
  constructor(
    private readonly faults: DirectionFaults,
    private readonly latency: number,
    private readonly random: () => number,
  ) {}

  /** Frames on their way. */
  get travelling(): number {
    return this.#queue.length - this.#at;
  }

  /** When {@linkcode poll} has the next frame; `undefined` when there is none. */
  get nextTimeout(): number | undefined {
    return this.#queue[this.#at]?.due;
  }

  /** Takes a frame. It is not changed; what arrives damaged is a copy. */
  push(frame: Uint8Array, now: number): void {
    const { loss, repeat, reorder, wrongDigest } = this.faults;
    const due = Math.max(now + this.latency, this.#floor);
    if (!mayBeLost(frame)) {
      const last = this.#queue[this.#queue.length - 1];
      this.#floor = Math.max(due, last?.due ?? due);
      this.#add(frame, this.#floor);
      return;
    }
    if (this.#happens(repeat)) this.#add(frame, due + this.#delay());
    if (this.#happens(loss)) return;
    const damaged = this.#happens(wrongDigest) ? damage(frame) : frame;
    this.#add(damaged, this.#happens(reorder) ? due + this.#delay() : due);
  }

  /** The next frame that has arrived by `now`; `undefined` when there is none. */
  poll(now: number): Uint8Array | undefined {
    const first = this.#queue[this.#at];
    if (first === undefined || first.due > now) return undefined;
    // Shifted in blocks: one by one it costs the length of the queue each time.
    if (++this.#at > 1000 || this.#at === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#at);
      this.#at = 0;
    }
    return first.frame;
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.random() < probability;
  }

  #delay(): number {
    return 1 + this.random() * (disorder - 1);
  }

  #add(frame: Uint8Array, due: number): void {
    let at = this.#queue.length;
    while (at > this.#at && this.#queue[at - 1]!.due > due) at--;
    if (at === this.#queue.length) this.#queue.push({ frame, due });
    else this.#queue.splice(at, 0, { frame, due });
  }
}

function damage(frame: Uint8Array): Uint8Array {
  const damaged = frame.slice();
  damaged[digestAt] = (damaged[digestAt] ?? 0) ^ 0xff;
  return damaged;
}
