import assert from "node:assert/strict";
import {
  keepsAlive,
  maximumReceiveBuffer,
} from "../../../lib/simulator/agent/mux_port.ts";
import { fastPace, realPace } from "../../../lib/simulator/agent/pace.ts";
import { dialTimeout } from "../../../lib/simulator/agent/port_destination.ts";
import { Flag } from "../../../lib/protocol/message/payload.ts";
import { FakeNetwork } from "./fake_network.ts";
import { LoopbackServer } from "./loopback_server.ts";
import { PortBench } from "./port_bench.ts";
import { connectLoopback } from "../../../lib/simulator/agent/port_destination.ts";

Deno.test("mux: two streams to a real port and back, a megabyte in one of them", async () => {
  await using server = LoopbackServer.echo();
  await using bench = await PortBench.mux({
    parameters: { portNumber: [server.port] },
    connect: connectLoopback,
  });
  const { mux } = bench;
  const one = mux.open("first"), two = mux.open("second");
  await bench.until(
    "the echoes",
    () => mux.received(one).bytes === 5 && mux.received(two).bytes === 6,
  );
  assert.equal(mux.received(one).text, "first");
  assert.equal(mux.received(two).text, "second");
  mux.write(one, new Uint8Array(1_000_000).fill(7));
  await bench.until(
    "a megabyte",
    () => mux.received(one).bytes === 1_000_005,
  );
  mux.finish(two);
  await bench.until("FIN back", () => mux.received(two).finished);
  await bench.until("the destination's end", () => server.visits[1]!.ended);
  assert.equal(server.visits[0]!.ended, false);
});

Deno.test("mux: input is in one piece at the destination, whatever pieces it came in", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  const stream = mux.open("GET ");
  for (const part of ["/", " HTTP/1.0", "\r\n\r\n"]) mux.write(stream, part);
  await bench.until("written", () => network.connections[0]?.written === 18, 0);
  assert.equal(network.at(0).text, "GET / HTTP/1.0\r\n\r\n");
  assert.deepEqual(network.at(0).writes, [18]);
  assert.deepEqual(network.dials, ["127.0.0.1 5432"]);
});

Deno.test("mux: the client's FIN takes the whole connection, and comes back", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  const stream = mux.open("question");
  mux.finish(stream);
  await bench.until("FIN back", () => mux.received(stream).finished, 0);
  const connection = network.at(0);
  assert.equal(connection.text, "question");
  // The answer to the end of the input has no way back (sessions.md §6.3).
  assert.equal(connection.closed, true);
  assert.equal(mux.received(stream).bytes, 0);
});

Deno.test("mux: a FIN waits for the input before it", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  const stream = mux.open("a");
  await bench.until("dialled", () => network.connections[0]?.written === 1, 0);
  network.at(0).stick();
  mux.write(stream, "bc");
  mux.finish(stream);
  await bench.until("taken", () => bench.client!.unacknowledged === 0, 0);
  assert.equal(network.at(0).closed, false);
  network.at(0).unstick();
  await bench.until("closed", () => network.at(0).closed, 0);
  assert.equal(network.at(0).text, "abc");
});

Deno.test("mux: the destination's half-close is its end too, after all it said", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  const stream = mux.open("hello");
  await bench.until("dialled", () => network.connections.length === 1, 0);
  network.at(0).say(new Uint8Array(100_000));
  network.at(0).end();
  await bench.until("FIN", () => mux.received(stream).finished, 0);
  assert.equal(mux.received(stream).bytes, 100_000);
  assert.equal(network.at(0).closed, true);
  // What comes afterwards is read over, and the session goes on.
  mux.write(stream, "too late");
  mux.finish(stream);
  const next = mux.open("next");
  await bench.until("dialled", () => network.connections.length === 2, 0);
  network.at(1).say("here");
  await bench.until("here", () => mux.received(next).text === "here", 0);
  assert.equal(mux.smux.streams, 1);
});

Deno.test("mux: a dial that fails is flag 3 and FIN", async () => {
  const network = new FakeNetwork();
  network.refuse(2);
  await using bench = await PortBench.mux({}, network);
  const { mux } = bench;
  const stream = mux.open("lost");
  await bench.until("FIN", () => mux.received(stream).finished, 0);
  await bench.until("the flag", () => bench.flags().length > 0, 0);
  assert.deepEqual(bench.flags(), [Flag.ConnectToPortError]);
  // Both addresses of localhost; the first one's failure counts.
  assert.deepEqual(network.dials, ["127.0.0.1 5432", "::1 5432"]);
  assert.match(
    bench.log.join("\n"),
    /stream 3: dial tcp 127\.0\.0\.1:5432: connect: connection refused/,
  );
  const next = mux.open("taken");
  await bench.until("dialled", () => network.connections[0]?.written === 5, 0);
  assert.equal(mux.received(next).finished, false);
  assert.deepEqual(bench.exits, []);
});

