/**
 * Which message is overdue, without looking at all of them: one queue for each number of
 * attempts, in the order of sending. As the timeout depends on the attempts alone, the front of
 * each queue is the first of its kind to become overdue.
 *
 * While what was sent before a message is still being acknowledged, the message waits in some
 * queue on the way: its time begins with the latest such acknowledgement, as in RFC 6298 §5.3.
 * Without that a slow line, once it is longer than the timeout, carries nothing but repeats.
 *
 * @module
 */

/** What the queue knows of a message. */
export interface Transmission {
  /** 1, and one more for each time it was overdue: what the back-off counts. */
  attempt: number;
  /** When it was sent first, in milliseconds; `undefined` before that. */
  firstSent: number | undefined;
  /** When it was sent last. */
  lastSent: number;
  /** Which transmission of all that was, counted from 0; -1 while it is not in flight. */
  order: number;
  /** True while it waits to be sent, for the first time or again. */
  waiting: boolean;
}

/** Attempts beyond this share a queue: their timeouts are at the limit. */
const kinds = 12;

/**
 * Messages of one number of attempts in the order of sending. What left the flight stays in the
 * list until it comes to the front: a set, whose first entry leaves again and again, would walk
 * over all the holes each time, 6 µs with a full window.
 */
class Lane<T extends Transmission> {
  #messages: T[] = [];
  /** Their orders when they came: one that has another now has left. */
  #orders: number[] = [];
  #at = 0;
  #live = 0;

  add(message: T): void {
    this.#messages.push(message);
    this.#orders.push(message.order);
    this.#live++;
  }

  /** One of the lane's messages has left. */
  removed(): void {
    this.#live--;
    const length = this.#messages.length - this.#at;
    if (length > 2 * this.#live + 64) {
      // In place: an upload comes here for every hundred messages.
      let kept = 0;
      for (let i = this.#at; i < this.#messages.length; i++) {
        const message = this.#messages[i]!;
        if (message.order !== this.#orders[i]) continue;
        this.#messages[kept] = message;
        this.#orders[kept++] = message.order;
      }
      this.#messages.length = this.#orders.length = kept;
      this.#at = 0;
    }
  }

  /** The message that was sent first. */
  get first(): T | undefined {
    for (; this.#at < this.#messages.length; this.#at++) {
      const message = this.#messages[this.#at]!;
      if (message.order === this.#orders[this.#at]) return message;
    }
    return undefined;
  }

  /** All of them. */
  *live(): Iterable<T> {
    for (let i = this.#at; i < this.#messages.length; i++) {
      const message = this.#messages[i]!;
      if (message.order === this.#orders[i]) yield message;
    }
  }
}

/** Messages in flight, by attempts. */
export class RetransmissionQueue<T extends Transmission> {
  readonly #lanes: Lane<T>[] = Array.from(
    { length: kinds },
    () => new Lane<T>(),
  );

  #reached = -1;
  #reachedAt = -Infinity;

  /** The transmission of this number was acknowledged: what came before it is late by itself. */
  reached(order: number, now: number): void {
    if (order <= this.#reached) return;
    this.#reached = order;
    this.#reachedAt = now;
  }

  /** A repeat was acknowledged for nothing: the line is busy with repeats, which takes its time. */
  busy(now: number): void {
    this.#reachedAt = now;
  }

  /** When the time of a message begins. Never falls within a queue. */
  #since(message: T): number {
    return message.order > this.#reached
      ? Math.max(message.lastSent, this.#reachedAt)
      : message.lastSent;
  }

  /** Takes a message that has just been sent; its `attempt`, `lastSent` and `order` are set. */
  sent(message: T): void {
    this.#laneOf(message).add(message);
  }

  /** Forgets a message that was acknowledged, or waits to be sent again; its `attempt` is as before. */
  forget(message: T): void {
    if (message.order === -1) return;
    message.order = -1;
    this.#laneOf(message).removed();
  }

  #laneOf(message: T): Lane<T> {
    return this.#lanes[Math.min(message.attempt, kinds - 1)]!;
  }

  /**
   * The messages whose time is over, oldest attempts first.
   *
   * @param timeout Milliseconds by number of attempts.
   */
  overdue(now: number, timeout: (attempt: number) => number): T[] {
    const due: T[] = [];
    for (const [attempt, lane] of this.#lanes.entries()) {
      if (lane.first === undefined) continue;
      const limit = timeout(attempt);
      for (const message of lane.live()) {
        if (this.#since(message) + limit > now) break;
        due.push(message);
      }
    }
    return due;
  }

  /** When the next message becomes overdue; `undefined` while nothing is in flight. */
  next(timeout: (attempt: number) => number): number | undefined {
    let next: number | undefined;
    for (const [attempt, lane] of this.#lanes.entries()) {
      const message = lane.first;
      if (message === undefined) continue;
      const due = this.#since(message) + timeout(attempt);
      if (next === undefined || due < next) next = due;
    }
    return next;
  }
}
