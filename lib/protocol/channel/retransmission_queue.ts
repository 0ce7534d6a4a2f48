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
  /** Which transmission of all that was, counted from 0. */
  order: number;
  /** True while it waits to be sent, for the first time or again. */
  waiting: boolean;
}

/** Attempts beyond this share a queue: their timeouts are at the limit. */
const kinds = 12;

/** Messages in flight, by attempts. */
export class RetransmissionQueue<T extends Transmission> {
  readonly #queues: Set<T>[] = Array.from(
    { length: kinds },
    () => new Set<T>(),
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
    this.#queueOf(message).add(message);
  }

  /** Forgets a message that was acknowledged, or waits to be sent again. */
  forget(message: T): void {
    this.#queueOf(message).delete(message);
  }

  #queueOf(message: T): Set<T> {
    return this.#queues[Math.min(message.attempt, kinds - 1)]!;
  }

  /**
   * The messages whose time is over, oldest attempts first.
   *
   * @param timeout Milliseconds by number of attempts.
   */
  overdue(now: number, timeout: (attempt: number) => number): T[] {
    const due: T[] = [];
    for (const [attempt, queue] of this.#queues.entries()) {
      if (queue.size === 0) continue;
      const limit = timeout(attempt);
      for (const message of queue) {
        if (this.#since(message) + limit > now) break;
        due.push(message);
      }
    }
    return due;
  }

  /** When the next message becomes overdue; `undefined` while nothing is in flight. */
  next(timeout: (attempt: number) => number): number | undefined {
    let next: number | undefined;
    for (const [attempt, queue] of this.#queues.entries()) {
      for (const message of queue) {
        const due = this.#since(message) + timeout(attempt);
        if (next === undefined || due < next) next = due;
        break;
      }
    }
    return next;
  }
}
