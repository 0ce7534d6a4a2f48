import assert from "node:assert/strict";
import { DriverBench } from "../testkit/driver_bench.ts";

Deno.test("an answer that does not come for 5 s has the connection checked, again and again", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  await bench.clock.advance(60_000);
  assert.deepEqual(transport.checks, [], "silence without a question");
  transport.onSend = () => {};
  bench.type("into a network that has changed");
  await bench.clock.advance(4_500);
  assert.deepEqual(transport.checks, []);
  await bench.clock.advance(4_000);
  assert.deepEqual(transport.checks, [5000]);
  await bench.clock.advance(20_000);
  assert.ok(transport.checks.length >= 3, String(transport.checks));
  await bench.end();
});

Deno.test("a transport that cannot ask is not ended for an agent's silence", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  transport.canAsk = false;
  transport.onSend = () => {};
  bench.type("x");
  await bench.clock.advance(30_000);
  assert.deepEqual(transport.checks, []);
  await bench.end();
});

Deno.test("a new connection has its own 5 s", async () => {
  const bench = await new DriverBench().begin();
  bench.control.transport.onSend = () => {};
  bench.type("x");
  await bench.clock.advance(4_000);
  bench.control.onOpen = (transport) => {
    transport.onSend = () => {};
  };
  bench.control.transport.drop();
  await bench.clock.advance(4_000);
  assert.equal(bench.control.transports.length, 2);
  assert.deepEqual(bench.control.transport.checks, []);
  await bench.clock.advance(4_000);
  assert.deepEqual(bench.control.transport.checks, [5000]);
  await bench.end();
});
