/**
 * Stream data on its way out: numbered, kept until acknowledged, sent again when lost
 * (data-channel.md §6).
 *
 * A message is kept before it is sent, so an early acknowledgement finds it (pitfalls.md §1.4);
 * a full window refuses new messages, nothing is ever evicted (§1.6).
 *
 * @module
 */

import { type Outstanding, OutstandingPool } from "./outstanding.ts";
import { RetransmissionQueue } from "./retransmission_queue.ts";
import {
  type EstimatorOptions,
  initialTimeout,
  officialEstimator,
  ourEstimator,
  RoundTripEstimator,
} from "./retransmission.ts";
import { SendWindow } from "./send_window.ts";

/**
 * How losses are repaired. "selective": whatever is overdue, or overtaken by 16 later messages
 * that were acknowledged. "head": as both official ends do, the oldest message only, one each
 * 100 ms tick (pitfalls.md §6.1); for a faithful simulator.
 */
export type Repair = "selective" | "head";

/** Messages in flight at most: the official client's buffer (data-channel.md §6.1). */
export const maximumMessages = 10_000;
/** Later messages acknowledged before one is taken for lost (data-channel.md §6.2). */
export const overtakenBy = 16;
/**
 * A repeat waits this long at most, in milliseconds, unless the RTO itself is longer: between the
 * 1 s and 5 s of data-channel.md §6.2. With 5 s the last few of 4000 messages took twice as long
 * over a link that loses a tenth.
 */
export const backOffLimit = 2000;
/** The official resend interval in milliseconds (P config.go, A config.go). */
export const officialTick = 100;
/** For this long after the start, in milliseconds, … */
const eagerPeriod = 1000;
/** … a message is repeated this often: the agent refuses input until it is ready (§6.2), … */
const eagerTimeout = 50;
/** … while no more than these wait for an answer, so that a bulk upload is not sent twice. */
const eagerMessages = 4;

/** The sending half of a channel's sequence. */
export class Outgoing {
  readonly #repair: Repair;
  readonly #estimator: RoundTripEstimator;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #notes = new OutstandingPool();
  /** Numbers to send next, for the first time or again, in order. */
  #ready: Outstanding[] = [];
  #readyAt = 0;
  readonly #timers = new RetransmissionQueue<Outstanding>();
  #next = 0;
  /** No number below this one is outstanding. */
  #lowest = 0;
  #transmissions = 0;
  #highestSent = -1;
  #highestAcknowledged = -1;
  #bytes = 0;
  readonly #window = new SendWindow();
  #backOff = 0;
  #backedOffAt = -Infinity;
  #eagerUntil: number;
  readonly #startedAt: number;
  #lossCheckAt: number | undefined;
  /** When the last round trip was taken that the estimator learned of. */
  #sampledAt = -Infinity;
  #lastTick = 0;
  /** Bytes of frames that have not gone out once. */
  unsent = 0;
  /** Bytes of frames that were acknowledged. */
  acknowledgedBytes = 0;
  /** Messages sent more than once, for the status line. */
  resends = 0;

  readonly #released: (frame: Uint8Array) => void;

  /**
   * @param now Milliseconds; the ticks of "head" count from here.
   * @param released Told of each frame that will not be sent any more.
   */
  constructor(
    repair: Repair,
    now: number,
    released: (frame: Uint8Array) => void = () => {},
  ) {
    this.#repair = repair;
    this.#released = released;
    const estimator: EstimatorOptions = repair === "head"
      ? officialEstimator
      : ourEstimator;
    this.#estimator = new RoundTripEstimator(estimator);
    this.#startedAt = now;
    this.#eagerUntil = now + eagerPeriod;
  }

  /** The number that the next message gets. */
  get next(): number {
    return this.#next;
  }
  /** Messages not acknowledged yet. */
  get unacknowledged(): number {
    return this.#outstanding.size;
  }
  /** The smoothed round trip in milliseconds; `undefined` before the first sample. */
  get roundTrip(): number | undefined {
    return this.#estimator.sampled ? this.#estimator.smoothed : undefined;
  }
  /** False while the window is full: stop reading the source. */
  get writable(): boolean {
    return this.#bytes < this.#window.bytes &&
      this.#outstanding.size < maximumMessages;
  }
  /** When the oldest unacknowledged message was first sent. */
  get oldestSince(): number | undefined {
    return this.#oldest()?.firstSent;
  }
  /** True until this message is acknowledged. */
  isOutstanding(number: number): boolean {
    return this.#outstanding.has(number);
  }

