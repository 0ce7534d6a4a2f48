/**
 * Memory for frames. An ArrayBuffer of its own for each costs up to 5 µs, so frames share some; and
 * what is given back is used again, as garbage of 40 MB each second lets a process grow to
 * hundreds of MB before it is collected.
 *
 * @module
 */

/** Where frames are made. */
export interface FrameMemory {
  /** Room for a frame, not used by anything else until it is given back. */
  allocate(length: number): Uint8Array;
  /** A view of all the memory that the frame has just been taken from. */
  viewOf(frame: Uint8Array): DataView;
}

/** Frames longer than this have memory of their own, in bytes. */
const sharedFrame = 4096;
/** The memory that they share, in bytes: small enough that a kept frame does not keep much alive. */
const sharedSize = 32 * 1024;

let shared = new Uint8Array(sharedSize);
let sharedView = new DataView(shared.buffer);
let sharedUsed = 0;

/** Memory that is never handed out twice: frames stay valid for ever. */
export const freshMemory: FrameMemory = {
  allocate(length) {
    if (length > sharedFrame) return new Uint8Array(length);
    if (sharedUsed + length > sharedSize) {
      shared = new Uint8Array(sharedSize);
      sharedView = new DataView(shared.buffer);
      sharedUsed = 0;
    }
    sharedUsed += length;
    return shared.subarray(sharedUsed - length, sharedUsed);
  },
  viewOf: (frame) =>
    frame.buffer === shared.buffer ? sharedView : new DataView(frame.buffer),
};

/**
 * Memory for one small frame at a time: each is valid until the next one.
 *
 * @param size The largest frame, in bytes; larger ones get memory of their own.
 */
export function passingMemory(size: number): FrameMemory {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  return {
    allocate: (length) =>
      length > size ? new Uint8Array(length) : bytes.subarray(0, length),
    viewOf: (frame) =>
      frame.buffer === bytes.buffer ? view : new DataView(frame.buffer),
  };
}

/** Bytes of a slab: some frames of the largest size. */
const slabSize: number = 256 * 1024;
/** So many slabs are kept while nothing is in them; a window's worth, 4 MiB. */
const spareSlabs = 16;

/** Some memory, and how many frames in it are in use. */
interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used: number;
  frames: number;
}

/** Memory that is used again once all frames of a slab were given back. */
export class FrameArena implements FrameMemory {
  readonly #spares: Slab[] = [];
  #slab: Slab = makeSlab(0);
  readonly #slabs = new Map<ArrayBufferLike, Slab>();

  /** Bytes that are held, in use or not. */
  get size(): number {
    let size = this.#slab.bytes.length;
    for (const { bytes } of this.#spares) size += bytes.length;
    for (const slab of this.#slabs.values()) {
      if (slab !== this.#slab) size += slab.bytes.length;
    }
    return size;
  }

  /** Room for a frame, until {@linkcode release}. */
  allocate(length: number): Uint8Array {
    if (this.#slab.bytes.length - this.#slab.used < length) this.#next(length);
    const slab = this.#slab;
    slab.used += length;
    slab.frames++;
    return slab.bytes.subarray(slab.used - length, slab.used);
  }

  #next(length: number): void {
    const size = Math.max(slabSize, length);
    const spare = size === slabSize ? this.#spares.pop() : undefined;
    // A session that says little gets along with little.
    const first = this.#slabs.size === 0 && length <= firstSlab;
    this.#slab = spare ?? makeSlab(first ? firstSlab : size);
    this.#slabs.set(this.#slab.bytes.buffer, this.#slab);
  }

  /** A view of all the memory that the frame is in. */
  viewOf(frame: Uint8Array): DataView {
    return this.#slab.bytes.buffer === frame.buffer
      ? this.#slab.view
      : new DataView(frame.buffer);
  }

  /** The frame is not needed any more: its memory will be written again. */
  release(frame: Uint8Array): void {
    const slab = this.#slab.bytes.buffer === frame.buffer
      ? this.#slab
      : this.#slabs.get(frame.buffer);
    if (slab === undefined || --slab.frames > 0) return;
    if (slab === this.#slab) {
      slab.used = 0;
      // After a burst nothing is in use: what a quiet session does not need goes.
      if (this.#spares.length > 1) this.#spares.length = 1;
      return;
    }
    this.#slabs.delete(slab.bytes.buffer);
    if (slab.bytes.length !== slabSize) return;
    slab.used = 0;
    if (this.#spares.length < spareSlabs) this.#spares.push(slab);
  }
}

/** Bytes of the first slab. */
const firstSlab: number = 16 * 1024;

function makeSlab(size: number): Slab {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer), used: 0, frames: 0 };
}
