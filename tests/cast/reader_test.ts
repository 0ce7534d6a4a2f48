import assert from "node:assert/strict";
import fc from "fast-check";
import { CastError, type CastEvent } from "../../lib/cast/event.ts";
import { type CastReader, readCast } from "../../lib/cast/reader.ts";

async function* chunksOf(text: string, cut = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += cut) {
    yield await Promise.resolve(bytes.slice(at, at + cut));
  }
}

async function read(
  text: string,
  cut?: number,
): Promise<Pick<CastReader, "version" | "header"> & { events: CastEvent[] }> {
  const { version, header, events } = await readCast(chunksOf(text, cut));
  return { version, header, events: await Array.fromAsync(events) };
}

const header = '{"version":2,"width":100,"height":30}\n';

Deno.test("reader: version 2", async () => {
  const { version, header, events } = await read(
    '{"version": 2, "width": 100, "height": 30, "timestamp": 5, "idle_time_limit": 2.5, ' +
      '"title": "é", "env": {"TERM": "x"}, "new": []}\r\n' +
      '[0.5, "o", "a\\u001b\\r\\n"]\r\n\n[1, "r", "80x24"]\n[1, "m", ""]\n[2, "z", "later"]',
  );
  assert.equal(version, 2);
  assert.deepEqual(header, {
    width: 100,
    height: 30,
    timestamp: 5,
    idleTimeLimit: 2.5,
    title: "é",
  });
  assert.deepEqual(events, [
    { time: 0.5, code: "o", data: "a\x1b\r\n" },
    { time: 1, code: "r", data: "80x24" },
    { time: 1, code: "m", data: "" },
    { time: 2, code: "z", data: "later" },
  ]);
});

Deno.test("reader: version 3 counts from the event before, and has comments", async () => {
  const { version, header, events } = await read(
    '{"version":3,"term":{"cols":90,"rows":20,"type":"xterm"},"title":"t"}\n' +
      '# a comment\n[0.5, "o", "a"]\n[0.25, "o", "b"]\n[1, "x", "0"]\n',
  );
  assert.equal(version, 3);
  assert.deepEqual([header.width, header.height, header.title], [90, 20, "t"]);
  assert.deepEqual(events.map(({ time, code }) => [time, code]), [
    [0.5, "o"],
    [0.75, "o"],
    [1.75, "x"],
  ]);
});

Deno.test("reader: what is no recording, or damaged, is refused with its line", async () => {
  for (
    const [text, line, reason] of [
      ["", 1, /the file is empty/],
      ["hello\n", 1, /this is no JSON/],
      ['{"version":2', 1, /breaks off here/],
      ["[1]\n", 1, /no header of asciicast version 2 or 3/],
      ["null\n", 1, /no header of a recording/],
      ['{"version":1}\n', 1, /version 1; 'asciinema convert'/],
      ['{"version":4}\n', 1, /no header of asciicast version 2 or 3/],
      ['{"version":2,"width":0,"height":1}\n', 1, /no size/],
      ['{"version":3,"width":5,"height":1}\n', 1, /no size/],
      [`${header}[1, "o", "a"]\n[1, "o"`, 3, /breaks off here/],
      [`${header}[1, "o", "a"]\n\n[1, "o"\n`, 4, /this is no JSON/],
      [`${header}{}\n`, 2, /no event: no list/],
      [`${header}["1", "o", "a"]\n`, 2, /its time is no number/],
      [`${header}[-1, "o", "a"]\n`, 2, /its time is no number/],
      [`${header}[1, "o", 5]\n`, 2, /its data is no text/],
      [`${header}[1]\n`, 2, /its data is no text/],
    ] as const
  ) {
    await assert.rejects(read(text), (error) => {
      assert(error instanceof CastError);
      assert.equal(error.line, line, text);
      assert.match(error.message, reason);
      return true;
    });
  }
});

Deno.test("reader: events before the damage are read, however the file is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 50 }), async (cut) => {
      const { events } = await readCast(
        chunksOf(`${header}[1, "o", "é€😀"]\n?`, cut),
      );
      const reading = events[Symbol.asyncIterator]();
      assert.deepEqual(await reading.next(), {
        done: false,
        value: { time: 1, code: "o", data: "é€😀" },
      });
      await assert.rejects(reading.next(), /line 3: the recording breaks off/);
    }),
  );
});

Deno.test("reader: what is not read is let go of", async () => {
  for (const text of ["no header\n", `${header}[1,"o","a"]\n`]) {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      cancel: () => void (cancelled = true),
    });
    const reader = await readCast(stream).catch(() => undefined);
    await reader?.close();
    assert(cancelled, text);
  }
});
