import assert from "node:assert/strict";
import fc from "fast-check";
import {
  heldBytesLimit,
  heldMessagesLimit,
  Incoming,
} from "../../../lib/protocol/channel/incoming.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";

function numbered(sequenceNumber: number | bigint, bytes = 1): ClientMessage {
  return decodeClientMessage(encodeClientMessage({
    messageType: "output_stream_data",
    createdDate: 1,
    sequenceNumber,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: 1,
    payload: new Uint8Array(bytes),
  }));
}

/** Takes what is there, as the receiver does; the numbers taken. */
function takeAll(incoming: Incoming): number[] {
  const taken: number[] = [];
  for (;;) {
    const message = incoming.next();
    if (message === undefined) return taken;
    taken.push(message.sequence);
    incoming.advance();
  }
}

Deno.test("incoming: any order with repeats comes out once and in order", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.tuple(
        fc.constant(count),
        fc.array(fc.nat({ max: count - 1 }), { maxLength: 120 }),
        fc.shuffledSubarray(Array.from({ length: count }, (_, i) => i), {
          minLength: count,
        }),
      )
    ),
    ([count, early, rest]) => {
      const incoming = new Incoming();
      const taken: number[] = [], seen = new Set<number>();
      for (const number of [...early, ...rest]) {
        const arrival = incoming.arrive(numbered(number));
        assert.equal(arrival === "repeated", seen.has(number));
        seen.add(number);
        if (arrival !== "expected") continue;
        assert.equal(number, incoming.expected);
        taken.push(number);
        incoming.advance();
        taken.push(...takeAll(incoming));
      }
      assert.deepEqual(taken, Array.from({ length: count }, (_, i) => i));
      assert.equal(incoming.held, 0);
    },
  ));
});

Deno.test("incoming: a refused message is expected again, a held one is not lost (pitfalls.md §1.8)", () => {
  const incoming = new Incoming();
  assert.equal(incoming.arrive(numbered(0)), "expected");
  assert.equal(incoming.arrive(numbered(1)), "ahead");
  assert.equal(incoming.arrive(numbered(0)), "expected");
  incoming.advance();
  assert.equal(incoming.next()?.sequence, 1);
  assert.equal(incoming.next()?.sequence, 1);
  assert.equal(incoming.arrive(numbered(1)), "repeated");
  assert.equal(incoming.held, 1);
  incoming.advance();
  assert.equal(incoming.next(), undefined);
  assert.equal(incoming.expected, 2);
});

Deno.test("incoming: negative and enormous numbers do no harm", () => {
  const incoming = new Incoming();
  assert.equal(incoming.arrive(numbered(-1)), "no room");
  assert.equal(incoming.arrive(numbered(-(2n ** 63n))), "no room");
  assert.equal(incoming.arrive(numbered(2n ** 63n - 1n)), "no room");
  assert.equal(incoming.held, 0);
  assert.equal(incoming.next(), undefined);
  assert.equal(incoming.arrive(numbered(0)), "expected");
});

Deno.test("incoming: no more than so many messages are held, but the expected one always fits", () => {
  const incoming = new Incoming();
  for (let number = 1; number <= heldMessagesLimit; number++) {
    assert.equal(incoming.arrive(numbered(number)), "ahead");
  }
  assert.equal(incoming.arrive(numbered(heldMessagesLimit + 1)), "no room");
  assert.equal(incoming.held, heldMessagesLimit);
  assert.equal(incoming.arrive(numbered(5)), "repeated");
  assert.equal(incoming.arrive(numbered(0)), "expected");
  incoming.advance();
  assert.equal(takeAll(incoming).length, heldMessagesLimit);
  assert.equal(incoming.arrive(numbered(heldMessagesLimit + 5)), "ahead");
});

Deno.test("incoming: no more than so many bytes are held, and all of them are given back", () => {
  const incoming = new Incoming();
  const bytes = 1024 * 1024;
  const fits = heldBytesLimit / bytes;
  for (let round = 0; round < 2; round++) {
    const first = incoming.expected;
    for (let i = 1; i <= fits; i++) {
      assert.equal(incoming.arrive(numbered(first + i, bytes)), "ahead");
    }
    assert.equal(incoming.arrive(numbered(first + fits + 1, 1)), "no room");
    assert.equal(incoming.arrive(numbered(first, bytes)), "expected");
    incoming.advance();
    assert.equal(takeAll(incoming).length, fits);
  }
});
