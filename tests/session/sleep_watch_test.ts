import assert from "node:assert/strict";
import {
  sleepInterval,
  sleepJump,
  SleepWatch,
} from "../../lib/session/sleep_watch.ts";
import type { Clock } from "../../lib/session/transport.ts";
import { DriverBench } from "../testkit/driver_bench.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { PortBench } from "../testkit/port_bench.ts";

const hour = 60 * 60_000;

/** A watch that has begun, and what it told. */
function watching(clock = new ManualClock()) {
  const slept: number[] = [];
  const watch = new SleepWatch(clock, (each) => slept.push(each));
  watch.start();
  return { clock, slept, watch };
}

Deno.test("a wall clock that jumps is a sleep, told once within 5 s", async () => {
  const { clock, slept, watch } = watching();
  await clock.advance(62_000);
  clock.drift += hour;
  await clock.advance(sleepInterval);
  assert.deepEqual(slept, [hour]);
  await clock.advance(10 * 60_000);
  assert.deepEqual(slept, [hour]);
  clock.drift += 2 * hour;
  await clock.advance(sleepInterval);
  assert.deepEqual(slept, [hour, 2 * hour]);
  watch.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("a clock that is set right is no sleep", async () => {
  const { clock, slept, watch } = watching();
  for (const turn of [sleepJump, 1000, -1, -hour, -5000]) {
    clock.drift += turn;
    await clock.advance(sleepInterval);
  }
  // Many small ones are no large one.
  for (let i = 0; i < 100; i++) {
    clock.drift += 400;
    await clock.advance(1000);
  }
  assert.deepEqual(slept, []);
  clock.drift += sleepJump + 1;
  await clock.advance(sleepInterval);
  assert.deepEqual(slept, [sleepJump + 1]);
  watch.stop();
});

Deno.test("after a turn backwards a sleep is still seen", async () => {
  const { clock, slept, watch } = watching();
  clock.drift -= 3 * hour;
  await clock.advance(sleepInterval);
  clock.drift += hour;
  await clock.advance(sleepInterval);
  assert.deepEqual(slept, [hour]);
  watch.stop();
});

Deno.test("what both clocks show was no sleep of theirs", async () => {
  const { clock, slept, watch } = watching();
  clock.sleep(hour); // a process that was stopped
  await clock.advance(sleepInterval);
  assert.deepEqual(slept, []);
  watch.stop();
});

Deno.test("a clock without a wall clock is not asked, and a watch begins once", async () => {
  const clock = new ManualClock();
  const bare: Clock = {
    now: () => clock.now(),
    setTimer: (delay, run) => clock.setTimer(delay, run),
  };
  const blind = new SleepWatch(bare, () => assert.fail("it saw something"));
  blind.start();
  assert.equal(clock.pending, 0);
  const { watch } = watching(clock);
  watch.start();
  assert.equal(clock.pending, 1);
  watch.stop();
  watch.stop();
  await clock.advance(60_000);
  assert.equal(clock.pending, 0);
});

Deno.test("after a sleep the connection is checked within 5 s, the newest one", async () => {
  const bench = await new DriverBench().begin();
  const first = bench.control.transport;
  bench.clock.drift += hour;
  await bench.clock.advance(5000);
  assert.deepEqual(first.checks, [5000]);
  first.drop();
  await bench.clock.advance(1000);
  bench.clock.drift += 500;
  await bench.clock.advance(60_000);
  bench.clock.drift -= hour;
  await bench.clock.advance(60_000);
  assert.deepEqual(bench.control.transport.checks, []);
  bench.clock.drift += hour;
  await bench.clock.advance(5000);
  assert.deepEqual(bench.control.transport.checks, [5000]);
  assert.deepEqual(first.checks, [5000]);
  await bench.end();
});

Deno.test("a sleep while there is no connection checks nothing", async () => {
  const bench = await new DriverBench().begin();
  const resume = bench.control.onResume;
  const gate = Promise.withResolvers<void>();
  bench.control.onResume = async (signal) => {
    await gate.promise;
    return await resume(signal);
  };
  bench.control.transport.drop();
  await bench.clock.advance(1000);
  bench.clock.drift += hour;
  await bench.clock.advance(10_000);
  gate.resolve();
  await bench.clock.advance(1000);
  assert.equal(bench.control.transports.length, 2);
  for (const each of bench.control.transports) {
    assert.deepEqual(each.checks, []);
  }
  await bench.end();
});

Deno.test("a port session tells of the sleep, and resumes what it has ended", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  const { transport } = bench.node.control;
  transport.check = (limit) => {
    bench.clock.setTimer(limit, () =>
      transport.drop({
        code: 1006,
        reason: "Nothing arrived for 5 s",
        clean: false,
      }));
  };
  bench.clock.drift += 8 * hour;
  await bench.clock.advance(12_000);
  assert.deepEqual(bench.notices[0], {
    kind: "slept",
    milliseconds: 8 * hour,
  });
  assert.deepEqual(bench.kinds, ["slept", "lost", "resumed"]);
  local.send("good morning");
  await bench.clock.advance(1000);
  assert.equal(far.text, "good morning");
  await bench.end();
});
