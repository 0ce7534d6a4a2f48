import assert from "node:assert/strict";
import { decodeSize, encodeSize } from "../../../lib/protocol/message/size.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("size: the official text, never one that the agent cannot read (pitfalls.md §2.24)", () => {
  for (
    const [cols, rows, text] of [
      [80, 24, '{"cols":80,"rows":24}'],
      [0, -5, '{"cols":1,"rows":1}'],
      [70000, 65535, '{"cols":65535,"rows":65535}'],
      [80.9, NaN, '{"cols":80,"rows":1}'],
      [Infinity, -Infinity, '{"cols":65535,"rows":1}'],
    ] as const
  ) {
    assert.equal(new TextDecoder().decode(encodeSize({ cols, rows })), text);
  }
});

Deno.test("size: read as the agent reads it", () => {
  assert.deepEqual(decodeSize(encodeSize({ cols: 80, rows: 24 })), {
    cols: 80,
    rows: 24,
  });
  assert.deepEqual(decodeSize(bytes('{"Rows":0,"Cols":4294967295}')), {
    cols: 4294967295,
    rows: 0,
  });
  for (
    const text of [
      "",
      "{}",
      '{"cols":80}',
      '{"cols":"80","rows":24}',
      '{"cols":-1,"rows":24}',
      '{"cols":80.5,"rows":24}',
      '{"cols":4294967296,"rows":24}',
      '{"cols":null,"rows":1}',
    ]
  ) assert.throws(() => decodeSize(bytes(text)), PayloadError, text);
});
