import assert from "node:assert/strict";
import fc from "fast-check";
import { ReceivePair, ReceiveSlab } from "../../lib/io/receive_slab.ts";

Deno.test("ReceiveSlab never gives the same bytes of memory twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
        maxLength: 200,
      }),
      (shares) => {
        const slab = new ReceiveSlab();
        const taken: { bytes: Uint8Array; value: number }[] = [];
        for (const [i, share] of shares.entries()) {
          const room = slab.room();
          assert.ok(room.length > 0 && room.length <= 64 * 1024);
          const count = Math.max(1, Math.floor(room.length * share));
          room.fill(i, 0, count);
          const bytes = slab.take(count);
          assert.equal(bytes.length, count);
          taken.push({ bytes, value: i & 0xff });
        }
        for (const { bytes, value } of taken) {
          assert.ok(bytes.every((byte) => byte === value));
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("ReceiveSlab starts at 4 KiB and grows to 64 KiB only after full reads", () => {
  const slab = new ReceiveSlab();
  for (let i = 0; i < 100; i++) {
    assert.ok(slab.room().length <= 4096);
    slab.take(100);
  }
  const sizes = new Set<number>();
  for (let i = 0; i < 6; i++) {
    const room = slab.room();
    sizes.add(room.buffer.byteLength);
    slab.take(room.length);
  }
  assert.deepEqual([...sizes], [4096, 16384, 65536]);
});

/** Reads so many bytes, all of this value. */
function read(pair: ReceivePair, count: number, value: number): Uint8Array {
  const room = pair.room();
  assert.ok(room.length > 0 && room.length <= 64 * 1024);
  room.fill(value, 0, Math.min(count, room.length));
  return pair.take(Math.min(count, room.length));
}

Deno.test("ReceivePair keeps what was read while the next read is under way", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 200 }),
      (counts) => {
        const pair = new ReceivePair();
        let last: { bytes: Uint8Array; value: number } | undefined;
        for (const [i, count] of counts.entries()) {
          // All that there is room for may be written before it is known how much it was.
          pair.room().fill(0xee);
          assert.ok(last?.bytes.every((byte) => byte === last!.value) ?? true);
          const value = i % 0xee;
          last = { bytes: read(pair, count, value), value };
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("ReceivePair uses two buffers in turn, and makes others only to grow", () => {
  const pair = new ReceivePair();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 1000; i++) buffers.add(read(pair, 4000, 1).buffer);
  assert.deepEqual([...buffers].map(({ byteLength }) => byteLength), [
    4096,
    4096,
  ]);
  for (let i = 0; i < 1000; i++) buffers.add(read(pair, 70_000, 1).buffer);
  assert.deepEqual(
    [...buffers].map(({ byteLength }) => byteLength).sort((a, b) => a - b),
    [4096, 4096, 16_384, 65_536, 65_536],
  );
});

Deno.test("ReceivePair that is given a read back fills the same buffer again", () => {
  const pair = new ReceivePair();
  const kept = read(pair, 100, 1);
  for (let i = 0; i < 10; i++) {
    read(pair, 4096, 2);
    pair.giveBack();
    assert.ok(kept.every((byte) => byte === 1), "what was handed out is gone");
  }
  const next = read(pair, 100, 3);
  assert.notEqual(next.buffer, kept.buffer);
  assert.equal(read(pair, 100, 4).buffer === next.buffer, false);
});
