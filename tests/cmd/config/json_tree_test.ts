import assert from "node:assert/strict";
import fc from "fast-check";
import { type JsonNode, readTree } from "../../../cmd/config/json_tree.ts";

/** A tree as plain values. */
function plain(node: JsonNode | undefined): unknown {
  if (node === undefined) return undefined;
  switch (node.kind) {
    case "null":
      return null;
    case "object":
      return [...node.members].map(([name, { value }]) => [name, plain(value)]);
    case "array":
      return node.items.map(plain);
    default:
      return node.value;
  }
}

/** `line:column message` of each problem. */
function problems(text: string): string[] {
  return readTree(text).problems.map(({ at, message }) =>
    `${at.line}:${at.column} ${message}`
  );
}

Deno.test("tree: comments and last commas are fine, and names stand in order", () => {
  const { tree, problems } = readTree(
    '// a\n{ "b": [1, true, null, "x",], /* c */ "a": {}, }',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(plain(tree), [["b", [1, true, null, "x"]], ["a", []]]);
});

Deno.test("tree: __proto__ and constructor are names like any other", () => {
  const { tree } = readTree(
    '{ "__proto__": { "polluted": true }, "constructor": 1 }',
  );
  assert.deepEqual(plain(tree), [
    ["__proto__", [["polluted", true]]],
    ["constructor", 1],
  ]);
  assert.equal("polluted" in {}, false);
});

Deno.test("tree: a mistake is shown by line and column", () => {
  assert.deepEqual(problems('{\r\n  "a" 1\n}'), [
    "2:7 a colon is expected here",
  ]);
  assert.deepEqual(problems('{\n"a": 1\n"b": 2}'), [
    "3:1 a comma is expected here",
  ]);
  assert.deepEqual(problems('{"a": "x'), [
    "1:7 a string does not end",
    "1:9 a } is missing",
  ]);
  assert.deepEqual(
    problems("{a: 1}")[0],
    "1:2 this is no JSON; a string has double quotes",
  );
  assert.deepEqual(problems('{"a": "b\tc"}'), [
    "1:7 a string has no control characters",
  ]);
  assert.deepEqual(problems("{} {}"), ["1:4 the file should end here"]);
  assert.equal(problems("// nothing").length > 0, true);
});

Deno.test("tree: a name that is there twice is a mistake, wherever it is", () => {
  assert.deepEqual(problems('{"a": 1,\n "b": {"c": 1, "c": 2},\n "a": 2}'), [
    '2:16 "c" is there twice, first in line 2',
    '3:2 "a" is there twice, first in line 1',
  ]);
});

Deno.test("tree: what is nested too deep is refused before it is parsed", () => {
  const deep = "[".repeat(100_000);
  assert.deepEqual(problems(deep), [
    "1:33 this is nested more than 32 levels deep",
  ]);
  // Brackets in strings and comments are none.
  const text = JSON.stringify("[".repeat(50)) + " // " + "{".repeat(50);
  assert.deepEqual(problems(text), []);
});

Deno.test("tree: any text gives a tree or problems within it, and never throws", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(...'{}[],:"\\/*\n\r\t0-e.tfn ', "//", "/*", "*/", '"a"'),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
    { maxLength: 40 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pieces, (text) => {
      const { tree, problems } = readTree(text);
      assert.ok(tree !== undefined || problems.length > 0);
      const lines = text.split(/\r\n|\r|\n/);
      for (const { at } of problems) {
        assert.ok(at.line >= 1 && at.line <= lines.length);
        assert.ok(at.column >= 1 && at.column <= text.length + 1);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("tree: what JSON.parse takes is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const { tree, problems } = readTree(JSON.stringify(value, null, 1));
      assert.deepEqual(problems, []);
      assert.deepEqual(
        plain(tree),
        JSON.parse(
          JSON.stringify(value),
          (_, each) =>
            typeof each === "object" && each !== null && !Array.isArray(each)
              ? Object.entries(each)
              : each,
        ),
      );
    }),
  );
});
