import assert from "node:assert/strict";
import fc from "fast-check";
import {
  RetransmissionQueue,
  type Transmission,
} from "../../../lib/protocol/channel/retransmission_queue.ts";

function sentAt(lastSent: number, attempt = 1): Transmission {
  return { attempt, firstSent: 0, lastSent, waiting: false };
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

Deno.test("retransmission queue: finds what a look at every message finds", () => {
  const timeout = (attempt: number) => Math.min(5000, 20 * 2 ** (attempt - 1));
  fc.assert(fc.property(
    fc.array(
      fc.record({
        wait: fc.nat({ max: 300 }),
        attempt: fc.integer({ min: 1, max: 30 }),
        forget: fc.boolean(),
      }),
    ),
    fc.nat({ max: 10_000 }),
    (sends, later) => {
      const queue = new RetransmissionQueue<Transmission>();
      const held = new Set<Transmission>();
      let now = 0;
      for (const send of sends) {
        now += send.wait;
        const message = sentAt(now, send.attempt);
        queue.sent(message);
        if (send.forget) queue.forget(message);
        else held.add(message);
      }
      now += later;
      const due = (message: Transmission) =>
        message.lastSent + timeout(message.attempt);
      const expected = [...held].filter((message) => due(message) <= now);
      assert.deepEqual(new Set(queue.overdue(now, timeout)), new Set(expected));
      const next = held.size === 0
        ? undefined
        : Math.min(...[...held].map(due));
      assert.equal(queue.next(timeout), next);
    },
  ));
});
