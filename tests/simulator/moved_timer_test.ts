import assert from "node:assert/strict";
import { MovedTimer } from "../../lib/simulator/moved_timer.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

Deno.test("timer: moved when it would be late, left when it is early", async () => {
  const clock = new ManualClock();
  const start = clock.now();
  const runs: number[] = [];
  const timer = new MovedTimer(clock, () => runs.push(clock.now() - start));
  timer.arm(start + 100);
  timer.arm(start + 200);
  assert.equal(clock.set, 1);
  timer.arm(start + 50);
  assert.equal(clock.set, 2);
  assert.equal(clock.pending, 1);
  await clock.advance(1000);
  assert.deepEqual(runs, [50]);
  timer.arm(start);
  await clock.advance(0);
  assert.deepEqual(runs, [50, 1000], "what is over is due at once");
  timer.arm(start + 2000);
  timer.cancel();
  timer.cancel();
  assert.equal(clock.pending, 0);
});
