import assert from "node:assert/strict";
import fc from "fast-check";
import { headerLine } from "../../lib/cast/event.ts";
import { readCast } from "../../lib/cast/reader.ts";
import { type CastStream, Recording } from "../../lib/cast/recording.ts";

const encoder = new TextEncoder();
const size = { cols: 80, rows: 24 };

function eventsOf(lines: string): [number, string, string][] {
  return lines.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
}

Deno.test("recording: bytes with their times, beginning at the first", () => {
  const recording = new Recording(size);
  recording.add("output", 5000, encoder.encode('a\r\n\x1b[1m"\\'));
  recording.add("errors", 5250.5, encoder.encode("b"));
  recording.add("input", 6000, encoder.encode("c"));
  recording.add("output", 6001, new Uint8Array());
  assert.equal(recording.waiting, 11);
  assert.equal(
    recording.take(),
    '[0.000000, "o", "a\\r\\n\\u001b[1m\\"\\\\"]\n' +
      '[0.250500, "o", "b"]\n[1.000000, "i", "c"]\n',
  );
  assert.equal(recording.waiting, 0);
  assert.equal(recording.take(), "");
});

Deno.test("recording: only what was handed over counts, not what becomes of its memory", () => {
  const recording = new Recording(size);
  const bytes = encoder.encode("first");
  recording.add("output", 0, bytes);
  bytes.fill(0x78);
  assert.deepEqual(eventsOf(recording.take()), [[0, "o", "first"]]);
});

Deno.test("recording: a character that was cut in two is in one event; an end without it is told", () => {
  const recording = new Recording(size);
  const [first = 0, second = 0] = encoder.encode("é");
  recording.add("output", 0, Uint8Array.of(0x61, first));
  assert.deepEqual(eventsOf(recording.take()), [[0, "o", "a"]]);
  // Each stream has its own: what comes between them belongs to neither.
  recording.add("errors", 500, encoder.encode("x"));
  recording.add("output", 1000, Uint8Array.of(second));
  recording.add("output", 2000, Uint8Array.of(first));
  assert.deepEqual(eventsOf(recording.finish() + recording.finish()), [
    [0.5, "o", "x"],
    [1, "o", "é"],
    [2, "o", "\ufffd"],
  ]);
  assert.equal(recording.finish(), "");
});

Deno.test("recording: a new size is an event, the same size none; another recording goes on", () => {
  const recording = new Recording(size, 10);
  recording.resize(0, { cols: 80, rows: 24 });
  recording.resize(0, { cols: 100, rows: 24 });
  recording.resize(500, { cols: 100, rows: 24 });
  recording.resize(1000, { cols: 80, rows: 24 });
  assert.deepEqual(eventsOf(recording.take()), [
    [10, "r", "100x24"],
    [11, "r", "80x24"],
  ]);
});

Deno.test("recording: much is formatted in pieces, and can be forgotten", () => {
  const recording = new Recording(size);
  const bytes = new Uint8Array(100_000).fill(0x61);
  for (let count = 0; count < 7; count++) recording.add("output", 0, bytes);
  const pieces = [recording.take(), recording.take(), recording.take()];
  assert.deepEqual(pieces.map((text) => eventsOf(text).length), [3, 3, 1]);
  assert.equal(recording.waiting, 0);
  assert.equal(recording.take(), "");
  recording.add("output", 0, bytes);
  recording.clear();
  assert.equal(recording.waiting, 0);
  assert.equal(recording.finish(), "");
});

Deno.test("recording: whatever is cut wherever comes back whole, in order", async () => {
  const piece = fc.record({
    stream: fc.constantFrom<CastStream>("output", "input"),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: "binary", maxLength: 8 }).map((text) =>
        encoder.encode(text)
      ),
    ),
    pause: fc.nat(100_000),
    taken: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const recording = new Recording(size);
      let lines = "", now = 0;
      for (const { stream, bytes, pause, taken } of pieces) {
        recording.add(stream, now += pause, bytes);
        if (taken) lines += recording.take();
      }
      for (let more = recording.finish(); more !== "";) {
        lines += more;
        more = recording.finish();
      }
      const text = headerLine({ width: 80, height: 24 }) + lines;
      const { events } = await readCast(
        ReadableStream.from([encoder.encode(text)]),
      );
      const got = { o: "", i: "" };
      let last = 0;
      for await (const { time, code, data } of events) {
        assert(time >= last);
        last = time;
        assert(code === "o" || code === "i");
        got[code] += data;
      }
      for (const [code, stream] of [["o", "output"], ["i", "input"]] as const) {
        const decoder = new TextDecoder();
        const wanted = pieces.filter((one) => one.stream === stream)
          .map(({ bytes }) => decoder.decode(bytes, { stream: true }))
          .join("") + decoder.decode();
        assert.equal(got[code], wanted);
      }
    }),
  );
});
