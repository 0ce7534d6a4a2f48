import assert from "node:assert/strict";
import fc from "fast-check";
import { OutputQueue } from "../../lib/session/output_queue.ts";
import { settle } from "../testkit/manual_clock.ts";

function unexpected(value: unknown): never {
  assert.fail(String(value));
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("arrivals during a write go out together, in order", async () => {
  const written: string[] = [];
  const gates: (() => void)[] = [];
  let reported = 0;
  const queue = new OutputQueue(
    (chunk) => {
      written.push(new TextDecoder().decode(chunk));
      return new Promise((resolve) => gates.push(resolve));
    },
    (count) => reported += count,
    unexpected,
  );
  queue.push(bytes("o"));
  queue.push(bytes("ne "));
  await settle();
  queue.push(bytes("two "));
  queue.push(bytes("three"));
  await settle();
  assert.deepEqual(written, ["one "]);
  assert.equal(reported, 0, "nothing is reported before it was written");
  gates[0]!();
  await settle();
  assert.deepEqual(written, ["one ", "two three"]);
  gates[1]!();
  await queue.drained();
  assert.equal(reported, 13);
  assert.equal(queue.total, 13);
});

Deno.test("one write takes 64 KiB at most", async () => {
  const sizes: number[] = [];
  const queue = new OutputQueue(
    (chunk) => Promise.resolve(void sizes.push(chunk.length)),
    () => {},
    unexpected,
  );
  for (let i = 0; i < 200; i++) queue.push(new Uint8Array(1000));
  await queue.drained();
  assert.equal(sizes.reduce((sum, size) => sum + size), 200_000);
  assert.ok(sizes.every((size) => size <= 64 * 1024), String(sizes));
});

Deno.test("a failed write is reported once, and ends the queue", async () => {
  const failures: unknown[] = [];
  const queue = new OutputQueue(
    () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
    unexpected,
    (error) => failures.push(error),
  );
  queue.push(bytes("a"));
  queue.push(bytes("b"));
  await queue.drained();
  queue.push(bytes("c"));
  await queue.drained();
  assert.equal(failures.length, 1);
  assert.ok(failures[0] instanceof Deno.errors.BrokenPipe);
});

Deno.test("a write that throws at once does not keep drained waiting", async () => {
  const failures: unknown[] = [];
  const queue = new OutputQueue(
    () => {
      throw new Deno.errors.BadResource("closed");
    },
    unexpected,
    (error) => failures.push(error),
  );
  queue.push(bytes("a"));
  await queue.drained();
  assert.equal(failures.length, 1);
});

Deno.test("small pieces that wait are kept together, whatever they were part of", async () => {
  const written: Uint8Array[] = [];
  const gate = Promise.withResolvers<void>();
  const queue = new OutputQueue(
    (chunk) => {
      written.push(chunk.slice());
      return gate.promise;
    },
    () => {},
    unexpected,
  );
  const frame = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
  queue.push(frame.subarray(0, 1));
  await settle();
  for (let at = 1; at < frame.length; at += 3) {
    queue.push(frame.slice(at, at + 3));
  }
  gate.resolve();
  await queue.drained();
  assert.equal(written.length, 1 + Math.ceil((frame.length - 1) / 65536));
  assert.ok(written.slice(1).every((chunk) => chunk.length <= 65536));
  const all = new Uint8Array(
    await new Blob(written as BlobPart[]).arrayBuffer(),
  );
  assert.deepEqual(all, frame);
});

Deno.test("pieces of any size come out whole and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          length: fc.oneof(
            fc.integer({ min: 1, max: 50 }),
            fc.integer({ min: 60_000, max: 140_000 }),
            fc.constantFrom(4096, 65_535, 65_536, 65_537),
          ),
          rest: fc.boolean(),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      async (pieces) => {
        let reported = 0, next = 0, seen = 0;
        const queue = new OutputQueue(
          async (chunk) => {
            for (const byte of chunk) if (byte !== seen++ % 251) assert.fail();
            await Promise.resolve();
          },
          (count) => reported += count,
          unexpected,
        );
        for (const { length, rest } of pieces) {
          const piece = new Uint8Array(length);
          for (let i = 0; i < length; i++) piece[i] = next++ % 251;
          queue.push(piece);
          if (rest) await settle();
        }
        await queue.drained();
        assert.equal(seen, next);
        assert.equal(reported, next);
      },
    ),
    { numRuns: 25 },
  );
});
