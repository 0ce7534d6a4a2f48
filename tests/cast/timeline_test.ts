import assert from "node:assert/strict";
import { Timeline } from "../../lib/cast/timeline.ts";

Deno.test("timeline: speed and the longest pause", () => {
  const timeline = new Timeline({ speed: 2, idleLimit: 3 }, 1000);
  timeline.next(2);
  assert.equal(timeline.left(1000), 1000);
  assert.equal(timeline.left(2500), -500);
  timeline.next(100);
  // 3 s of the recording at double speed, behind the first event.
  assert.equal(timeline.left(2000), 1500);
  timeline.next(50);
  assert.equal(timeline.left(2000), 1500);
  timeline.next(101);
  assert.equal(timeline.left(2000), 2000);
});

Deno.test("timeline: a pause puts everything off, a step is taken at once", () => {
  const timeline = new Timeline({ speed: 1, idleLimit: undefined }, 0);
  timeline.next(10);
  timeline.togglePause(4000);
  assert(timeline.paused);
  assert.equal(timeline.left(100_000), undefined);
  timeline.togglePause(104_000);
  assert.equal(timeline.left(104_000), 6000);
  timeline.togglePause(105_000);
  timeline.skip(106_000);
  assert.equal(timeline.left(106_000), 0);
  timeline.next(12);
  assert.equal(timeline.left(106_000), undefined);
  timeline.togglePause(200_000);
  assert.equal(timeline.left(200_000), 2000);
});
