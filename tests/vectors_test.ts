import assert from "node:assert/strict";
import { filesUnder } from "../scripts/files.ts";

const root = new URL("../", import.meta.url);

/**
 * Vectors of what is not built yet, each with the work that will use it. A file that is listed
 * here and used nevertheless fails the test, so the list cannot grow old.
 */
const waiting: Readonly<Record<string, string>> = {};

async function vectorFiles(): Promise<string[]> {
  const files = await filesUnder(root, "tests/vectors", ".json");
  return files.map((file) => file.slice("tests/vectors/".length));
}

Deno.test("the vectors are there, each with its producer or shape", async () => {
  const files = await vectorFiles();
  assert(files.length >= 13, `only ${files.length} vector files`);
  for (const file of files) {
    const path = new URL(`tests/vectors/${file}`, root);
    const content: unknown = JSON.parse(await Deno.readTextFile(path));
    assert(typeof content === "object" && content !== null, file);
    assert(Object.keys(content).length > 0, `${file} is empty`);
  }
});

Deno.test("the README of the vectors describes every file", async () => {
  const readme = await Deno.readTextFile(
    new URL("tests/vectors/README.md", root),
  );
  const described = [...readme.matchAll(/^\| `([\w-]+\.json)`/gm)].map((m) =>
    m[1]
  );
  assert.deepEqual(described.sort(), await vectorFiles());
});

Deno.test("every vector file is run by some test", async () => {
  const tests = (await filesUnder(root, "tests", ".ts")).filter((file) =>
    file !== "tests/vectors_test.ts"
  );
  const sources = await Promise.all(
    tests.map((file) => Deno.readTextFile(new URL(file, root))),
  );
  const unused = (await vectorFiles()).filter((file) =>
    !sources.some((source) => source.includes(file))
  );
  assert.deepEqual(unused, Object.keys(waiting));
});
