import assert from "node:assert/strict";
import { Flag } from "../../../lib/protocol/message/payload.ts";
import { systemClock } from "../../../lib/io/clock.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";
import { LoopbackServer } from "../agent/loopback_server.ts";
import { MuxClient } from "../agent/mux_client.ts";
import { Client, faults, Harness } from "./harness.ts";

/**
 * The client of a multiplexed session, over a real connection.
 *
 * @param clock The service's, if it is not the system's: the agent asks again by it what nobody
 *   heard before the client was there.
 */
async function connectMux(
  harness: Harness,
  id: string,
  clock?: ManualClock,
): Promise<{ client: Client; mux: MuxClient }> {
  const client = await Client.connect(harness, id);
  const mux = new MuxClient((payload) => {
    client.channel.send(payload, systemClock.now());
    client.flush();
  });
  client.onPayload = (payload) => mux.smux.receive(payload);
  while (clock !== undefined && !client.channel.started) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await client.until("started", () => client.channel.started);
  return { client, mux };
}

const forward = (port: string): [string, Record<string, string[]>] => [
  "AWS-StartPortForwardingSession",
  { portNumber: [port] },
];

Deno.test("door: two streams to a port and back, and flag 2 ends it all", async () => {
  await using server = LoopbackServer.echo();
  await using harness = await Harness.start();
  const id = harness.session(...forward(server.port));
  const { client, mux } = await connectMux(harness, id);
  const one = mux.open("hello"), two = mux.open(new Uint8Array(300_000));
  await client.until(
    "the echoes",
    () =>
      mux.received(one).text === "hello" && mux.received(two).bytes === 300_000,
  );
  client.channel.flag(Flag.TerminateSession, systemClock.now());
  client.flush();
  // There is no Terminating, and yet the session ends (pitfalls.md §2.22).
  assert.equal(await client.closed(), "");
  assert.equal(harness.registry.get(id)?.status, "Terminated");
});

Deno.test("door: a client that is gone behind flag 2 is not waited for", async () => {
  await using server = LoopbackServer.echo();
  const clock = new ManualClock();
  await using harness = await Harness.start({}, clock);
  const id = harness.session(...forward(server.port));
  const { client } = await connectMux(harness, id, clock);
  // Time stands still: whatever ends now has waited for nothing.
  const ended = new Promise((resolve) =>
    harness.registry.onTerminate(id, resolve)
  );
  client.channel.flag(Flag.TerminateSession, systemClock.now());
  client.flush();
  void client.transport?.close();
  assert.equal(await ended, "");
});

Deno.test("door: SSH ends with its destination, and an error is the Output", async () => {
  await using server = new LoopbackServer(async ({ conn }) => {
    await conn.write(new TextEncoder().encode("SSH-2.0-x\r\n"));
    conn.close();
  });
  await using harness = await Harness.start();
  const id = harness.session("AWS-StartSSHSession", {
    portNumber: [server.port],
  });
  const client = await Client.connect(harness, id);
  assert.equal(await client.closed(), "");
  assert.equal(client.text, "SSH-2.0-x\r\n");
  assert.equal(harness.registry.get(id)?.status, "Terminated");

  const nosuch = harness.session("AWS-StartPortForwardingSessionToRemoteHost", {
    host: ["nosuch.internal"],
    portNumber: ["80"],
  });
  const second = await Client.connect(harness, nosuch);
  assert.equal(await second.closed(), "lookup nosuch.internal: no such host");
  assert.equal(harness.registry.get(nosuch)?.status, "Failed");
});

Deno.test("door: a host of the simulator's", async () => {
  await using server = LoopbackServer.echo();
  await using harness = await Harness.start({
    hosts: { "db.internal": "127.0.0.1" },
  });
  const id = harness.session("AWS-StartPortForwardingSessionToRemoteHost", {
    host: ["db.internal"],
    portNumber: [server.port],
  });
  const { client, mux } = await connectMux(harness, id);
  const stream = mux.open("select 1");
  await client.until(
    "the echo",
    () => mux.received(stream).text === "select 1",
  );
});

Deno.test("door: nothing is lost over a bad line that breaks again and again", async () => {
  await using server = LoopbackServer.echo();
  const bad = { loss: 0.05, repeat: 0.05, reorder: 0.05, wrongDigest: 0.02 };
  await using harness = await Harness.start({
    faults: faults({
      up: bad,
      down: bad,
      closeAfterBytes: 150_000,
      closeLimit: 3,
    }),
  });
  const id = harness.session(...forward(server.port));
  const { client, mux } = await connectMux(harness, id);
  const data = Uint8Array.from({ length: 250_000 }, (_, i) => i % 251);
  const streams = [mux.open(data), mux.open(data)];
  await client.until(
    "the echoes",
    () => streams.every((one) => mux.received(one).bytes === data.length),
  );
  assert.equal(client.connections, 4);
});

Deno.test("door: the maximum duration ends a session that is busy", async () => {
  await using server = LoopbackServer.echo();
  const clock = new ManualClock();
  await using harness = await Harness.start({ maxDuration: 20 }, clock);
  const id = harness.session(...forward(server.port));
  const { client } = await connectMux(harness, id, clock);
  await clock.advance(20_000);
  assert.equal(
    await client.closed(),
    `Session: ${id} has reached its maximum duration.`,
  );
});
