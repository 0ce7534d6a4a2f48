import assert from "node:assert/strict";
import { makeCredentials } from "../../lib/simulator/credentials.ts";

Deno.test("credentials have the shapes that AWS clients expect and differ each time", () => {
  const one = makeCredentials();
  const two = makeCredentials();
  assert.match(one.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.match(one.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  assert.match(one.sessionToken, /^[A-Za-z0-9+/]{128}$/);
  assert.notEqual(one.accessKeyId, two.accessKeyId);
  assert.notEqual(one.secretAccessKey, two.secretAccessKey);
  assert.notEqual(one.sessionToken, two.sessionToken);
});
