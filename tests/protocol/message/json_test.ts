import assert from "node:assert/strict";
import {
  asObject,
  decodeJsonObject,
  encodeJson,
  member,
  textMember,
} from "../../../lib/protocol/message/json.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("json: an object or a refusal that names the payload", () => {
  assert.deepEqual(decodeJsonObject(bytes('{"a":1}'), "thing"), { a: 1 });
  assert.deepEqual(decodeJsonObject(bytes('\ufeff{"a":"é"}'), "thing"), {
    a: "é",
  });
  for (
    const text of [
      "",
      "{",
      "[]",
      "null",
      "1",
      '"x"',
      "{'a':1}",
      "[".repeat(200_000),
    ]
  ) {
    assert.throws(
      () => decodeJsonObject(bytes(text), "thing"),
      (error) =>
        error instanceof PayloadError &&
        error.message.startsWith("Cannot decode thing: "),
    );
  }
  assert.throws(
    () => decodeJsonObject(new Uint8Array([0x22, 0xff, 0x22]), "thing"),
    {
      name: "PayloadError",
      message: "Cannot decode thing: it is not JSON",
    },
  );
  assert.throws(() => asObject([], "thing"), /thing: it is not an object/);
});

Deno.test("json: members whatever their case, the exact one first, null as absent", () => {
  assert.equal(member({ Ab: 1 }, "aB"), 1);
  assert.equal(member({ AB: 1, ab: 2 }, "ab"), 2);
  assert.equal(member({ ab: null, AB: 1 }, "ab"), undefined);
  assert.equal(member({ AB: null }, "ab"), undefined);
  assert.equal(member({ b: 1 }, "a"), undefined);
});

Deno.test("json: inherited names are no members", () => {
  for (
    const name of ["toString", "constructor", "hasOwnProperty", "__proto__"]
  ) {
    assert.equal(member({}, name), undefined);
  }
  const object = decodeJsonObject(
    bytes('{"__proto__":{"Output":"x"}}'),
    "thing",
  );
  assert.equal(member(object, "Output"), undefined);
  assert.deepEqual(member(object, "__proto__"), { Output: "x" });
  assert.equal(({} as Record<string, unknown>).Output, undefined);
});

Deno.test("json: a text member is text, or absent", () => {
  assert.equal(textMember({ a: "x" }, "a", "thing"), "x");
  assert.equal(textMember({ a: null }, "a", "thing"), "");
  assert.equal(textMember({}, "a", "thing"), "");
  for (const a of [1, true, {}, []]) {
    assert.throws(() => textMember({ a }, "a", "thing"), {
      name: "PayloadError",
      message: "Cannot decode thing: a is not text",
    });
  }
});

Deno.test("json: encoded compactly, in UTF-8", () => {
  assert.equal(
    new TextDecoder().decode(encodeJson({ a: "é", b: [1] })),
    '{"a":"é","b":[1]}',
  );
});
