import assert from "node:assert/strict";
import { suggest } from "../../cmd/suggest.ts";

const commands = ["shell", "simulate", "forward", "list", "exec"];

Deno.test("typing errors lead to the word that was meant", () => {
  for (
    const [typed, meant] of [
      ["shel", "shell"],
      ["sehll", "shell"],
      ["shelll", "shell"],
      ["sim", "simulate"],
      ["froward", "forward"],
      ["forwrad", "forward"],
      ["lst", "list"],
    ] as const
  ) assert.equal(suggest(typed, commands)[0], meant, typed);
});

Deno.test("what is like nothing suggests nothing", () => {
  assert.deepEqual(suggest("kubernetes", commands), []);
  assert.deepEqual(suggest("zz", commands), []);
  assert.deepEqual(suggest("", commands), []);
});

Deno.test("at most three, nearest first", () => {
  assert.deepEqual(suggest("aab", ["aaa", "aab", "aac", "aad", "aae"]), [
    "aab",
    "aaa",
    "aac",
  ]);
});
