/**
 * Two pure ends over a link that loses, repeats, reorders, delays and breaks, in virtual time: one
 * loop that jumps to the next thing to happen. Deterministic by its seed.
 *
 * @module
 */

import { encodeClientMessage } from "../../lib/protocol/message/client_message.ts";

/** What the link needs of an end; `DataChannel` is one. */
export interface LinkEnd {
  receive(frame: Uint8Array, now: number): void;
  pollTransmit(now: number): Uint8Array | undefined;
  handleTimeout(now: number): void;
  readonly nextTimeout: number | undefined;
  disconnected(now: number): void;
  reconnected(now: number): void;
}

/** One end and the program behind it. */
export interface Side {
  readonly end: LinkEnd;
  /** Moves the program's bytes. Called at the start and after everything that happens. */
  pump?(now: number): void;
  /** When the program wants to be called again although nothing happens. */
  readonly nextPump?: number | undefined;
}

/** What happens to frames in one direction. Chances are 0 to 1, times in milliseconds. */
export interface Faults {
  readonly loss?: number;
  readonly repeat?: number;
  /** The chance of a delay of up to `reorderBy` more than the frames around it. */
  readonly reorder?: number;
  readonly reorderBy?: number;
  readonly latency?: number;
  /** Bytes in a millisecond; frames queue for it. Unlimited where absent. */
  readonly rate?: number;
}

/** A connection that is lost for a while: everything in flight on it is gone. */
export interface Outage {
  readonly at: number;
  readonly duration: number;
  /** With one end only, the service tells the other one to pause, and to start again. */
  readonly ends: "left" | "right" | "both";
}

/** How the link behaves. */
export interface LinkOptions {
  readonly seed: number;
  /** Virtual milliseconds at the beginning; {@linkcode linkStart} where absent. */
  readonly now?: number;
  readonly leftToRight?: Faults;
  readonly rightToLeft?: Faults;
  /** In the order of time, not overlapping. */
  readonly outages?: readonly Outage[];
  /** Sees each frame as an end sends it, before the link does something to it. */
  readonly observe?: (
    from: "left" | "right",
    frame: Uint8Array,
    now: number,
  ) => void;
}

interface Arrival {
  readonly at: number;
  readonly order: number;
  readonly to: "left" | "right";
  readonly frame: Uint8Array;
}

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A source of bytes for a channel, the same for the same seed. */
export function seededRandom(seed: number): (length: number) => Uint8Array {
  const next = seededNumbers(seed);
  return (length) => Uint8Array.from({ length }, () => next() * 256);
}

/** A message of the service's own: `start_publication` or `pause_publication`. */
export function publication(
  type: "start_publication" | "pause_publication",
): Uint8Array {
  return encodeClientMessage({
    messageType: type,
    createdDate: 1,
    sequenceNumber: 0,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: 0,
    payload: new Uint8Array(),
    serviceHeader: true,
  });
}

/** Where virtual time begins: no message may have the date 0 (data-channel.md §2.2 rule 6). */
export const linkStart = 1_700_000_000_000;

/** So many events at one and the same moment mean that an end asks to be called for nothing. */
const stuckAfter = 20_000;

/** The link. */
export class Link {
  /** Virtual milliseconds. */
  now: number;
  /** Frames handed to the link, by the end that sent them. */
  readonly sent = { left: 0, right: 0 };
  readonly #sides: { readonly left: Side; readonly right: Side };
  readonly #options: LinkOptions;
  readonly #chance: () => number;
  readonly #up = { left: true, right: true };
  readonly #busyUntil = { left: 0, right: 0 };
  #outages: { at: number; ends: Outage["ends"]; up: boolean }[];
  #arrivals: Arrival[] = [];
  #order = 0;
  #atThisMoment = 0;

