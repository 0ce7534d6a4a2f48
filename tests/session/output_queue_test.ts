import assert from "node:assert/strict";
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
  queue.push(bytes("one "));
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