for (
  const [pace, name, second] of [
    [realPace, "real: one after the other", 2 * dialTimeout],
    [fastPace, "fast: all at once", dialTimeout],
  ] as const
) {
  Deno.test(`mux: dials at the pace "${name}"`, async () => {
    await using bench = await PortBench.mux({
      pace,
      documentName: "AWS-StartPortForwardingSessionToRemoteHost",
      parameters: { host: ["slow.internal"], portNumber: ["80"] },
      hosts: { "slow.internal": "blackhole" },
    });
    const { mux } = bench;
    const streams = [mux.open("one"), mux.open("two")];
    await bench.until("taken", () => bench.client!.unacknowledged === 0, 1);
    const from = bench.clock.now();
    const times: number[] = [];
    for (const stream of streams) {
      await bench.until("FIN", () => mux.received(stream).finished, 500);
      times.push(bench.clock.now() - from);
    }
    for (const [i, time] of [dialTimeout, second].entries()) {
      assert.ok(Math.abs(times[i]! - time) <= 1000, `${i}: ${times}`);
    }
    assert.deepEqual(bench.flags(), [3, 3]);
  });
}

Deno.test("mux: the session's end gives dials up", async () => {
  await using bench = await PortBench.mux({
    documentName: "AWS-StartPortForwardingSessionToRemoteHost",
    parameters: { host: ["slow.internal"], portNumber: ["80"] },
    hosts: { "slow.internal": "blackhole" },
  });
  bench.mux.open("one");
  await bench.until("taken", () => bench.client!.unacknowledged === 0, 0);
  bench.client!.flag(Flag.TerminateSession, bench.clock.now());
  await bench.until("the end", () => bench.exits.length > 0, 0);
  await bench.agent.done;
});

Deno.test("mux: flag 2 ends the session, with everything in it and without a word", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  mux.open("one");
  await bench.until("dialled", () => network.connections[0]?.written === 3, 0);
  network.at(0).stick();
  mux.open("two");
  const number = bench.client!.flag(Flag.TerminateSession, bench.clock.now());
  await bench.until("the end", () => bench.exits.length > 0, 0);
  assert.equal(bench.client!.isAcknowledged(number), true);
  await bench.agent.done;
  assert.deepEqual(bench.exits, [{ output: "", failed: false, asked: true }]);
  assert.ok(network.connections.every((connection) => connection.closed));
  assert.equal(bench.terminating, false);
});

Deno.test("mux: flag 1 means nothing", async () => {
  await using bench = await PortBench.mux();
  const { mux, network } = bench;
  mux.open("one");
  bench.client!.flag(Flag.DisconnectToPort, bench.clock.now());
  await bench.until("taken", () => bench.client!.unacknowledged === 0, 0);
  assert.equal(network.at(0).closed, false);
});

Deno.test("mux: 4 MiB that wait stop everything, then all of it goes on", async () => {
  await using bench = await PortBench.mux();
  const { mux, network, client } = bench;
  const stream = mux.open("x");
  await bench.until("dialled", () => network.connections[0]?.written === 1, 0);
  network.at(0).stick();
  const piece = new Uint8Array(1000);
  let sent = 0;
  while (client!.writable) {
    mux.write(stream, piece);
    sent += piece.length;
    // Keeps the windows open as far as they are acknowledged.
    bench.pump();
  }
  assert.ok(sent > maximumReceiveBuffer);
  const other = mux.open("behind it");
  const outstanding = client!.unacknowledged;
  for (let i = 0; i < 20; i++) {
    bench.pump();
    await bench.clock.advance(1000);
  }
  // Nothing is acknowledged, nothing is read: no new stream either.
  assert.ok(client!.unacknowledged >= outstanding);
  assert.equal(network.connections.length, 1);
  const taken = sent + 1 - outstanding * 1000;
  assert.ok(
    taken >= maximumReceiveBuffer - 70_000 &&
      taken <= maximumReceiveBuffer + 70_000,
    `${taken}`,
  );
  network.at(0).unstick();
  await bench.until("all", () => network.at(0).written === sent + 1);
  await bench.until("the other", () => network.connections[1]?.written === 9);
  assert.equal(network.at(1).text, "behind it");
  assert.equal(mux.received(other).finished, false);
});

