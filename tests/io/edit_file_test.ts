import assert from "node:assert/strict";
import { editFile } from "../../lib/io/edit_file.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const windows = Deno.build.os === "windows";

async function withFolder(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "ssm-edit-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o7777;
const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test({
  name: "a file that is not there is made for us alone, its folder too",
  ignore: windows,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/ssh/config`;
      assert.equal(await editFile(path, () => encode("new")), true);
      assert.equal(await Deno.readTextFile(path), "new");
      assert.equal(await mode(path), 0o600);
      assert.equal(await mode(`${folder}/ssh`), 0o700);
      assert.deepEqual(names(`${folder}/ssh`), ["config"]);
    }),
});

Deno.test({
  name: "mode, symbolic link and whoever has it open keep what they had",
  ignore: windows,
  fn: () =>
    withFolder(async (folder) => {
      await Deno.mkdir(`${folder}/dotfiles`);
      const real = `${folder}/dotfiles/config`;
      await Deno.writeTextFile(real, "old");
      await Deno.chmod(real, 0o640);
      await Deno.symlink("dotfiles/config", `${folder}/link`);
      await Deno.symlink(`${folder}/link`, `${folder}/config`);
      using before = await Deno.open(real);
      assert.equal(
        await editFile(`${folder}/config`, (bytes) => {
          assert.equal(decode(bytes), "old");
          return encode("new");
        }),
        true,
      );
      assert.equal(await Deno.readTextFile(real), "new");
      assert.equal(await mode(real), 0o640);
      assert.ok((await Deno.lstat(`${folder}/config`)).isSymlink);
      const buffer = new Uint8Array(10);
      assert.equal(await before.read(buffer), 3);
      assert.equal(decode(buffer.subarray(0, 3)), "old");
      // A link that leads nowhere makes what it leads to.
      await Deno.symlink("later", `${folder}/dangling`);
      await editFile(`${folder}/dangling`, () => encode("x"));
      assert.equal(await Deno.readTextFile(`${folder}/later`), "x");
      await Deno.symlink("round", `${folder}/round`);
      await assert.rejects(editFile(`${folder}/round`, (bytes) => bytes));
    }),
});

Deno.test({
  name: "the same bytes change nothing, and an error leaves everything",
  ignore: windows,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/config`;
      // More than one read takes, and no text.
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
      await Deno.writeFile(path, bytes);
      const { ino } = await Deno.stat(path);
      assert.equal(
        await editFile(path, (before) => {
          assert.deepEqual(before, bytes);
          return before.slice();
        }),
        false,
      );
      await assert.rejects(
        editFile(path, () => {
          throw new Error("no");
        }),
        { message: "no" },
      );
      assert.equal((await Deno.stat(path)).ino, ino);
      assert.deepEqual(await Deno.readFile(path), bytes);
      assert.deepEqual(names(folder), ["config"]);
    }),
});

Deno.test({
  name: "many at once lose nothing of one another",
  ignore: windows,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/config`;
      const all = Array.from({ length: 20 }, (_, i) => `line ${i}`).sort();
      await Promise.all(all.map((line) =>
        editFile(path, (bytes) => encode(`${decode(bytes)}${line}\n`))
      ));
      const text = await Deno.readTextFile(path);
      assert.deepEqual(text.trimEnd().split("\n").sort(), all);
      assert.deepEqual(names(folder), ["config"]);
    }),
});