  constructor(left: Side, right: Side, options: LinkOptions) {
    this.#sides = { left, right };
    this.#options = options;
    this.#chance = seededNumbers(options.seed);
    this.now = options.now ?? linkStart;
    this.#outages = (options.outages ?? []).flatMap((
      { at, duration, ends },
    ) => [
      { at, ends, up: false },
      { at: at + duration, ends, up: true },
    ]);
    this.#turn();
  }

  /**
   * Runs until `done` says so.
   *
   * @param done Asked after each event.
   * @param limit Virtual time at which to give up.
   * @returns False where nothing more will ever happen, or the limit came first.
   */
  run(done: () => boolean, limit = Infinity): boolean {
    while (!done()) if (!this.step(limit)) return false;
    return true;
  }

  /** Lets so many milliseconds pass, with all that happens in them. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    while (this.step(end));
    this.now = end;
  }

  /** Goes to the next event; false where there is none up to the limit. */
  step(limit = Infinity): boolean {
    const next = this.#next();
    if (next === undefined || next > limit) return false;
    this.#atThisMoment = next > this.now ? 0 : this.#atThisMoment + 1;
    if (this.#atThisMoment > stuckAfter) {
      throw new Error(`Nothing goes on: time stands still at ${this.now}`);
    }
    this.now = Math.max(this.now, next);
    while (this.#outages.length > 0 && this.#outages[0]!.at <= this.now) {
      const { ends, up } = this.#outages.shift()!;
      this.#connect(ends, up);
    }
    while (this.#arrivals.length > 0 && this.#arrivals[0]!.at <= this.now) {
      const { to, frame } = this.#takeArrival();
      this.#sides[to].end.receive(frame, this.now);
      this.#turn();
    }
    for (const name of ["left", "right"] as const) {
      const { end } = this.#sides[name];
      if ((end.nextTimeout ?? Infinity) <= this.now) {
        end.handleTimeout(this.now);
      }
    }
    this.#turn();
    return true;
  }

  #next(): number | undefined {
    let next = Math.min(
      this.#arrivals[0]?.at ?? Infinity,
      this.#outages[0]?.at ?? Infinity,
    );
    for (const side of [this.#sides.left, this.#sides.right]) {
      next = Math.min(
        next,
        side.end.nextTimeout ?? Infinity,
        side.nextPump ?? Infinity,
      );
    }
    return next === Infinity ? undefined : next;
  }

  #turn(): void {
    for (const from of ["left", "right"] as const) {
      const { end } = this.#sides[from];
      for (;;) {
        this.#sides[from].pump?.(this.now);
        const first = end.pollTransmit(this.now);
        if (first === undefined) break;
        for (
          let frame: Uint8Array | undefined = first;
          frame !== undefined;
          frame = end.pollTransmit(this.now)
        ) this.#send(from, frame);
      }
    }
  }

  #send(from: "left" | "right", frame: Uint8Array): void {
    this.sent[from]++;
    this.#options.observe?.(from, frame, this.now);
    if (!this.#up[from]) throw new Error(`A frame came from a lost end`);
    const to = from === "left" ? "right" : "left";
    const faults =
      (from === "left"
        ? this.#options.leftToRight
        : this.#options.rightToLeft) ?? {};
    let start = this.now;
    if (faults.rate !== undefined) {
      start = Math.max(start, this.#busyUntil[from]) +
        frame.length / faults.rate;
      this.#busyUntil[from] = start;
    }
    if (!this.#up[to] || this.#chance() < (faults.loss ?? 0)) return;
    const copies = this.#chance() < (faults.repeat ?? 0) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const late = i > 0 || this.#chance() < (faults.reorder ?? 0)
        ? this.#chance() * (faults.reorderBy ?? 20)
        : 0;
      this.#addArrival(start + (faults.latency ?? 0) + late, to, frame);
    }
  }

  #connect(ends: Outage["ends"], up: boolean): void {
    for (const name of ["left", "right"] as const) {
      if (ends !== "both" && ends !== name) continue;
      this.#up[name] = up;
      const { end } = this.#sides[name];
      if (up) end.reconnected(this.now);
      else end.disconnected(this.now);
    }
    if (!up) {
      this.#arrivals = [];
      this.#busyUntil.left = this.#busyUntil.right = 0;
    }
    if (ends !== "both") {
      this.#addArrival(
        this.now + 1,
        ends === "left" ? "right" : "left",
        publication(up ? "start_publication" : "pause_publication"),
      );
    }
  }

  // A binary heap by time, then by order of sending.

  #addArrival(at: number, to: "left" | "right", frame: Uint8Array): void {
    const heap = this.#arrivals;
    let i = heap.push({ at, order: this.#order++, to, frame }) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) break;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  #takeArrival(): Arrival {
    const heap = this.#arrivals;
    const first = heap[0]!, last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) {
          least = child;
        }
      }
      if (least === i) return first;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

function before(a: Arrival, b: Arrival): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
