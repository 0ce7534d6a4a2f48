import assert from "node:assert/strict";
import {
  BackgroundFile,
  type BackgroundFileOptions,
} from "../../lib/io/background_file.ts";
import {
  continueFile,
  createPrivateFile,
  openSharedFile,
} from "../../lib/io/private_file.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

/** A file in memory, that takes so many bytes at a time and in all. */
class MemoryFile {
  text = "";
  closed = 0;
  /** Sets what the next writes wait for. */
  hold: Promise<void> | undefined;

  constructor(
    private readonly most: number,
    private readonly room = Infinity,
  ) {}

  async write(bytes: Uint8Array): Promise<number> {
    await this.hold;
    if (this.text.length >= this.room) {
      throw new Error("No space left on device (os error 28)");
    }
    const part = bytes.subarray(
      0,
      Math.min(this.most, this.room - this.text.length),
    );
    this.text += new TextDecoder().decode(part);
    return part.length;
  }

  truncate(length: number): Promise<void> {
    this.text = this.text.slice(0, length);
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
  }
}

/** The same file at the last moment. */
class MemoryLastMoment {
  at = -1;
  text = "";

  seekSync(offset: number): number {
    return this.at = offset;
  }

  writeSync(bytes: Uint8Array): number {
    const part = bytes.subarray(0, 3);
    this.text += new TextDecoder().decode(part);
    return part.length;
  }

  close(): void {}
}

function setUp(
  file: MemoryFile,
  more: Partial<BackgroundFileOptions> = {},
) {
  const clock = new ManualClock();
  const lastMoment = new MemoryLastMoment();
  const failures: unknown[] = [];
  const waiting: string[] = [];
  const background = new BackgroundFile({
    file,
    lastMoment,
    length: 0,
    clock,
    take: () => waiting.splice(0).join(""),
    onFailure: (error) => failures.push(error),
    ...more,
  });
  return { clock, lastMoment, failures, waiting, background };
}

Deno.test("background file: everything in one piece after a while, the rest at the end", async () => {
  const file = new MemoryFile(4);
  const { clock, waiting, background, failures } = setUp(file);
  waiting.push("one\n");
  background.changed();
  waiting.push("two\n");
  background.changed();
  assert.equal(file.text, "");
  await clock.advance(100);
  waiting.push("three\n");
  background.changed();
  await background.close();
  await background.close();
  assert.equal(file.text, "one\ntwo\nthree\n");
  assert.equal(file.closed, 1);
  assert.deepEqual(failures, []);
});

Deno.test("background file: a full disk ends it with whole lines and one word", async () => {
  const file = new MemoryFile(5, 11);
  const { waiting, background, failures } = setUp(file);
  waiting.push("one\ntwo\nthree\nfour\n");
  background.changed();
  await background.close();
  assert.equal(file.text, "one\ntwo\n");
  assert.equal(failures.length, 1);
  assert.match(String(failures[0]), /No space left/);
  assert(background.failed);
});

Deno.test("background file: of a file that others write to nothing is cut off", async () => {
  const file = new MemoryFile(5, 11);
  const { waiting, background } = setUp(file, { shared: true });
  waiting.push("one\ntwo\nthree\nfour\n");
  await background.close();
  assert.equal(file.text, "one\ntwo\nthr");
});

Deno.test("background file: at the process's end what is being written is written to its place again", async () => {
  const file = new MemoryFile(100);
  const { clock, waiting, background, lastMoment } = setUp(file, {
    length: 7,
  });
  waiting.push("a\n");
  background.changed();
  await clock.advance(100);
  const { promise, resolve } = Promise.withResolvers<void>();
  file.hold = promise;
  waiting.push("being written\n");
  background.changed();
  await clock.advance(100);
  waiting.push("rest\n");
  globalThis.dispatchEvent(new Event("unload"));
  assert.equal(lastMoment.at, 9);
  assert.equal(lastMoment.text, "being written\nrest\n");
  resolve();
  await background.close();
  lastMoment.at = -1;
  globalThis.dispatchEvent(new Event("unload"));
  assert.equal(lastMoment.at, -1);
});

Deno.test("background file: one that is given up writes no more", async () => {
  const file = new MemoryFile(100);
  const { waiting, background, failures } = setUp(file);
  background.fail(new Error("too slow"));
  background.fail(new Error("again"));
  waiting.push("a\n");
  background.changed();
  await background.close();
  assert.equal(file.text, "");
  assert.equal(failures.length, 1);
});

Deno.test("private files: new, continued, shared", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm-private-" });
  const path = `${folder}/file`;
  const write = async (
    open: Awaited<ReturnType<typeof continueFile>>,
    text: string,
  ) => {
    const { background, waiting } = setUp(new MemoryFile(1), open);
    waiting.push(text);
    await background.close();
  };
  const mode = async () => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  try {
    await write(await createPrivateFile(path), "one\n");
    if (Deno.build.os !== "windows") assert.equal(await mode(), 0o600);
    await assert.rejects(createPrivateFile(path), Deno.errors.AlreadyExists);
    await write(await continueFile(path), "two\n");
    assert.equal(await Deno.readTextFile(path), "one\ntwo\n");
    await write(await openSharedFile(path), "three\n");
    assert.equal(await Deno.readTextFile(path), "one\ntwo\nthree\n");
    await assert.rejects(continueFile(`${path}2`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
