import assert from "node:assert/strict";
import fc from "fast-check";
import {
  RetransmissionQueue,
  type Transmission,
} from "../../../lib/protocol/channel/retransmission_queue.ts";
import { seededNumbers } from "../../testkit/link.ts";

function sentAt(lastSent: number, attempt = 1, order = 0): Transmission {
  return { attempt, firstSent: 0, lastSent, order, waiting: false };
}

Deno.test("retransmission queue: the front of each number of attempts decides", () => {
  const queue = new RetransmissionQueue<Transmission>();
  const timeout = (attempt: number) => attempt * 100;
  assert.equal(queue.next(timeout), undefined);
  assert.deepEqual(queue.overdue(1e9, timeout), []);
  const a = sentAt(0), b = sentAt(10), c = sentAt(5, 2);
  for (const message of [a, b, c]) queue.sent(message);
  assert.equal(queue.next(timeout), 100);
  assert.deepEqual(queue.overdue(99, timeout), []);
  assert.deepEqual(queue.overdue(100, timeout), [a]);
  assert.deepEqual(queue.overdue(110, timeout), [a, b]);
  assert.deepEqual(queue.overdue(205, timeout), [a, b, c]);
  queue.forget(a);
  assert.equal(queue.next(timeout), 110);
  queue.forget(b);
  assert.equal(queue.next(timeout), 205);
  queue.forget(c);
  assert.equal(queue.next(timeout), undefined);
});

Deno.test("retransmission queue: while the line still carries what came before, nothing is late", () => {
  const queue = new RetransmissionQueue<Transmission>();
  const timeout = () => 100;
  const early = sentAt(0, 1, 0), late = sentAt(10, 1, 2);
  queue.sent(early);
  queue.sent(late);
  queue.reached(1, 90);
  assert.deepEqual(queue.overdue(100, timeout), [early]);
  assert.deepEqual(queue.overdue(189, timeout), [early]);
  assert.deepEqual(queue.overdue(190, timeout), [early, late]);
  queue.reached(0, 150); // older than what is known
  assert.deepEqual(queue.overdue(190, timeout), [early, late]);
  queue.forget(early);
  assert.equal(queue.next(timeout), 190);
  queue.reached(2, 180); // overtaken itself
  assert.equal(queue.next(timeout), 110);
});

Deno.test("retransmission queue: finds what a look at every message finds", () => {
  const timeout = (attempt: number) => Math.min(5000, 20 * 2 ** (attempt - 1));
  fc.assert(fc.property(
    fc.array(fc.record({
      wait: fc.nat({ max: 300 }),
      attempt: fc.integer({ min: 1, max: 30 }),
      forget: fc.boolean(),
      reached: fc.option(fc.nat({ max: 50 }), { nil: undefined }),
    })),
    fc.nat({ max: 10_000 }),
    (sends, later) => {
      const queue = new RetransmissionQueue<Transmission>();
      const held = new Set<Transmission>();
      let now = 0, reached = -1, reachedAt = 0;
      for (const [order, send] of sends.entries()) {
        now += send.wait;
        const message = sentAt(now, send.attempt, order);
        queue.sent(message);
        if (send.forget) queue.forget(message);
        else held.add(message);
        if (send.reached === undefined || send.reached > order) continue;
        queue.reached(send.reached, now);
        if (send.reached <= reached) continue;
        reached = send.reached;
        reachedAt = now;
      }
      now += later;
      const due = ({ order, lastSent, attempt }: Transmission) =>
        (order > reached ? Math.max(lastSent, reachedAt) : lastSent) +
        timeout(attempt);
      const expected = [...held].filter((message) => due(message) <= now);
      assert.deepEqual(
        new Set(queue.overdue(now, timeout)),
        new Set(expected),
      );
      const next = held.size === 0
        ? undefined
        : Math.min(...[...held].map(due));
      assert.equal(queue.next(timeout), next);
    },
  ));
});

Deno.test("retransmission queue: messages leave and come again in any order", () => {
  const timeout = (attempt: number) => 100 * attempt;
  const chance = seededNumbers(4);
  const queue = new RetransmissionQueue<Transmission>();
  const messages = Array.from({ length: 400 }, () => sentAt(0, 1, -1));
  const inFlight = new Set<Transmission>();
  let order = 0;
  for (let now = 0; now < 20_000; now++) {
    const message = messages[Math.floor(chance() * messages.length)]!;
    // Mostly the oldest leaves, as on a good line.
    const [oldest] = inFlight;
    if (oldest !== undefined && chance() < 0.5) {
      queue.forget(oldest);
      queue.forget(oldest); // does no harm
      inFlight.delete(oldest);
    }
    queue.forget(message);
    inFlight.delete(message);
    if (chance() < 0.6) {
      message.attempt = 1 + Math.floor(chance() * 3);
      message.lastSent = now;
      message.order = order++;
      queue.sent(message);
      inFlight.add(message);
    }
    const due = ({ lastSent, attempt }: Transmission) =>
      lastSent + timeout(attempt);
    const next = inFlight.size === 0
      ? undefined
      : Math.min(...[...inFlight].map(due));
    assert.equal(queue.next(timeout), next);
    if (now % 50 > 0) continue;
    assert.deepEqual(
      new Set(queue.overdue(now, timeout)),
      new Set([...inFlight].filter((one) => due(one) <= now)),
    );
  }
});
