import assert from "node:assert/strict";
import { LocalFileError } from "../../lib/copy/local_files.ts";
import { localFiles } from "../../lib/io/local_files.ts";

const windows = Deno.build.os === "windows";
const files = localFiles();

async function inFolder(work: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "ssm-files-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("local files: paths and their parts", () => {
  assert.deepEqual(
    ["a", "a/b", "/a/b/", "/", ".", "..", "a/.."].map((path) =>
      files.baseName(path)
    ),
    ["a", "b", "b", "", ".", "..", ".."],
  );
  assert.deepEqual(
    ["a", "a/b", "/a"].map((path) => files.folderOf(path)),
    [".", "a/", "/"],
  );
  assert.deepEqual(
    [files.join("a", "b"), files.join("a/", "b"), files.join("/", "b")],
    ["a/b", "a/b", "/b"],
  );
  assert.equal(files.allows("a\\b:c"), !windows);
});

Deno.test("local files: what is there, and what is not", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/b`, "12345");
    await Deno.mkdir(`${folder}/a`);
    assert.deepEqual(await files.names(folder), ["a", "b"]);
    assert.equal((await files.stat(`${folder}/b`)).size, 5);
    assert.equal((await files.stat(`${folder}/a`)).kind, "folder");
    assert.equal((await files.stat(`${folder}/none`)).kind, "missing");
    assert.equal((await files.stat(`${folder}/b/none`)).kind, "missing");
  });
});

Deno.test("local files: reads and writes that overlap, anywhere in a file", async () => {
  await inFolder(async (folder) => {
    const file = await files.openPart(`${folder}/part`);
    const piece = Uint8Array.of(1, 2, 3);
    await Promise.all([
      file.writeAt(6, piece),
      file.writeAt(0, piece),
      file.writeAt(3, piece),
    ]);
    const [first, rest, beyond] = await Promise.all([
      file.readAt(1, 3),
      file.readAt(5, 100),
      file.readAt(50, 3),
    ]);
    assert.deepEqual([...first], [2, 3, 1]);
    assert.deepEqual([...rest], [3, 1, 2, 3]);
    assert.equal(beyond.length, 0);
    await file.truncate(4);
    assert.equal(await file.size(), 4);
    await file.close();
    // It is found again with what it has.
    const again = await files.openPart(`${folder}/part`);
    assert.equal(await again.size(), 4);
    await again.close();
  });
});

Deno.test({
  name: "local files: a partial file is the user's alone, and no link",
  ignore: windows,
  async fn() {
    await inFolder(async (folder) => {
      const file = await files.openPart(`${folder}/part`);
      await file.close();
      const { mode } = await Deno.stat(`${folder}/part`);
      assert.equal(mode! & 0o777, 0o600);
      await Deno.symlink(`${folder}/victim`, `${folder}/link`);
      await assert.rejects(files.openPart(`${folder}/link`), LocalFileError);
      await assert.rejects(Deno.stat(`${folder}/victim`));
    });
  },
});

Deno.test({
  name:
    "local files: the end of a partial file: permissions, times, links, what is there",
  ignore: windows,
  async fn() {
    await inFolder(async (folder) => {
      const finish = async (
        path: string,
        end: Partial<Parameters<typeof files.finish>[2]> = {},
      ) => {
        const part = `${folder}/part`;
        await Deno.writeTextFile(part, "new", { mode: 0o600 });
        await files.finish(part, `${folder}/${path}`, {
          mode: 0o777,
          modified: undefined,
          keepMode: true,
          ...end,
        });
        const { mode, mtime } = await Deno.stat(`${folder}/${path}`);
        return { mode: mode! & 0o7777, time: mtime!.getTime() };
      };
      // As the platform makes new files.
      const options = { write: true, createNew: true, mode: 0o777 };
      (await Deno.open(`${folder}/usual`, options)).close();
      const usual = (await Deno.stat(`${folder}/usual`)).mode! & 0o777;
      assert.equal((await finish("new")).mode, usual);
      await Deno.writeTextFile(`${folder}/there`, "old");
      await Deno.chmod(`${folder}/there`, 0o604);
      assert.equal((await finish("there")).mode, 0o604);
      assert.deepEqual(
        await finish("there", {
          keepMode: false,
          mode: 0o751,
          modified: 1_600_000_000,
        }),
        { mode: 0o751, time: 1_600_000_000_000 },
      );
      // A link stays one.
      await Deno.symlink("there", `${folder}/link`);
      await finish("link");
      assert.ok((await Deno.lstat(`${folder}/link`)).isSymlink);
      assert.equal(await Deno.readTextFile(`${folder}/there`), "new");
      await Deno.mkdir(`${folder}/folder`);
      await assert.rejects(
        finish("folder"),
        /^LocalFileError: Is a directory$/,
      );
      await Deno.remove(`${folder}/part`);
      assert.deepEqual(await files.names(folder), [
        "folder",
        "link",
        "new",
        "there",
        "usual",
      ]);
    });
  },
});

Deno.test("local files: folders that are there are no error, files in their place are", async () => {
  await inFolder(async (folder) => {
    await files.makeFolder(`${folder}/a`, 0o700);
    await files.makeFolder(`${folder}/a`, 0o700);
    await Deno.writeTextFile(`${folder}/f`, "");
    await assert.rejects(files.makeFolder(`${folder}/f`, undefined));
    await files.remove(`${folder}/f`);
    await files.remove(`${folder}/f`);
  });
});
