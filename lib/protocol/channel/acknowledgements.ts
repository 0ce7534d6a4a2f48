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

import { type Acknowledge, encodeAcknowledge } from "../message/acknowledge.ts";
import {
  type ClientMessage,
  encodeClientMessage,
} from "../message/client_message.ts";
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

/** An acknowledgement that went out. */
interface Said extends Acknowledge {
  readonly at: number;
}

/** The queue of one channel. */
export class Acknowledgements {
  readonly #delay: number;
  readonly #newId: () => Uint8Array;
  readonly #sayAgain: boolean;
  #waiting: (ClientMessage | Said)[] = [];
  #at = 0;
  #due: number | undefined;
  #lastArrival = -Infinity;
  readonly #said: Said[] = [];
  #saidAt = 0;
  #lossy = false;
  #echoAt: number | undefined;

  /**
   * @param delay The longest wait in milliseconds, 0 for none.
   * @param newId Makes a message id of 16 bytes.
   * @param sayAgain False for an end that says everything once, as the official agent does.
   */
  constructor(delay: number, newId: () => Uint8Array, sayAgain = true) {
    this.#delay = delay;
    this.#sayAgain = sayAgain;
    this.#newId = newId;
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
    if (this.#waiting.length - this.#at >= waitingLimit) return;
    this.#waiting.push(message);
    const bulk = now - this.#lastArrival < pause;
    this.#lastArrival = now;
    if (!bulk || this.#waiting.length - this.#at >= flushCount) this.#due = now;
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
    const recent = this.#recent(rememberedCount, lostAt - lastWords);
    this.#waiting = [...recent, ...this.#waiting.slice(this.#at)];
    this.#at = 0;
    if (this.#waiting.length > 0) this.#due = now;
  }

  /** The last `count` that went out at `since` or later, oldest first. */
  #recent(count: number, since: number): Said[] {
    const ordered = [
      ...this.#said.slice(this.#saidAt),
      ...this.#said.slice(0, this.#saidAt),
    ];
    return ordered.filter(({ at }) => at >= since).slice(-count);
  }

  /** The next acknowledgement's frame, if its time has come. */
  poll(now: number): Uint8Array | undefined {
    if (this.#due === undefined || now < this.#due) return undefined;
    const next = this.#waiting[this.#at++]!;
    if (this.#at === this.#waiting.length) {
      this.#waiting = [];
      this.#at = 0;
      this.#due = undefined;
    }
    return this.#encode("at" in next ? next : this.#remember(next, now), now);
  }

  /** Says the last ones again, if it is time: {@linkcode poll} then has them. */
  echo(now: number): void {
    if (this.#echoAt === undefined || now < this.#echoAt) return;
    this.#echoAt = undefined;
    if (this.#due !== undefined) return;
    this.#waiting = this.#recent(this.#lossy ? lossyEchoCount : 1, now - 1000);
    if (this.#waiting.length > 0) this.#due = now;
  }

  #remember(message: ClientMessage, at: number): Said {
    const said = {
      messageType: message.messageType,
      messageId: message.messageIdText,
      sequenceNumber: message.sequence,
      at,
    };
    this.#said[this.#saidAt] = said;
    this.#saidAt = (this.#saidAt + 1) % rememberedCount;
    return said;
  }

  #encode(acknowledge: Acknowledge, now: number): Uint8Array {
    return encodeClientMessage({
      messageType: MessageType.Acknowledge,
      createdDate: now,
      sequenceNumber: 0,
      flags: MessageFlags.SynFin,
      messageId: this.#newId(),
      payloadType: 0,
      payload: encodeAcknowledge(acknowledge),
    });
  }
}
