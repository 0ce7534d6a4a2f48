import assert from "node:assert/strict";
import fc from "fast-check";
import { refuseForeign } from "../../../lib/simulator/api/guard.ts";

Deno.test("only our own host and port get by, in either form of headers", () => {
  for (const host of ["127.0.0.1:4000", "localhost:4000", "LocalHost:4000"]) {
    assert.equal(refuseForeign({ host }, 4000), undefined);
    assert.equal(refuseForeign(new Headers({ host }), 4000), undefined);
  }
  for (
    const host of [
      "",
      "127.0.0.1",
      "127.0.0.1:4001",
      "[::1]:4000",
      "attacker.example:4000",
      // A Host given twice, joined.
      "127.0.0.1:4000, attacker.example",
      "127.0.0.1:4000@attacker.example",
    ]
  ) {
    assert.equal(refuseForeign({ host }, 4000)?.status, 403, host);
    assert.equal(refuseForeign(new Headers({ host }), 4000)?.status, 403, host);
  }
  assert.equal(refuseForeign({}, 4000)?.status, 403);
  assert.equal(refuseForeign(new Headers(), 4000)?.status, 403);
});

Deno.test("any Origin at all is refused, an empty one too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (origin) => {
      const refusal = refuseForeign({ host: "127.0.0.1:1", origin }, 1);
      assert.equal(refusal?.status, 403);
    }),
  );
});
