/**
 * What an agent does not read while its program does not take what it has read.
 *
 * The official agent's one reader hands input to the program itself, so a program that blocks
 * blocks everything that comes from the service: acknowledgements too, and it gives none
 * (pitfalls.md §2.18, sessions.md §6.5).
 *
 * @module
 */

import { frameKind } from "../service/frame_kind.ts";

/**
 * Bytes of frames that are kept unread; what the network between would hold. Input beyond that is
 * dropped, as it is not acknowledged and so comes again. More than a client's window (8 MiB,
 * data-channel.md §6.2).
 */
const heldLimit = 12 * 1024 * 1024;

/** The reader of one agent. */
export class InputGate {
  #limit = Infinity;
  #waiting = 0;
  #held: (readonly Uint8Array[])[] = [];
  #heldBytes = 0;

  /** @param limit Bytes of input that the program may owe before nothing is read. */
  limitTo(limit: number): void {
    this.#limit = limit;
  }

  /** The program was given so many bytes. */
  delivered(bytes: number): void {
    this.#waiting += bytes;
  }

  /** The program is done with so many bytes. */
  consumed(bytes: number): void {
    this.#waiting -= bytes;
  }

  /** True while the program has enough. */
  get full(): boolean {
    return this.#waiting >= this.#limit;
  }

  /** Takes frames that came in together. */
  hold(frames: readonly Uint8Array[]): void {
    let kept = frames;
    if (this.#heldBytes >= heldLimit) {
      kept = frames.filter((frame) => frameKind(frame) !== "input");
    }
    if (kept.length === 0) return;
    this.#heldBytes += sizeOf(kept);
    this.#held.push(kept);
  }

  /** Takes frames back that are older than all others. */
  putBack(frames: readonly Uint8Array[]): void {
    if (frames.length === 0) return;
    this.#heldBytes += sizeOf(frames);
    this.#held.unshift(frames);
  }

  /** The oldest frames, if they may be read now. */
  next(): readonly Uint8Array[] | undefined {
    if (this.full) return undefined;
    const frames = this.#held.shift();
    if (frames !== undefined) this.#heldBytes -= sizeOf(frames);
    return frames;
  }

  /** Forgets all frames. */
  clear(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}

function sizeOf(frames: readonly Uint8Array[]): number {
  let size = 0;
  for (const frame of frames) size += frame.length;
  return size;
}
