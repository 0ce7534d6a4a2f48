/**
 * Acknowledgements waiting to go out (data-channel.md §4.2, §6.2).
 *
 * They may wait a little and go out together: 2 ms cut the agent's repeats in a bulk download and
 * raised its rate by a tenth. After a pause they go at once, so an echo is never late.
 *
 * One that is lost costs much: the official agent repairs ten messages a second, the oldest first,
 * and until it has, nothing behind is repaired (pitfalls.md §6.1). So the last ones are said again
 * after a reconnect, and the very last, more where repeats show losses, after a short silence.
 *
 * @module
 */

import { AcknowledgeRecords } from "./acknowledge_records.ts";
import {
  type ClientMessage,
  encodeClientMessage,
} from "../message/client_message.ts";
import { type FrameMemory, freshMemory } from "../message/frame_memory.ts";
import { MessageFlags, MessageType } from "../message/payload.ts";

/** The longest wait in milliseconds (data-channel.md §6.2). */
export const acknowledgeDelay = 2;
/** This many go at once: about 16 KiB of frames (data-channel.md §6.2). */
const flushCount = 55;
/** Silence in milliseconds after which a message is no part of a bulk transfer. */
const pause = 10;

/** So many wait at most, while reading goes on and writing does not: the official buffer (§4.3). */
const waitingLimit = 10_000;
/** So many of the last acknowledgements can be said again. */
export const rememberedCount = 256;
/** Those of so many milliseconds before the loss of a connection may have died with it. */
const lastWords = 2000;
/**
 * Silence in milliseconds after which the last one is said again: the agent loses one that comes
 * within 0.1 ms of its message (data-channel.md §6.2), and then takes 4 s to end (pitfalls.md §6.1).
 */
export const echoDelay = 25;
/** So many are said again where repeats show that messages get lost on the way. */
const lossyEchoCount = 4;

/** The queue of one channel. */
export class Acknowledgements {
  readonly #delay: number;
  readonly #newId: () => Uint8Array;
  readonly #sayAgain: boolean;
  readonly #memory: FrameMemory;
  #waiting = new AcknowledgeRecords();
  /** So many of the first that wait were said before. */
  #again = 0;
  #due: number | undefined;
  #lastArrival = -Infinity;
  /** The last ones that went out. */
  readonly #said = new AcknowledgeRecords();
  #lossy = false;
  #echoAt: number | undefined;

  /**
   * @param delay The longest wait in milliseconds, 0 for none.
   * @param newId Makes a message id of 16 bytes.
   * @param sayAgain False for an end that says everything once, as the official agent does.
   * @param memory Where frames are made; they are never used again where absent.
   */
  constructor(
    delay: number,
    newId: () => Uint8Array,
    sayAgain = true,
    memory: FrameMemory = freshMemory,
  ) {
    this.#delay = delay;
    this.#sayAgain = sayAgain;
    this.#newId = newId;
    this.#memory = memory;
  }

  /** When the waiting ones are to go; `undefined` while there are none. */
  get due(): number | undefined {
    return this.#due;
  }
  /** When the last ones are to be said again, unless something comes meanwhile. */
  get echoDue(): number | undefined {
    return this.#echoAt;
  }

  /** Takes a message to acknowledge, a repeat as well as a new one (pitfalls.md §1.2). */
  add(message: ClientMessage, now: number): void {
    // What is left out is repeated by the peer, and acknowledged then.
    if (this.#waiting.length >= waitingLimit) return;
    this.#waiting.add(message, now);
    const bulk = now - this.#lastArrival < pause;
    this.#lastArrival = now;
    if (!bulk || this.#waiting.length >= flushCount) this.#due = now;
    else this.#due ??= now + this.#delay;
    this.#echoAt = this.#sayAgain ? now + echoDelay : undefined;
  }

  /** A message came again: an acknowledgement of ours, or the message's first copy, was lost. */
  repeated(): void {
    this.#lossy = true;
  }

  /**
   * A new connection: what the old one may have lost is said again, at once (§8.3 step 5).
   *
   * @param lostAt When the old one was lost.
   */
  reconnected(lostAt: number, now: number): void {
    if (!this.#sayAgain) return;
    this.#echoAt = undefined;
    const before = this.#waiting, again = this.#again;
    this.#waiting = new AcknowledgeRecords();
    this.#again = 0;
    this.#repeatLast(rememberedCount, lostAt - lastWords, now);
    // What was to be said again anyway has just been.
    for (let i = again; i < before.length; i++) {
      this.#waiting.copy(before.at(i), now);
    }
    if (this.#waiting.length > 0) this.#due = now;
  }

  /** Queues the last `count` that went out at `since` or later, oldest first. */
  #repeatLast(count: number, since: number, now: number): void {
    const said = this.#said;
    for (let i = Math.max(0, said.length - count); i < said.length; i++) {
      if (said.time(i) < since) continue;
      this.#waiting.copy(said.at(i), now);
      this.#again++;
    }
  }

  /** The next acknowledgement's frame, if its time has come. */
  poll(now: number): Uint8Array | undefined {
    if (this.#due === undefined || now < this.#due) return undefined;
    const payload = this.#waiting.at(0);
    const frame = this.#encode(payload, now);
    if (this.#again > 0) this.#again--;
    else this.#remember(payload, now);
    this.#waiting.shift();
    if (this.#waiting.length === 0) this.#due = undefined;
    return frame;
  }

  /** Says the last ones again, if it is time: {@linkcode poll} then has them. */
  echo(now: number): void {
    if (this.#echoAt === undefined || now < this.#echoAt) return;
    this.#echoAt = undefined;
    if (this.#due !== undefined) return;
    this.#repeatLast(this.#lossy ? lossyEchoCount : 1, now - 1000, now);
    if (this.#waiting.length > 0) this.#due = now;
  }

  #remember(payload: Uint8Array, at: number): void {
    if (!this.#sayAgain) return;
    if (this.#said.length === rememberedCount) this.#said.shift();
    this.#said.copy(payload, at);
  }

  #encode(payload: Uint8Array, now: number): Uint8Array {
    return encodeClientMessage({
      messageType: MessageType.Acknowledge,
      createdDate: now,
      sequenceNumber: 0,
      flags: MessageFlags.SynFin,
      messageId: this.#newId(),
      payloadType: 0,
      payload,
    }, this.#memory);
  }
}
