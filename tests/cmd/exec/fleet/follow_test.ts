import assert from "node:assert/strict";
import { followCommand } from "../../../../cmd/exec/fleet/follow.ts";
import { FakeRunCommand } from "../../../testkit/fake_run_command.ts";
import { ManualClock } from "../../../testkit/manual_clock.ts";

/** Lets time pass in steps: a page of nodes takes more turns than one step waits for. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 50) await clock.advance(50);
}

/** Follows a command on so many nodes, of which so many end per second. */
function follow(calls: FakeRunCommand, clock: ManualClock) {
  const ended: string[] = [];
  const progress: [number, number][] = [];
  const stop = new AbortController();
  const result = followCommand({
    commandId: "c1",
    calls,
    clock,
    signal: stop.signal,
    onProgress: (nodes, completed) => progress.push([nodes, completed]),
    onEnded: (invocation) => {
      ended.push(invocation.nodeId);
      return Promise.resolve();
    },
  });
  result.catch(() => {});
  return { result, ended, progress, stop };
}

Deno.test("every node is told once, and few calls tell it", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 10_000, perSecond: 100 });
  await calls.send(calls.request);
  const { result, ended } = follow(calls, clock);
  await pass(clock, 50_000);
  assert.ok(ended.length > 3_000, `${ended.length} are shown while it runs`);
  await pass(clock, 120_000);
  assert.deepEqual(await result, { nodes: 10_000, missing: 0 });
  assert.equal(ended.length, 10_000);
  assert.equal(new Set(ended).size, 10_000);
  // 200 pages hold them all; the rounds while it ran saw many of them again.
  assert.ok(calls.pages < 2_000, `${calls.pages} pages`);
  assert.equal(clock.pending, 0);
});

Deno.test("with few nodes an end is told within seconds", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 3, perSecond: 0.1 });
  await calls.send(calls.request);
  const { result, ended } = follow(calls, clock);
  await pass(clock, 16_000);
  assert.equal(ended.length, 1);
  await pass(clock, 40_000);
  assert.equal((await result).nodes, 3);
});

Deno.test("AWS may need a moment to know of it", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 2, unknownFor: 5_000 });
  await calls.send(calls.request);
  const { result, ended } = follow(calls, clock);
  await pass(clock, 20_000);
  assert.equal((await result).nodes, 2);
  assert.equal(ended.length, 2);
  const never = new FakeRunCommand(clock, { nodes: 2, unknownFor: Infinity });
  await never.send(never.request);
  const second = follow(never, clock);
  await pass(clock, 90_000);
  await assert.rejects(second.result, /AWS does not know it/);
});

Deno.test("nodes that are counted and not listed are missing", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 100, unlisted: 7 });
  await calls.send(calls.request);
  const { result, ended } = follow(calls, clock);
  await pass(clock, 120_000);
  assert.deepEqual(await result, { nodes: 100, missing: 7 });
  assert.equal(ended.length, 93);
});

Deno.test("no node fits", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 0 });
  await calls.send(calls.request);
  const { result } = follow(calls, clock);
  await pass(clock, 5_000);
  assert.deepEqual(await result, { nodes: 0, missing: 0 });
});

Deno.test("it can be given up", async () => {
  const clock = new ManualClock();
  const calls = new FakeRunCommand(clock, { nodes: 10, perSecond: 0.01 });
  await calls.send(calls.request);
  const { result, stop } = follow(calls, clock);
  await pass(clock, 5_000);
  stop.abort(new Error("enough"));
  await assert.rejects(result, /enough/);
  assert.equal(clock.pending, 0);
});
