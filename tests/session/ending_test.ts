import assert from "node:assert/strict";
import { Ending } from "../../lib/session/ending.ts";
import { ConnectionLostError } from "../../lib/session/resume.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

function bench() {
  const clock = new ManualClock();
  let stopped = 0;
  const ending = new Ending(clock, () => void stopped++);
  return { clock, ending, stopped: () => stopped };
}

Deno.test("ending: the first one counts, and what waits is forgotten", async () => {
  const { clock, ending, stopped } = bench();
  ending.after(1000, () => assert.fail("it is over"));
  assert.equal(ending.over, false);
  ending.finish({ kind: "left" });
  ending.finish({ kind: "ended" });
  ending.fail(new Error("late"));
  ending.after(1, () => assert.fail("it is over"));
  assert.equal(clock.pending, 0);
  assert.deepEqual(await ending.promise, { kind: "left" });
  assert.ok(ending.over && stopped() > 0);
});

Deno.test("ending: a signal of ours is one, another reason is thrown", async () => {
  const ours = bench().ending;
  ours.aborted(new SignalError("SIGHUP"));
  assert.deepEqual(await ours.promise, { kind: "signal", signal: "SIGHUP" });
  const other = bench().ending;
  other.aborted(new RangeError("x"));
  await assert.rejects(other.promise, RangeError);
});

Deno.test("ending: a session that timed out is gone, one that was lost may live", async () => {
  for (const timedOut of [true, false]) {
    const { ending } = bench();
    ending.lost(new ConnectionLostError("no way back", timedOut));
    const end = await ending.promise;
    assert.equal(end.kind, timedOut ? "timed-out" : "lost");
    assert.equal(ending.gone, timedOut);
  }
});
