import assert from "node:assert/strict";
import fc from "fast-check";
import {
  toUuidV4,
  uuidBytes,
  uuidText,
} from "../../../lib/protocol/message/message_id.ts";

Deno.test("uuid: text and bytes, both ways and whatever the case", () => {
  const text = "00010203-0405-0607-0809-0a0b0c0d0e0f";
  assert.deepEqual(
    [...uuidBytes(text)],
    Array.from({ length: 16 }, (_, i) => i),
  );
  assert.equal(uuidText(uuidBytes(text)), text);
  assert.equal(
    uuidText(uuidBytes("DD01E56B-FF48-483E-A508-B5F073F31B16")),
    "dd01e56b-ff48-483e-a508-b5f073f31b16",
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      assert.deepEqual(uuidBytes(uuidText(bytes, 3)), bytes.subarray(3, 19));
    }),
  );
});

Deno.test("uuid: what is none is refused", () => {
  for (
    const text of [
      "",
      "00010203040506070809-0a0b0c0d0e0f",
      "000102030405060708090a0b0c0d0e0f",
      "g0010203-0405-0607-0809-0a0b0c0d0e0f",
      " 00010203-0405-0607-0809-0a0b0c0d0e0f",
      "00010203-0405-0607-0809-0a0b0c0d0e0f\n",
      "00010203-0405-0607-0809-0a0b0c0d0e0f0",
    ]
  ) {
    assert.throws(() => uuidBytes(text), {
      name: "TypeError",
      message: "Cannot read UUID: it is not 8-4-4-4-12 hex digits",
    });
  }
});

Deno.test("uuid: random bytes become version 4 and the RFC's variant, the rest stays", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const before = bytes.slice();
      const id = toUuidV4(bytes);
      assert.match(
        uuidText(id),
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      for (let i = 0; i < 16; i++) {
        const kept = i === 6 ? 0x0f : i === 8 ? 0x3f : 0xff;
        assert.equal(id[i]! & kept, before[i]! & kept);
      }
    }),
  );
});
