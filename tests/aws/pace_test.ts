import assert from "node:assert/strict";
import { Pace, waitFor } from "../../lib/aws/pace.ts";
import { ManualClock, settle } from "../testkit/manual_clock.ts";

/** How many calls are made in so many milliseconds. */
async function calls(
  pace: Pace,
  clock: ManualClock,
  milliseconds: number,
  answer: (call: number) => "succeeded" | "refused" = () => "succeeded",
): Promise<number> {
  let count = 0;
  const stop = new AbortController();
  const run = (async () => {
    for (;;) {
      await pace.turn(stop.signal);
      pace[answer(count++)]();
    }
  })();
  await clock.advance(milliseconds);
  stop.abort();
  await assert.rejects(run);
  return count;
}

Deno.test("calls keep their pace, and it grows while that goes well", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock);
  const first = await calls(pace, clock, 2_000);
  assert.ok(first >= 10 && first <= 12, String(first));
  await calls(pace, clock, 60_000);
  assert.equal(pace.rate, 10);
  const later = await calls(pace, clock, 10_000);
  assert.ok(later >= 99 && later <= 101, String(later));
});

Deno.test("each refusal halves the pace, and calls wait", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, () => 0.5);
  pace.refused();
  assert.equal(pace.rate, 2.5);
  let called = false;
  const turn = pace.turn().then(() => called = true);
  await clock.advance(700);
  assert.equal(called, false);
  await clock.advance(100);
  assert.equal(called, true);
  await turn;
  for (let i = 0; i < 10; i++) pace.refused();
  assert.equal(pace.rate, 0.5);
});

Deno.test("against a limit the pace comes to rest below it", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, () => 0.5);
  // Three calls per second, as a bucket that holds one second's worth.
  let tokens = 3;
  let at = clock.now();
  let refusals = 0;
  const count = await calls(pace, clock, 60_000, () => {
    tokens = Math.min(3, tokens + (clock.now() - at) / 1000 * 3);
    at = clock.now();
    if (tokens < 1) {
      refusals++;
      return "refused";
    }
    tokens--;
    return "succeeded";
  });
  assert.ok(count - refusals > 100, `${count} calls, ${refusals} refused`);
  assert.ok(refusals < count / 10, `${refusals} of ${count} refused`);
});

Deno.test("a wait can be given up, and leaves no timer", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const waiting = waitFor(1_000, clock, stop.signal);
  await settle();
  assert.equal(clock.pending, 1);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  assert.equal(clock.pending, 0);
});
