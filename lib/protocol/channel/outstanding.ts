/**
 * What is noted about a message until it is acknowledged. Tens of thousands come and go each second
 * and live just long enough to be expensive garbage, so the notes are used again.
 *
 * @module
 */

import type { Transmission } from "./retransmission_queue.ts";

/** A message that is not acknowledged yet. */
export interface Outstanding extends Transmission {
  number: number;
  frame: Uint8Array;
  /** Sent more than once: its acknowledgement tells no round trip (Karn). */
  repeated: boolean;
  /** Its first transmission on this connection. */
  firstOrder: number | undefined;
  /** Highest number that had been sent when this message last went out. */
  sentBefore: number;
}

/** So many notes are kept for the next messages. */
const spareLimit = 2048;

const none = new Uint8Array();

/** Notes that are not in use. */
export class OutstandingPool {
  readonly #spares: Outstanding[] = [];

  /** Notes about a message that is still to be sent. */
  take(number: number, frame: Uint8Array): Outstanding {
    const message = this.#spares.pop() ?? blank();
    message.number = number;
    message.frame = frame;
    return message;
  }

  /** The message was acknowledged. One that stands in line to be sent is found there, and is not kept. */
  giveBack(message: Outstanding): void {
    if (message.waiting || this.#spares.length >= spareLimit) return;
    message.frame = none;
    message.attempt = 0;
    message.firstSent = undefined;
    message.waiting = true;
    message.repeated = false;
    message.firstOrder = undefined;
    this.#spares.push(message);
  }
}

function blank(): Outstanding {
  return {
    number: -1,
    frame: none,
    attempt: 0,
    firstSent: undefined,
    lastSent: 0,
    waiting: true,
    repeated: false,
    order: -1,
    firstOrder: undefined,
    sentBefore: -1,
  };
}
