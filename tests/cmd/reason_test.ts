import assert from "node:assert/strict";
import { checkReason } from "../../cmd/reason.ts";

Deno.test("run: a reason is taken as it is typed, and an empty one is none", () => {
  assert.equal(checkReason(undefined), undefined);
  assert.equal(checkReason(""), undefined);
  assert.equal(checkReason(" ticket 5\n"), " ticket 5\n");
});

Deno.test("run: a reason has at most 256 characters, whatever they are made of", () => {
  const longest = "💡".repeat(256);
  assert.equal(checkReason(longest), longest);
  assert.throws(() => checkReason(`${longest}.`), {
    name: "UsageError",
    message: "Cannot use --reason: it has more than 256 characters",
  });
});
