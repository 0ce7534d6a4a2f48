import assert from "node:assert/strict";
import { readCacheFile, writeCacheFile } from "../../lib/io/cache_file.ts";

const windows = Deno.build.os === "windows";

async function inFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a cache file is private, in a private folder, and written as a whole", () =>
  inFolder((folder) => {
    const path = `${folder}/cache/ssm/targets.json`;
    assert.equal(readCacheFile(path), undefined);
    writeCacheFile(path, "one");
    writeCacheFile(path, "two");
    const file = readCacheFile(path);
    assert.ok(file !== undefined && file !== "same");
    assert.equal(file.text, "two");
    assert.equal(readCacheFile(path, file.mark), "same");
    writeCacheFile(path, "one");
    assert.notEqual(readCacheFile(path, file.mark), "same");
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/cache/ssm`)].map(({ name }) => name),
      ["targets.json"],
    );
    if (windows) return;
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    const { mode } = Deno.statSync(`${folder}/cache/ssm`);
    assert.equal((mode ?? 0) & 0o777, 0o700);
  }));

Deno.test({
  name: "a cache file that others may write is not read",
  ignore: windows,
  fn: () =>
    inFolder((folder) => {
      const path = `${folder}/targets.json`;
      writeCacheFile(path, "text");
      Deno.chmodSync(path, 0o620);
      assert.equal(readCacheFile(path), undefined);
    }),
});

Deno.test("what cannot be written leaves nothing behind", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/targets.json`);
    Deno.writeTextFileSync(`${folder}/targets.json/in`, "the way");
    assert.throws(() => writeCacheFile(`${folder}/targets.json`, "text"));
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      ["targets.json"],
    );
    assert.equal(readCacheFile(`${folder}/targets.json`), undefined);
  }));
