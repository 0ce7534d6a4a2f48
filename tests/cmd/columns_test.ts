import assert from "node:assert/strict";
import fc from "fast-check";
import { columnGap, columnWidths } from "../../cmd/columns.ts";

const id = { natural: 19, least: Infinity, importance: 10 };
const name = { natural: 40, least: 12, importance: 9 };
const agent = { natural: 10, least: Infinity, importance: 1 };

Deno.test("columns: all at their natural width where there is room", () => {
  assert.deepEqual(columnWidths([name, id, agent], 80), [40, 19, 10]);
  assert.deepEqual(columnWidths([name, id, agent], Infinity), [40, 19, 10]);
});

Deno.test("columns: the most important gets what is left over; the least gives way", () => {
  assert.deepEqual(columnWidths([name, id, agent], 60), [27, 19, 10]);
  assert.deepEqual(columnWidths([name, id, agent], 45), [12, 19, 10]);
  assert.deepEqual(columnWidths([name, id, agent], 44), [23, 19, 0]);
  assert.deepEqual(columnWidths([name, id, agent], 32), [0, 19, 0]);
  assert.deepEqual(columnWidths([name, id, agent], 8), [0, 8, 0]);
});

Deno.test("columns: never wider than there is room, and never none", () => {
  const need = fc.record({
    natural: fc.nat(60),
    least: fc.oneof(fc.nat(20), fc.constant(Infinity)),
    importance: fc.nat(9),
  });
  fc.assert(
    fc.property(
      fc.array(need, { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 200 }),
      (needs, available) => {
        const widths = columnWidths(needs, available).filter((one) => one > 0);
        assert.ok(widths.length > 0);
        const used = widths.reduce((sum, one) => sum + one, 0) +
          columnGap * (widths.length - 1);
        assert.ok(used <= available, `${used} of ${available}`);
      },
    ),
  );
});
