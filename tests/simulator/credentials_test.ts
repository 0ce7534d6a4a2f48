import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeBase64,
  encodeBase64,
  makeCredentials,
} from "../../lib/simulator/credentials.ts";

Deno.test("credentials have the shapes that AWS clients expect and differ each time", () => {
  const one = makeCredentials();
  const two = makeCredentials();
  assert.match(one.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.match(one.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  assert.equal(decodeBase64(one.sessionToken)?.length, 96);
  assert.notEqual(one.accessKeyId, two.accessKeyId);
  assert.notEqual(one.secretAccessKey, two.secretAccessKey);
  assert.notEqual(one.sessionToken, two.sessionToken);
});

Deno.test("base64 goes there and back, and what is no base64 is undefined", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
    }),
  );
  for (const text of ["a b", "a", "=", "a-b_", "a=b"]) {
    assert.equal(decodeBase64(text), undefined, text);
  }
});