  /** Input may be refused for a moment from now on: repeat it quickly (data-channel.md §6.2). */
  expectRefusals(now: number): void {
    this.#eagerUntil = now + eagerPeriod;
  }

  /** Keeps a finished frame, which carries the number `next`, until it is acknowledged. */
  add(frame: Uint8Array): void {
    const message = this.#notes.take(this.#next++, frame);
    this.#outstanding.set(message.number, message);
    this.#bytes += frame.length;
    this.unsent += frame.length;
    if (!this.writable) this.#window.filled();
    this.#ready.push(message);
  }

  /** Takes an acknowledgement; one for an unknown number is ignored (data-channel.md §4.2). */
  acknowledge(number: number, now: number): void {
    const message = this.#outstanding.get(number);
    if (message === undefined) {
      if (number >= 0 && number < this.#next) this.#timers.busy(now);
      return;
    }
    // An acknowledgement of what was never sent is the peer's mistake.
    if (message.firstSent === undefined) return;
    // The agent takes input once it has taken the first in the row; those behind it prove nothing.
    if (message === this.#oldest()) this.#eagerUntil = now;
    this.#outstanding.delete(number);
    this.#timers.forget(message);
    // Which transmission is answered cannot be known: the first, which is not too much to believe.
    if (message.firstOrder !== undefined) {
      this.#timers.reached(message.firstOrder, now);
    }
    const { length } = message.frame;
    this.#bytes -= length;
    this.acknowledgedBytes += length;
    this.#released(message.frame);
    if (!message.repeated) {
      this.#sample(message.lastSent, now);
      this.#backOff = 0;
    }
    this.#window.acknowledged(length);
    this.#notes.giveBack(message);
    if (number > this.#highestAcknowledged) this.#highestAcknowledged = number;
    if (this.#repair === "selective") this.#lossCheckAt = now;
  }

  /**
   * One sample for each round trip, as in TCP: thousands of acknowledgements that are read together
   * have the same age, and would make the estimator certain of it. The official ends take all.
   */
  #sample(sent: number, now: number): void {
    if (this.#repair === "selective" && sent < this.#sampledAt) return;
    const next = sent > this.#sampledAt;
    this.#sampledAt = now;
    this.#estimator.sample(now - sent);
    if (next) this.#window.sample(now - sent);
  }

  /**
   * The message with the lowest number. Found by counting up, as a map that loses its first entry
   * again and again walks over all the holes: 12 µs for each acknowledgement of a full window.
   */
  #oldest(): Outstanding | undefined {
    if (this.#outstanding.size === 0) return undefined;
    while (!this.#outstanding.has(this.#lowest)) this.#lowest++;
    return this.#outstanding.get(this.#lowest);
  }

  /**
   * The next frame to put on the wire, new or again; `undefined` when there is none now.
   *
   * @param paused True while the peer's end is not connected: nothing is looked for that is lost.
   */
  poll(now: number, paused = false): Uint8Array | undefined {
    if (
      !paused && this.#lossCheckAt !== undefined && this.#lossCheckAt <= now
    ) {
      this.#findOvertaken(now);
    }
    while (this.#readyAt < this.#ready.length) {
      const message = this.#ready[this.#readyAt]!;
      this.#readyAt++;
      if (this.#readyAt === this.#ready.length) {
        this.#ready = [];
        this.#readyAt = 0;
      } else if (this.#readyAt > 1024) {
        this.#ready = this.#ready.slice(this.#readyAt);
        this.#readyAt = 0;
      }
      if (!message.waiting || !this.#outstanding.has(message.number)) continue;
      this.#send(message, now);
      return message.frame;
    }
    return undefined;
  }

  #send(message: Outstanding, now: number): void {
    message.waiting = false;
    if (message.firstSent === undefined) {
      message.firstSent = now;
      this.unsent -= message.frame.length;
    } else {
      message.repeated = true;
      this.resends++;
    }
    if (message.attempt === 0) message.attempt = 1;
    message.lastSent = now;
    message.order = this.#transmissions++;
    message.firstOrder ??= message.order;
    if (message.number > this.#highestSent) this.#highestSent = message.number;
    message.sentBefore = message.repeated ? this.#highestSent : message.number;
    this.#timers.sent(message);
  }

  /** Makes everything ready again that is due for a repeat. */
  handleTimeout(now: number): void {
    if (this.#repair === "head") return this.#tick(now);
    const eager = this.#eager(now);
    for (
      const message of this.#timers.overdue(
        now,
        (attempt) => this.#timeout(attempt, now),
      )
    ) {
      this.#again(message);
      // A quick repeat meets a refusal, not a loss: the back-off begins behind those.
      if (eager) continue;
      message.attempt++;
      // One back-off for all that was in flight together, as in TCP.
      if (message.lastSent > this.#backedOffAt) {
        this.#backOff++;
        this.#backedOffAt = now;
      }
    }
    if (this.#lossCheckAt !== undefined && this.#lossCheckAt <= now) {
      this.#findOvertaken(now);
    }
  }

  /** The official repair: the oldest message, if it is older than the RTO. */
  #tick(now: number): void {
    const tick = Math.floor((now - this.#startedAt) / officialTick);
    if (tick <= this.#lastTick) return;
    this.#lastTick = tick;
    const message = this.#oldest();
    if (
      message?.firstSent !== undefined &&
      now - message.lastSent >= this.#estimator.timeout
    ) this.#again(message);
  }

  #findOvertaken(now: number): void {
    this.#lossCheckAt = undefined;
    const oldest = this.#oldest();
    if (
      oldest === undefined ||
      oldest.number + overtakenBy > this.#highestAcknowledged
    ) return;
    const age = Math.max(10, this.#estimator.smoothed / 4);
    for (const message of this.#outstanding.values()) {
      if (message.number + overtakenBy > this.#highestAcknowledged) break;
      if (
        message.waiting ||
        message.sentBefore + overtakenBy > this.#highestAcknowledged
      ) continue;
      // Reordering alone must not cause repeats, so a young message gets a little more time.
      const due = message.lastSent + age;
      if (due <= now) this.#again(message);
      else this.#lossCheckAt = Math.min(this.#lossCheckAt ?? Infinity, due);
    }
  }

  #again(message: Outstanding): void {
    if (message.waiting) return;
    message.waiting = true;
    this.#timers.forget(message);
    this.#ready.push(message);
  }

  /** A new connection: everything unacknowledged goes out again at once, in order (§8.3). */
  sendAllAgain(): void {
    this.#window.reconnected();
    this.#ready = [...this.#outstanding.values()];
    this.#readyAt = 0;
    for (const message of this.#ready) {
      message.waiting = true;
      this.#timers.forget(message);
      // What was lost with the old connection says nothing of the new one.
      message.attempt = 0;
      message.firstOrder = undefined;
    }
    this.#backOff = 0;
  }

  /** True while input may be refused for a moment, and little of it waits. */
  #eager(now: number): boolean {
    return now < this.#eagerUntil && this.#outstanding.size <= eagerMessages;
  }

  /** While nothing is known of the line, a few messages may well go out twice, but not a window. */
  #base(): number {
    return this.#estimator.sampled || this.#outstanding.size > eagerMessages
      ? this.#estimator.timeout
      : initialTimeout;
  }

  /** No answer can be here before the round trip is over, once that is known. */
  #eagerTimeout(): number {
    if (!this.#estimator.sampled) return eagerTimeout;
    const { smoothed, variation } = this.#estimator;
    return Math.max(eagerTimeout, smoothed + Math.max(10, variation));
  }

  #timeout(attempt: number, now: number): number {
    const base = this.#base();
    if (this.#eager(now)) return Math.min(base, this.#eagerTimeout());
    const doublings = Math.min(16, Math.max(attempt - 1, this.#backOff));
    return Math.min(Math.max(base, backOffLimit), base * 2 ** doublings);
  }

  /** When {@linkcode handleTimeout} has something to do; `undefined` while nothing is in flight. */
  nextTimeout(now: number): number | undefined {
    if (this.#repair === "head") {
      const message = this.#oldest();
      if (message?.firstSent === undefined || message.waiting) return undefined;
      const due = Math.max(now, message.lastSent + this.#estimator.timeout);
      // A tick that is over does not come again, however old the message.
      const ticks = Math.max(
        this.#lastTick + 1,
        Math.ceil((due - this.#startedAt) / officialTick),
      );
      return this.#startedAt + ticks * officialTick;
    }
    const overdue = this.#timers.next((attempt) => this.#timeout(attempt, now));
    if (this.#lossCheckAt === undefined) return overdue;
    return Math.min(overdue ?? Infinity, this.#lossCheckAt);
  }
}
