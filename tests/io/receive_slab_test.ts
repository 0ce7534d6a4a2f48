import assert from "node:assert/strict";
import fc from "fast-check";
import { ReceiveSlab } from "../../lib/io/receive_slab.ts";

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
