import assert from "node:assert/strict";
import { ProvisionalFile } from "../../lib/io/provisional_file.ts";

/** A folder of the test's own, and what is in it. */
async function inFolder(
  run: (path: string, names: () => Promise<string[]>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-provisional-" });
  try {
    await run(
      `${folder}/file`,
      async () =>
        (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(file: ProvisionalFile, text: string): Promise<void> {
  await file.open.file.write(new TextEncoder().encode(text));
  file.open.file.close();
  file.open.lastMoment.close();
}

const unload = () => globalThis.dispatchEvent(new Event("unload"));

Deno.test("provisional files: in a new one's place or in an old one's, once they are kept", () =>
  inFolder(async (path, names) => {
    const first = await ProvisionalFile.create(path);
    await first.keep();
    await write(first, "one");
    await first.discard();
    assert.equal(await Deno.readTextFile(path), "one");
    await assert.rejects(
      ProvisionalFile.create(path),
      Deno.errors.AlreadyExists,
    );
    if (Deno.build.os !== "windows") await Deno.chmod(path, 0o644);

    const second = await ProvisionalFile.replace(path);
    assert.equal(await Deno.readTextFile(path), "one");
    await Promise.all([second.keep(), second.keep()]);
    // What is written later is in it.
    await write(second, "two");
    assert.equal(await Deno.readTextFile(path), "two");
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(await names(), ["file"]);
  }));

Deno.test("provisional files: for nothing, they are gone and the old one is as it was", () =>
  inFolder(async (path, names) => {
    const ends = [
      (file: ProvisionalFile) => file.discard(),
      () => Promise.resolve(unload()),
    ];
    for (const end of ends) {
      const file = await ProvisionalFile.create(path);
      await end(file);
      await write(file, "new");
      assert.deepEqual(await names(), []);
    }
    await Deno.writeTextFile(path, "old");
    for (const end of ends) {
      const file = await ProvisionalFile.replace(path);
      await end(file);
      await write(file, "new");
      assert.deepEqual(await names(), ["file"]);
      assert.equal(await Deno.readTextFile(path), "old");
    }
  }));

Deno.test("provisional files: what others put there stays", () =>
  inFolder(async (path, names) => {
    for (const atOnce of [false, true]) {
      const file = await ProvisionalFile.create(path);
      // Not removed first: its number would be given to the next one.
      await Deno.rename(path, `${path}-away`);
      await Deno.writeTextFile(path, "theirs");
      if (atOnce) unload();
      await file.discard();
      await write(file, "");
      assert.equal(await Deno.readTextFile(path), "theirs");
      await Deno.remove(path);
      await Deno.remove(`${path}-away`);
    }
    const folder = path.slice(0, path.lastIndexOf("/"));
    await assert.rejects(
      ProvisionalFile.replace(folder),
      Deno.errors.AlreadyExists,
    );
    assert.deepEqual(await names(), []);
  }));

Deno.test("provisional files: one whose place is taken meanwhile stays beside it", () =>
  inFolder(async (path) => {
    const file = await ProvisionalFile.replace(path);
    await Deno.mkdir(`${path}/in it`, { recursive: true });
    await assert.rejects(file.keep());
    await write(file, "new");
    await file.discard();
    assert.equal(await Deno.readTextFile(file.path), "new");
  }));

Deno.test("provisional files: one that is being kept is, though nothing is waited for", () =>
  inFolder(async (path, names) => {
    await Deno.writeTextFile(path, "old");
    const file = await ProvisionalFile.replace(path);
    await write(file, "new");
    const kept = file.keep();
    unload();
    assert.equal(await Deno.readTextFile(path), "new");
    assert.deepEqual(await names(), ["file"]);
    await kept.catch(() => {});
  }));
