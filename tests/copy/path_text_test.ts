import assert from "node:assert/strict";
import fc from "fast-check";
import { decodePath, encodePath, isUnicode } from "../../lib/copy/path_text.ts";

Deno.test("path text: any bytes come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(encodePath(decodePath(bytes)), bytes);
    }),
  );
});

Deno.test("path text: UTF-8 is what it says, and the rest can be told apart", () => {
  const name = (...bytes: number[]) => decodePath(Uint8Array.from(bytes));
  assert.equal(name(0x61, 0xc3, 0xa9), "aé");
  assert.equal(name(0xef, 0xbf, 0xbd), "\ufffd");
  assert.equal(name(0xef, 0xbb, 0xbf, 0x61), "\ufeffa");
  assert.equal(name(0x61, 0xff, 0x62), "a\udcffb");
  // A surrogate in UTF-8 is none.
  assert.equal(name(0xed, 0xb3, 0xbf), "\udced\udcb3\udcbf");
  assert.ok(isUnicode("aé😀"));
  assert.ok(!isUnicode(name(0xc3)));
});
