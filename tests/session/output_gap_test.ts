import assert from "node:assert/strict";
import { OutputGap } from "../../lib/session/output_gap.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

/** The agent's clock is an hour before ours. */
const ahead = 3_600_000;

/** A command whose output was on its way when the connection was lost. */
async function lost() {
  const clock = new ManualClock();
  const gap = new OutputGap(clock);
  let stopped = false;
  void gap.stopped.then(() => stopped = true);
  gap.started();
  await clock.advance(2000);
  gap.printed(clock.now() + ahead - 5);
  const createdDate = clock.now() + ahead;
  gap.lost();
  await clock.advance(3000);
  gap.resumed();
  return { clock, gap, createdDate, stopped: () => stopped };
}

Deno.test("gap: what is sent again, however long that takes, is no sign that the agent reads on", async () => {
  const { clock, gap, createdDate, stopped } = await lost();
  for (let at = 0; at < 600; at++) {
    gap.printed(createdDate + at % 2);
    await clock.advance(100);
  }
  assert.equal(stopped(), false);
  await clock.advance(10_000);
  assert.equal(stopped(), true);
  assert.equal(gap.possible, true);
  assert.equal(clock.pending, 0);
});

Deno.test("gap: output read after the connection was back is one", async () => {
  const { clock, gap, createdDate, stopped } = await lost();
  gap.printed(createdDate);
  await clock.advance(5000);
  gap.printed(clock.now() + ahead - 5);
  await clock.advance(600_000);
  assert.equal(stopped(), false);
  assert.equal(gap.possible, true, "something may be missing in between");
  assert.equal(clock.pending, 0);
});

Deno.test("gap: where nothing comes nothing is missing", async () => {
  const { clock, gap, stopped } = await lost();
  await clock.advance(600_000);
  assert.deepEqual([stopped(), gap.possible], [false, false]);
  gap.close();
  assert.equal(clock.pending, 0);
});

Deno.test("gap: what was read before and comes very late is waited behind, too", async () => {
  const { clock, gap, createdDate, stopped } = await lost();
  await clock.advance(60_000);
  gap.printed(createdDate);
  await clock.advance(9_000);
  assert.equal(stopped(), false);
  await clock.advance(1_000);
  assert.deepEqual([stopped(), gap.possible], [true, true]);
  assert.equal(clock.pending, 0);
});
