import assert from "node:assert/strict";
import { parsePort } from "../../lib/simulator/ports.ts";

Deno.test("ports: a node's and this machine's", () => {
  assert.deepEqual(parsePort("22=2222"), [22, 2222]);
  assert.deepEqual(parsePort("65535=1"), [65_535, 1]);
  for (
    const text of ["", "22", "22=", "=22", "0=22", "22=65536", "22=022", "a=b"]
  ) assert.equal(parsePort(text), undefined, text);
});
