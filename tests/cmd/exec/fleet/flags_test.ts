import assert from "node:assert/strict";
import { UsageError } from "../../../../cmd/errors.ts";
import { tagsFrom } from "../../../../cmd/exec/fleet/flags.ts";
import {
  limitFrom,
  limitOf,
  limitText,
} from "../../../../cmd/exec/fleet/limit.ts";
import { tagFilters } from "../../../../cmd/exec/fleet/nodes.ts";

Deno.test("limits are numbers or percentages, as Run Command's", () => {
  const parse = limitFrom(1);
  assert.equal(limitOf(parse("20"), 5), 20);
  assert.equal(limitOf(parse("10%"), 95), 9);
  assert.equal(limitText(parse("10%")), "10%");
  assert.equal(limitText(parse("20")), "20");
  assert.equal(limitOf(limitFrom(0)("0"), 5), 0);
  for (const text of ["0", "", "%", "101%", "-1", "1.5", "x", "12345678"]) {
    assert.throws(() => parse(text), UsageError, text);
  }
});

Deno.test("tags have a key and a value, and those of one key are alternatives", () => {
  assert.deepEqual(tagsFrom("a=b=c"), [{ key: "a", value: "b=c" }]);
  assert.deepEqual(tagsFrom("a:b,c=d\\,e"), [
    { key: "a", value: "b" },
    { key: "c", value: "d,e" },
  ]);
  for (const text of ["", "a", "=b", "a=", `${"k".repeat(129)}=v`]) {
    assert.throws(() => tagsFrom(text), UsageError, text);
  }
  assert.deepEqual(
    tagFilters(
      ["role=web", "env=prod", "role=api", "role=web"].flatMap(tagsFrom),
    ),
    [
      { key: "tag:role", values: ["web", "api"] },
      { key: "tag:env", values: ["prod"] },
    ],
  );
});
