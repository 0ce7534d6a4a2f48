import assert from "node:assert/strict";
import { BasicPort } from "../../lib/session/basic_port.ts";
import type { CarrierHost } from "../../lib/session/carrier.ts";
import type { DataChannel } from "../../lib/protocol/channel/data_channel.ts";
import { PayloadSize } from "../../lib/protocol/channel/payload_size.ts";
import { FakeConnection } from "../testkit/fake_local.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

Deno.test("a connection is not hung up by the time of the one before it", async () => {
  const clock = new ManualClock();
  let acknowledged = false;
  const channel: Pick<
    DataChannel,
    "flag" | "isAcknowledged" | "writable" | "send" | "unacknowledged"
  > = {
    flag: () => 7,
    isAcknowledged: () => acknowledged,
    writable: true,
    send: () => {},
    unacknowledged: 0,
  };
  const host: CarrierHost = {
    channel: channel as unknown as DataChannel,
    size: new PayloadSize(1024),
    clock,
    grace: 30_000,
    flush() {},
    moved() {},
    waits() {},
    refused() {},
    heldUp() {},
    disconnected() {},
    othersWait: () => false,
  };
  const port = new BasicPort(host);
  const first = new FakeConnection();
  port.connect({ conn: first, name: "first" });
  first.end();
  await clock.advance(1000);
  // It is gone now, and what comes for it cannot be written.
  first.reset = true;
  port.payload(new Uint8Array(10));
  await clock.advance(1000);
  assert.equal(first.closed, true);
  acknowledged = true;
  port.progress();
  await clock.advance(1000);
  assert.equal(port.canConnect, true);
  const second = new FakeConnection();
  port.connect({ conn: second, name: "second" });
  await clock.advance(120_000);
  assert.equal(second.closed, false);
  assert.equal(port.open, 1);
  port.dispose();
  assert.equal(clock.pending, 0);
});
