import assert from "node:assert/strict";
import { defaultOptions } from "../../../lib/simulator/options.ts";
import { ForcedCloses } from "../../../lib/simulator/service/forced_closes.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";

Deno.test("a socket is closed once, however much was on its way to it", () => {
  let closed = 0;
  const closes = new ForcedCloses(
    { ...defaultOptions.faults, closeAfterBytes: 1000, closeLimit: 2 },
    new ManualClock(),
    { close: () => closed++, publish: () => {} },
  );
  closes.connected();
  closes.count(999);
  assert.equal(closed, 0);
  for (let i = 0; i < 10; i++) closes.count(1000);
  assert.equal(closed, 1);
  closes.disconnected();
  closes.connected();
  for (let i = 0; i < 10; i++) closes.count(1000);
  assert.equal(closed, 2);
  closes.connected();
  closes.count(100_000);
  assert.equal(closed, 2, "more often than the limit says");
});

Deno.test("bytes and seconds together close a socket once", async () => {
  let closed = 0;
  const clock = new ManualClock();
  const closes = new ForcedCloses(
    {
      ...defaultOptions.faults,
      closeAfterBytes: 1000,
      closeAfterSeconds: 5,
      closeLimit: 2,
    },
    clock,
    { close: () => closed++, publish: () => {} },
  );
  closes.connected();
  closes.count(1000);
  await clock.advance(10_000);
  assert.equal(closed, 1);
  closes.disconnected();
  closes.connected();
  await clock.advance(10_000);
  assert.equal(closed, 2);
  closes.disconnected();
  closes.connected();
  await clock.advance(10_000);
  assert.equal(closed, 2);
  assert.equal(clock.pending, 0);
});
