import assert from "node:assert/strict";
import { partName, passingName } from "../../lib/copy/part_name.ts";

Deno.test("part name: hidden, the same for the same content, another for another", () => {
  const name = partName("app.tar.gz", "100 1700000000");
  assert.match(name, /^\.app\.tar\.gz\.[0-9a-f]{8}\.ssm-part$/);
  assert.equal(partName("app.tar.gz", "100 1700000000"), name);
  assert.notEqual(partName("app.tar.gz", "101 1700000000"), name);
});

Deno.test("part name: a file system takes it, however long the file's is", () => {
  for (const name of ["x".repeat(255), "é".repeat(127), "😀".repeat(63)]) {
    const part = partName(name, "");
    assert.ok(new TextEncoder().encode(part).length <= 255, part);
    assert.ok(part.isWellFormed());
  }
});

Deno.test("part name: one that nobody finds again", () => {
  let next = 0;
  const random = (length: number) => new Uint8Array(length).fill(next++);
  assert.equal(passingName("a", random), ".a.000000000000.ssm-part");
  assert.equal(passingName("a", random), ".a.010101010101.ssm-part");
});
