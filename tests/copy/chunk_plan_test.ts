import assert from "node:assert/strict";
import fc from "fast-check";
import {
  comparedPart,
  downChunk,
  missingRanges,
  parseSums,
  rangesOf,
  upChunk,
} from "../../lib/copy/chunk_plan.ts";
import { blockSize } from "../../lib/copy/remote_program.ts";

const MiB = 1024 * 1024;

Deno.test("chunk plan: the ranges of a file are all of it, from block to block", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 * MiB }),
      fc.constantFrom(downChunk, upChunk),
      (size, step) => {
        let next = 0;
        for (const { offset, length } of rangesOf(size, step)) {
          assert.equal(offset, next);
          assert.equal(offset % blockSize, 0);
          assert.ok(length > 0 && length <= step);
          next += length;
        }
        assert.equal(next, size);
      },
    ),
  );
});

Deno.test("chunk plan: parts that are right are left out, and nothing else", () => {
  const ranges = (good: boolean[]) =>
    [...missingRanges(3 * MiB + 5, upChunk, good)]
      .map(({ offset, length }) => [offset / MiB, length]);
  assert.deepEqual(ranges([]), [[0, MiB], [1, MiB], [2, MiB], [3, 5]]);
  assert.deepEqual(ranges([true, false, true]), [[1, MiB], [3, 5]]);
  assert.deepEqual(ranges([true, true, true, true]), []);
  assert.equal([...missingRanges(2 * MiB, downChunk, [true])].length, 8);
});

Deno.test("chunk plan: compared parts are whole chunks, and a thousand at most", () => {
  for (const size of [1, MiB, 1024 * MiB, 1024 * MiB + 1, 123_456 * MiB]) {
    const part = comparedPart(size);
    assert.equal(part % upChunk, 0);
    assert.ok(size / part <= 1024);
  }
  assert.equal(comparedPart(5), MiB);
});

Deno.test("chunk plan: sums in every tool's words", () => {
  const sum = "ab".repeat(32);
  const lines = `${sum}  -\n${sum} *stdin\n${sum}\nnone\n`;
  assert.deepEqual(parseSums(new TextEncoder().encode(lines)), [
    sum,
    sum,
    sum,
    undefined,
  ]);
});
