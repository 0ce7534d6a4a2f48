import assert from "node:assert/strict";
import { readCacheFile, writeCacheFile } from "../../lib/io/cache_file.ts";

const windows = Deno.build.os === "windows";

async function inFolder(
  run: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
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

Deno.test("a cache file that is huge is not read", () =>
  inFolder((folder) => {
    const path = `${folder}/targets.json`;
    writeCacheFile(path, "text");
    Deno.truncateSync(path, 8 * 1024 * 1024 + 1);
    assert.ok(readCacheFile(path) === undefined);
  }));

Deno.test({
  name: "a cache file that is another user's is not read",
  ignore: windows || Deno.uid() !== 0,
  fn: () =>
    inFolder((folder) => {
      const path = `${folder}/targets.json`;
      writeCacheFile(path, "text");
      Deno.chownSync(path, 1, null);
      assert.equal(readCacheFile(path), undefined);
    }),
});

Deno.test({
  name: "a pipe in the place of a cache file is not waited for",
  ignore: windows,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/targets.json`;
      const { success } = new Deno.Command("mkfifo", {
        args: ["-m", "600", path],
      }).outputSync();
      assert.ok(success);
      // Reading it here would hang for good.
      const { code } = await new Deno.Command(Deno.execPath(), {
        signal: AbortSignal.timeout(30_000),
        args: [
          "eval",
          `import { readCacheFile } from ${
            JSON.stringify(
              new URL("../../lib/io/cache_file.ts", import.meta.url).href,
            )
          };
          Deno.exit(readCacheFile(${
            JSON.stringify(path)
          }) === undefined ? 7 : 8);`,
        ],
      }).output();
      assert.equal(code, 7);
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
