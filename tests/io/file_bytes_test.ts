import assert from "node:assert/strict";
import { fileBytes } from "../../lib/io/file_bytes.ts";

/** A folder of the test's own. */
async function inFolder(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "ssm-file-bytes-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function madePipe(folder: string): Promise<string> {
  const path = `${folder}/pipe`;
  const { success } = await new Deno.Command("mkfifo", { args: [path] })
    .output();
  assert.ok(success);
  return path;
}

// Deno 2.6 opens a pipe on its main thread, which waits there for somebody who writes.
const unix = {
  ignore: Deno.build.os === "windows" || Deno.version.deno.startsWith("2.6."),
};
const { signal: never } = new AbortController();

Deno.test("file bytes: all of it, or why not", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    const text = "0123456789".repeat(20_000);
    await Deno.writeTextFile(path, text);
    const pieces = await Array.fromAsync(fileBytes(path, never));
    const decoder = new TextDecoder();
    assert.equal(
      pieces.map((piece) => decoder.decode(piece, { stream: true })).join(""),
      text,
    );
    // Left in the middle, it is closed all the same.
    for await (const piece of fileBytes(path, never)) {
      assert.ok(piece.length < text.length);
      break;
    }
    await assert.rejects(
      Array.fromAsync(fileBytes(`${path}2`, never)),
      Deno.errors.NotFound,
    );
    await assert.rejects(
      Array.fromAsync(fileBytes(path, AbortSignal.abort(new Error("over")))),
      /over/,
    );
  }));

Deno.test(
  "file bytes: an opening that never ends is not waited for",
  unix,
  () =>
    inFolder(async (folder) => {
      const path = await madePipe(folder);
      const controller = new AbortController();
      const read = fileBytes(path, controller.signal).next();
      controller.abort(new Error("over"));
      await assert.rejects(read, /over/);
      // It ends now, and lets go of what it got: whoever writes is told so.
      using writer = await Deno.open(path, { write: true });
      for (;;) {
        try {
          await writer.write(new Uint8Array(1));
        } catch (error) {
          assert.ok(error instanceof Deno.errors.BrokenPipe);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }),
);

Deno.test(
  "file bytes: a read that never ends is not waited for",
  unix,
  () =>
    inFolder(async (folder) => {
      const path = await madePipe(folder);
      const controller = new AbortController();
      const bytes = fileBytes(path, controller.signal);
      const first = bytes.next();
      const writer = await Deno.open(path, { write: true });
      await writer.write(new TextEncoder().encode("one"));
      assert.equal(
        new TextDecoder().decode((await first).value ?? undefined),
        "one",
      );
      const second = bytes.next();
      controller.abort(new Error("over"));
      await assert.rejects(second, /over/);
      assert.equal((await bytes.next()).done, true);
      writer.close();
      // The read itself, which nobody waits for.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }),
);
