import assert from "node:assert/strict";
import fc from "fast-check";
import { SmuxStream } from "../../../lib/protocol/smux/stream.ts";
import { patterned } from "../../testkit/vectors.ts";

/** A stream without a session, and how often it said that it has something to send. */
function alone(announce = false) {
  const heard: SmuxStream[] = [];
  const host = { ready: (stream: SmuxStream) => void heard.push(stream) };
  return { stream: new SmuxStream(3, host, announce), heard };
}

/** Takes as the session does. */
function take(stream: SmuxStream, length: number): Uint8Array {
  const target = new Uint8Array(length + 2).fill(0xee);
  stream.take(target, 1, length);
  assert.equal(target[0], 0xee);
  assert.equal(target[length + 1], 0xee);
  return target.subarray(1, length + 1);
}

Deno.test("smux: a stream that is to be announced is ready from its start", () => {
  const { stream, heard } = alone(true);
  assert.deepEqual(heard, [stream]);
  assert.equal(stream.pending, true);
  assert.equal(stream.finDue, false);
  stream.announce = false;
  assert.equal(stream.pending, false);
});

Deno.test("smux: a stream that the peer opened has nothing to send", () => {
  const { stream, heard } = alone();
  assert.equal(heard.length, 0);
  assert.equal(stream.pending, false);
  assert.equal(stream.queued, 0);
  assert.equal(stream.id, 3);
});

Deno.test("smux: bytes are taken across chunks, and counted", () => {
  const { stream, heard } = alone();
  const bytes = patterned(20);
  stream.send(bytes.subarray(0, 5));
  stream.send(bytes.subarray(5, 6));
  stream.send(bytes.subarray(6));
  assert.equal(heard.length, 3);
  assert.equal(stream.queued, 20);
  assert.deepEqual(take(stream, 3), bytes.subarray(0, 3));
  assert.equal(stream.queued, 17);
  assert.deepEqual(take(stream, 2), bytes.subarray(3, 5));
  assert.deepEqual(take(stream, 0), new Uint8Array());
  assert.deepEqual(take(stream, 10), bytes.subarray(5, 15));
  assert.equal(stream.queued, 5);
  assert.equal(stream.pending, true);
  assert.deepEqual(take(stream, 5), bytes.subarray(15));
  assert.equal(stream.queued, 0);
  assert.equal(stream.pending, false);
});

Deno.test("smux: whatever is sent is taken once and in order", () => {
  fc.assert(fc.property(
    fc.array(
      fc.record({ send: fc.nat({ max: 30 }), take: fc.nat({ max: 40 }) }),
    ),
    (steps) => {
      const { stream } = alone();
      const all = patterned(steps.reduce((sum, { send }) => sum + send, 0));
      let sent = 0, taken = 0;
      for (const step of steps) {
        stream.send(all.subarray(sent, sent += step.send));
        const length = Math.min(step.take, stream.queued);
        assert.deepEqual(
          take(stream, length),
          all.slice(taken, taken += length),
        );
        assert.equal(stream.queued, sent - taken);
        assert.equal(stream.pending, sent > taken);
      }
    },
  ));
});

Deno.test("smux: sending nothing queues nothing", () => {
  const { stream, heard } = alone();
  stream.send(new Uint8Array());
  assert.equal(heard.length, 0);
  assert.equal(stream.pending, false);
});

Deno.test("smux: a stream is finished once, behind what is queued", () => {
  const { stream, heard } = alone();
  stream.send(patterned(3));
  assert.equal(stream.finishing, false);
  stream.finish();
  assert.equal(stream.finishing, true);
  assert.equal(stream.finDue, false);
  stream.finish();
  assert.equal(heard.length, 2);
  assert.deepEqual(take(stream, 3), patterned(3));
  assert.equal(stream.finDue, true);
  assert.equal(stream.pending, true);
  stream.finished = true;
  assert.equal(stream.finDue, false);
  assert.equal(stream.pending, false);
  stream.finish();
  stream.abandon();
  assert.equal(stream.pending, false);
  assert.equal(heard.length, 2);
});

Deno.test("smux: what is sent after finish is ignored", () => {
  const { stream, heard } = alone();
  stream.finish();
  stream.send(patterned(3));
  assert.equal(stream.queued, 0);
  assert.equal(stream.finDue, true);
  assert.equal(heard.length, 1);
});

Deno.test("smux: abandon drops what no header has announced", async (t) => {
  await t.step("everything, if there was none", () => {
    const { stream } = alone();
    stream.send(patterned(10));
    stream.abandon();
    assert.equal(stream.queued, 0);
    assert.equal(stream.finDue, true);
    stream.send(patterned(10));
    assert.equal(stream.queued, 0);
  });
  await t.step("all but the rest of a frame", () => {
    const { stream } = alone();
    stream.send(patterned(4));
    stream.send(patterned(4));
    stream.send(patterned(4));
    take(stream, 2);
    stream.committed = 5;
    stream.abandon();
    assert.equal(stream.queued, 5);
    assert.equal(stream.finDue, false);
    assert.deepEqual(take(stream, 5), Uint8Array.of(2, 3, 0, 1, 2));
    assert.equal(stream.finDue, true);
  });
  await t.step("also where it was to be finished behind them", () => {
    const { stream, heard } = alone();
    stream.send(patterned(4));
    stream.finish();
    stream.abandon();
    assert.equal(stream.queued, 0);
    assert.equal(stream.finDue, true);
    assert.equal(heard.length, 2);
  });
});