Deno.test("mux: the destination is read only as fast as the client takes", async () => {
  await using bench = await PortBench.mux();
  const { mux, network, client } = bench;
  mux.open("x");
  await bench.until("dialled", () => network.connections[0]?.written === 1, 0);
  bench.client = undefined; // It is there, and acknowledges nothing.
  const connection = network.at(0);
  connection.say(new Uint8Array(20_000_000));
  await bench.clock.advance(0);
  for (let i = 0; i < 100; i++) await new Promise((r) => setTimeout(r, 0));
  const read = connection.reads.reduce((sum, count) => sum + count, 0);
  // The window before any acknowledgement is 1 MiB of frames (data-channel.md §6.2).
  assert.ok(read > 500_000 && read < 1_200_000, `${read}`);
  bench.client = client;
  await bench.clock.advance(0);
});

Deno.test("mux: real pace: a kilobyte a millisecond, in frames longer than that", async () => {
  await using bench = await PortBench.mux({ pace: realPace });
  const { mux, network } = bench;
  const stream = mux.open("x");
  await bench.until("dialled", () => network.connections[0]?.written === 1, 1);
  const from = bench.clock.now();
  network.at(0).say(new Uint8Array(100_000));
  await bench.until("all", () => mux.received(stream).bytes === 100_000, 1);
  const payloads = bench.payloads();
  assert.ok(payloads.every((payload) => payload.length <= 1024));
  // Four frames with their headers.
  assert.equal(payloads.reduce((sum, one) => sum + one.length, 0), 100_032);
  assert.deepEqual([...payloads[0]!.subarray(0, 4)], [1, 2, 0, 0x80]);
  assert.ok(bench.clock.now() - from >= payloads.length - 6);
});

Deno.test("mux: keepalive by both versions", () => {
  for (
    const [agent, client, alive] of [
      ["3.3.987.0", "1.2.896.0", false],
      ["3.3.987.0", "1.2.331.1", false],
      ["3.3.987.0", "1.2.331.0", true],
      ["3.3.987.0", "1.1.70", true],
      ["3.1.1511.0", "1.2.896.0", true],
      ["3.1.1511.1", "1.2.896.0", false],
    ] as const
  ) assert.equal(keepsAlive(agent, client), alive, `${agent} ${client}`);
});

const nop = [1, 3, 0, 0, 0, 0, 0, 0];

Deno.test("mux: keepalive: a NOP every 10 s, and the end after a silent tick of 30 s", async () => {
  await using bench = await PortBench.mux({ agentVersion: "3.1.1000.0" });
  const from = bench.clock.now();
  await bench.until("the end", () => bench.exits.length > 0, 100);
  assert.ok(bench.clock.now() - from <= 30_200);
  assert.deepEqual(bench.exits, [{ output: "", failed: true, asked: false }]);
  const payloads = bench.payloads();
  assert.ok(payloads.length >= 2);
  for (const payload of payloads) assert.deepEqual([...payload], nop);
});

Deno.test("mux: keepalive: any frame is a sign of life, and none is asked of new clients", async () => {
  await using bench = await PortBench.mux({ agentVersion: "3.1.1000.0" });
  for (let i = 0; i < 20; i++) {
    bench.mux.smux.nop();
    bench.mux.flush();
    bench.pump();
    await bench.clock.advance(15_000);
    bench.pump();
  }
  assert.deepEqual(bench.exits, []);
  await using silent = await PortBench.mux();
  await silent.clock.advance(3_600_000);
  assert.deepEqual(silent.exits, []);
  assert.deepEqual(silent.payloads(), []);
});

Deno.test("mux: what is no smux is the end of reading, not of the session", async () => {
  await using bench = await PortBench.mux();
  const { mux, network, client } = bench;
  mux.open("good");
  client!.send(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]), bench.clock.now());
  mux.open("bad");
  await bench.until("taken", () => client!.unacknowledged === 0, 0);
  assert.equal(network.connections.length, 1);
  assert.deepEqual(bench.exits, []);
  assert.match(bench.log.join("\n"), /version 2 instead of 1/);
  // The stream that was there goes on in the other direction.
  network.at(0).say("still");
  await bench.until("still", () => bench.payloads().length > 0, 0);
});
