import assert from "node:assert/strict";
import type { AgentOptions } from "../../../lib/simulator/agent/agent.ts";
import { Bench } from "./bench.ts";
import { LoopbackServer } from "./loopback_server.ts";
import { MuxClient } from "./mux_client.ts";

/** A forward to a port of this machine, and its client, ready. */
async function forward(
  port: string,
  options: Partial<AgentOptions> = {},
): Promise<{ bench: Bench; client: MuxClient }> {
  const bench = new Bench({
    documentName: "AWS-StartPortForwardingSession",
    parameters: { portNumber: [port] },
    ...options,
  });
  const channel = bench.client!;
  const client = new MuxClient((payload) =>
    channel.send(payload, bench.clock.now())
  );
  bench.onPayload = (payload) => client.smux.receive(payload);
  await bench.until("started", () => channel.started);
  return { bench, client };
}

Deno.test("two streams through one session, echoed", async () => {
  await using server = LoopbackServer.echo();
  const { bench, client } = await forward(server.port);
  await using _ = bench;
  const one = client.open("first"), two = client.open("second");
  await bench.until(
    "the echoes",
    () => client.received(one).bytes === 5 && client.received(two).bytes === 6,
  );
  assert.equal(client.received(one).text, "first");
  assert.equal(client.received(two).text, "second");
  const large = new Uint8Array(1_000_000).fill(7);
  client.write(one, large);
  await bench.until(
    "a megabyte",
    () => client.received(one).bytes === large.length + 5,
  );
});
