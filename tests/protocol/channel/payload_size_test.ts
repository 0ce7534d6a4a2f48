import assert from "node:assert/strict";
import fc from "fast-check";
import {
  growAfter,
  largestPayload,
  PayloadSize,
  smallestPayload,
} from "../../../lib/protocol/channel/payload_size.ts";

/** A size that has grown so often, at moment 0. */
function grown(times: number): PayloadSize {
  const size = new PayloadSize();
  for (let i = 1; i <= times; i++) size.acknowledged(i * growAfter);
  return size;
}

Deno.test("a size grows with each 256 KiB that were acknowledged: 1024, 4096, 16 384", () => {
  const size = new PayloadSize();
  assert.equal(size.bytes, smallestPayload);
  size.acknowledged(growAfter - 1);
  assert.equal(size.bytes, 1024);
  size.acknowledged(growAfter);
  assert.equal(size.bytes, 4096);
  size.acknowledged(2 * growAfter - 1);
  assert.equal(size.bytes, 4096);
  size.acknowledged(2 * growAfter);
  assert.equal(size.bytes, 16_384);
  size.acknowledged(1000 * growAfter);
  assert.equal(size.bytes, 16_384, "it grew beyond the largest");
});

Deno.test("many bytes at once are one step: the larger size has to go well first", () => {
  const size = new PayloadSize();
  size.acknowledged(10 * growAfter);
  assert.equal(size.bytes, 4096);
  size.acknowledged(11 * growAfter - 1);
  assert.equal(size.bytes, 4096);
  size.acknowledged(11 * growAfter);
  assert.equal(size.bytes, 16_384);
});

Deno.test("1009 sends it back for good, however long the larger size went well", () => {
  for (const times of [1, 2]) {
    const size = grown(times);
    size.sending(0);
    size.closed(1009, 10 * 60 * 60_000);
    assert.equal(size.bytes, 1024);
    assert.equal(size.fellBack, true);
    size.acknowledged(1000 * growAfter);
    assert.equal(size.bytes, 1024);
  }
});

Deno.test("so does any end within 5 s of the first larger payload, and none after that", () => {
  const cases: [code: number, after: number, fallsBack: boolean][] = [
    [1006, 0, true],
    [1000, 5000, true],
    [1006, 5001, false],
    [1001, 60_000, false],
  ];
  for (const times of [1, 2]) {
    for (const [code, after, fallsBack] of cases) {
      const size = grown(times), before = size.bytes;
      size.sending(1000);
      size.sending(1000 + after); // the first one counts
      size.closed(code, 1000 + after);
      assert.equal(size.fellBack, fallsBack, `${code} after ${after} ms`);
      assert.equal(size.bytes, fallsBack ? 1024 : before);
    }
  }
});

Deno.test("the 5 s are of the present size", () => {
  const size = grown(1);
  size.sending(0);
  size.acknowledged(2 * growAfter);
  size.sending(60_000);
  size.closed(1006, 61_000);
  assert.equal(size.fellBack, true);
});

Deno.test("before the first larger payload no end is its fault", () => {
  for (const times of [0, 1]) {
    const size = grown(times), before = size.bytes;
    if (times === 0) size.sending(0);
    size.closed(1006, 0);
    assert.equal(size.fellBack, false);
    assert.equal(size.bytes, before);
  }
});

Deno.test("a size that was asked for neither grows nor falls back", () => {
  for (const bytes of [64, 8192, largestPayload]) {
    const size = new PayloadSize(bytes);
    size.sending(0);
    size.acknowledged(10 * growAfter);
    assert.equal(size.bytes, bytes);
    size.closed(1006, 1);
    size.closed(1009, 1);
    assert.equal(size.bytes, bytes);
    assert.equal(size.fellBack, false);
  }
});

Deno.test("1009 once more shows that what is numbered will not arrive, whatever its size now", () => {
  for (const size of [grown(1), grown(2), new PayloadSize(32 * 1024)]) {
    size.sending(0);
    size.closed(1009, 0);
    assert.equal(size.hopeless, false, "the first time is the lesson");
    size.closed(1006, 0);
    assert.equal(size.hopeless, false);
    size.closed(1009, 10);
    assert.equal(size.hopeless, true);
  }
});

Deno.test("whatever happens, a size is one of the three, and never larger after a fall", () => {
  const happening = fc.oneof(
    fc.record({ acknowledged: fc.integer({ min: 0, max: 600_000 }) }),
    fc.record({ passed: fc.integer({ min: 0, max: 10_000 }) }),
    fc.record({ closed: fc.constantFrom(1000, 1001, 1006, 1009) }),
    fc.constant({ sent: true }),
  );
  fc.assert(
    fc.property(fc.array(happening), (happenings) => {
      const size = new PayloadSize();
      let total = 0, now = 0;
      for (const each of happenings) {
        const before = size.bytes, { fellBack } = size;
        if ("acknowledged" in each) {
          size.acknowledged(total += each.acknowledged);
        } else if ("passed" in each) now += each.passed;
        else if ("closed" in each) size.closed(each.closed, now);
        else size.sending(now);
        assert.ok([1024, 4096, 16_384].includes(size.bytes));
        assert.ok(size.bytes <= 4 * before);
        if (fellBack) assert.equal(size.bytes, 1024);
        if (size.fellBack) assert.equal(size.bytes, 1024);
        if (size.bytes < before) assert.equal(size.fellBack, true);
      }
    }),
  );
});
