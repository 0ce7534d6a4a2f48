import assert from "node:assert/strict";
import { PortBench } from "../testkit/port_bench.ts";

Deno.test("an agent whose destination does not read for an hour is waited for, and nothing is lost", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  const { control } = bench.node;
  const { onSend } = control.transport;
  // It takes nothing, and says nothing.
  control.transport.onSend = () => {};
  local.send("for whoever reads it");
  await bench.clock.advance(3_600_000);
  assert.deepEqual(bench.notices, []);
  assert.equal(bench.session.open, 1);
  assert.equal(far.text, "");
  control.transport.onSend = onSend;
  await bench.until(() => far.text === "for whoever reads it");
  far.send("at last");
  await bench.until(() => local.text === "at last");
  await bench.end();
});
