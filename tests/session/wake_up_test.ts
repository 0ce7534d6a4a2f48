import assert from "node:assert/strict";
import { WakeUp } from "../../lib/session/wake_up.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

function make() {
  const clock = new ManualClock();
  const start = clock.now();
  const calls: { at: number; late: number }[] = [];
  const wakeUp = new WakeUp(
    clock,
    (late) => calls.push({ at: clock.now() - start, late }),
  );
  return { clock, start, calls, wakeUp };
}

Deno.test("a later moment keeps the timer, an earlier one sets a new one", async () => {
  const { clock, start, calls, wakeUp } = make();
  wakeUp.set(start + 100);
  wakeUp.set(start + 200);
  wakeUp.set(start + 100);
  assert.equal(clock.set, 1);
  wakeUp.set(start + 50);
  assert.equal(clock.set, 2);
  assert.equal(clock.pending, 1);
  await clock.advance(1000);
  assert.deepEqual(calls, [{ at: 50, late: 0 }]);
});

Deno.test("no moment at all, and cancel, leave no timer", async () => {
  const { clock, start, calls, wakeUp } = make();
  wakeUp.set(start + 100);
  wakeUp.set(undefined);
  assert.equal(clock.pending, 0);
  wakeUp.set(start + 100);
  wakeUp.cancel();
  wakeUp.cancel();
  assert.equal(clock.pending, 0);
  wakeUp.set(start + 70);
  await clock.advance(1000);
  assert.deepEqual(calls, [{ at: 70, late: 0 }], "the old moment still counts");
});

Deno.test("what is overdue comes after the pause, however often it is asked for", async () => {
  const { clock, start, calls, wakeUp } = make();
  for (let i = 0; i < 9; i++) {
    wakeUp.set(start - 5, 100);
    await clock.advance(10);
  }
  assert.equal(clock.set, 1);
  await clock.advance(10);
  assert.deepEqual(calls, [{ at: 100, late: 0 }]);
  wakeUp.set(start);
  await clock.advance(0);
  assert.equal(calls.length, 2);
});

Deno.test("a process that was stopped learns how late it is", async () => {
  const { clock, start, calls, wakeUp } = make();
  wakeUp.set(start + 100);
  clock.sleep(60_000);
  await clock.advance(0);
  assert.deepEqual(calls, [{ at: 60_000, late: 59_900 }]);
});
