import assert from "node:assert/strict";
import { Flag } from "../../../lib/protocol/message/payload.ts";
import { portAbsence } from "../../../lib/simulator/agent/agent.ts";
import {
  connectLoopback,
  dialTimeout,
} from "../../../lib/simulator/agent/port_destination.ts";
import { realPace } from "../../../lib/simulator/agent/pace.ts";
import { FakeNetwork } from "./fake_network.ts";
import { LoopbackServer } from "./loopback_server.ts";
import { PortBench } from "./port_bench.ts";

/** A forward to an agent that does not multiplex. */
const old = {
  documentName: "AWS-StartPortForwardingSession",
  agentVersion: "3.0.196.0",
};

const ended = (output: string, failed: boolean) => [
  { output, failed, asked: false },
];

Deno.test("basic: bytes go both ways, to a real port", async () => {
  await using server = LoopbackServer.echo();
  await using bench = await PortBench.basic({
    parameters: { portNumber: [server.port] },
    connect: connectLoopback,
  });
  bench.type("SSH-2.0-test\r\n");
  await bench.see(/^SSH-2\.0-test\r\n$/);
  let received = 0;
  bench.onPayload = (payload) => received += payload.length;
  for (let i = 0; i < 300; i++) {
    bench.client!.send(new Uint8Array(1024), bench.clock.now());
  }
  await bench.until("the echo", () => received === 300 * 1024);
});

Deno.test("basic: the agent dials at once, and a banner comes unasked", async () => {
  const network = new FakeNetwork();
  await using bench = await PortBench.basic({}, network);
  await bench.until("dialled", () => network.connections.length === 1, 0);
  assert.deepEqual(network.dials, ["127.0.0.1 5432"]);
  network.at(0).say("SSH-2.0-server\r\n");
  await bench.see(/server/, 0);
});

Deno.test("basic: input is refused until the destination is there", async () => {
  const network = new FakeNetwork();
  const answer = Promise.withResolvers<void>();
  network.answers.push(() => answer.promise);
  await using bench = await PortBench.basic({}, network);
  bench.type("early");
  await bench.clock.advance(3000);
  assert.equal(bench.client!.unacknowledged, 1);
  answer.resolve();
  await bench.until("written", () => network.connections[0]?.written === 5);
  assert.equal(network.at(0).text, "early");
});

Deno.test("basic: a first dial that fails ends the session with its reason, and no title", async () => {
  const network = new FakeNetwork();
  network.refuse(2);
  await using bench = await PortBench.basic(old, network);
  await bench.until("the end", () => bench.exits.length > 0, 0);
  assert.deepEqual(
    bench.exits,
    ended(
      "Unable to connect to specified port: dial tcp 127.0.0.1:5432: connect: connection refused",
      true,
    ),
  );
  assert.equal(bench.terminating, false);
});

Deno.test("basic: flag 1 closes the connection behind the input, the next input dials again", async () => {
  await using bench = await PortBench.basic(old);
  const { network, client } = bench;
  bench.type("first");
  await bench.until("written", () => network.connections[0]?.written === 5, 0);
  network.at(0).stick();
  bench.type(" and last");
  client!.flag(Flag.DisconnectToPort, bench.clock.now());
  bench.type("second");
  await bench.until("again", () => network.connections[1]?.written === 6, 0);
  assert.equal(network.at(0).closed, false);
  network.at(0).unstick();
  await bench.until("closed", () => network.at(0).closed, 0);
  assert.equal(network.at(0).text, "first and last");
  assert.equal(network.at(1).text, "second");
  network.at(1).say("answer");
  await bench.see(/^answer$/, 0);
  assert.deepEqual(bench.exits, []);
});

Deno.test("basic: the end of a forwarded connection is told nobody, the next input dials again", async () => {
  await using bench = await PortBench.basic(old);
  const { network } = bench;
  await bench.until("dialled", () => network.connections.length === 1, 0);
  network.at(0).say("bye");
  network.at(0).end();
  await bench.see(/bye/, 0);
  await bench.until("closed", () => network.at(0).closed, 0);
  await bench.clock.advance(600_000);
  assert.deepEqual(bench.exits, []);
  bench.type("hello?");
  await bench.until("again", () => network.connections[1]?.written === 6, 0);
  network.at(1).fail(new Deno.errors.ConnectionReset("reset"));
  await bench.until("closed", () => network.at(1).closed, 0);
  assert.deepEqual(bench.exits, []);
});

Deno.test("basic: a redial that fails ends the session, without a text", async () => {
  await using bench = await PortBench.basic(old);
  const { network } = bench;
  await bench.until("dialled", () => network.connections.length === 1, 0);
  network.at(0).end();
  await bench.until("closed", () => network.at(0).closed, 0);
  network.refuse(2);
  bench.type("hello?");
  await bench.until("the end", () => bench.exits.length > 0, 0);
  assert.deepEqual(bench.exits, ended("", true));
  assert.match(bench.log.join("\n"), /cannot redial: dial tcp 127\.0\.0\.1/);
});

Deno.test("SSH: the destination's end is the session's, after all it said", async () => {
  await using bench = await PortBench.basic();
  const { network } = bench;
  await bench.until("dialled", () => network.connections.length === 1, 0);
  network.at(0).say("x".repeat(5000));
  network.at(0).end();
  await bench.until("the end", () => bench.exits.length > 0);
  assert.equal(bench.text.length, 5000);
  assert.deepEqual(bench.exits, ended("", false));
  await bench.agent.done;
  assert.equal(bench.terminating, false);
});

Deno.test("SSH: a connection that breaks, and flag 1, fail the session", async () => {
  for (
    const breaks of [
      (bench: PortBench) => bench.network.at(0).fail(new Error("reset")),
      (bench: PortBench) =>
        bench.client!.flag(Flag.DisconnectToPort, bench.clock.now()),
    ]
  ) {
    await using bench = await PortBench.basic();
    const { network } = bench;
    await bench.until("dialled", () => network.connections.length === 1, 0);
    breaks(bench);
    await bench.until("the end", () => bench.exits.length > 0, 0);
    assert.deepEqual(bench.exits, ended("", true));
    await bench.agent.done;
    assert.equal(network.at(0).closed, true);
  }
});

Deno.test("SSH: an agent does not wait for long for what a client that left has not acknowledged", async () => {
  for (const how of ["end", "fail"] as const) {
    await using bench = await PortBench.basic();
    const { network } = bench;
    await bench.until("dialled", () => network.connections.length === 1, 0);
    bench.client = undefined;
    network.at(0).say("bye");
    await bench.until("output", () => bench.payloads().length > 0, 1);
    bench.publication("pause");
    if (how === "end") network.at(0).end();
    else network.at(0).fail(new Error("reset"));
    await bench.until(how, () => bench.log.length > 0, 1);
    assert.deepEqual(bench.exits, []);
    await bench.clock.advance(portAbsence + 200);
    assert.deepEqual(bench.exits, ended("", how === "fail"));
  }
});

Deno.test("flag 2 ends a basic session, but not an agent's that is too old for it", async () => {
  for (
    const [agentVersion, ends] of [
      ["3.3.987.0", true],
      ["2.3.722.1", true],
      ["2.3.722.0", false],
    ] as const
  ) {
    await using bench = await PortBench.basic({ agentVersion });
    bench.client!.flag(Flag.TerminateSession, bench.clock.now());
    await bench.until("taken", () => bench.client!.unacknowledged === 0, 0);
    for (let i = 0; i < 5; i++) await bench.clock.advance(0);
    assert.equal(bench.exits.length > 0, ends, agentVersion);
    if (ends) assert.equal(bench.exits[0]!.asked, true);
  }
});

Deno.test("basic: a destination that takes nothing stops the agent's reader", async () => {
  await using bench = await PortBench.basic(old);
  const { network, client } = bench;
  bench.type("x");
  await bench.until("written", () => network.connections[0]?.written === 1, 0);
  network.at(0).stick();
  let sent = 1;
  while (client!.writable) {
    client!.send(new Uint8Array(1024), bench.clock.now());
    sent += 1024;
    bench.pump();
  }
  for (let i = 0; i < 10; i++) {
    bench.pump();
    await bench.clock.advance(1000);
  }
  assert.ok(client!.unacknowledged * 1024 > sent - 400_000);
  network.at(0).unstick();
  await bench.until("all", () => network.at(0).written === sent);
});

Deno.test("basic: real pace: a kilobyte a millisecond", async () => {
  await using bench = await PortBench.basic({ pace: realPace });
  const { network } = bench;
  await bench.until("dialled", () => network.connections.length === 1, 1);
  const from = bench.clock.now();
  network.at(0).say("y".repeat(50_000));
  await bench.until("all", () => bench.text.length === 50_000, 1);
  const payloads = bench.payloads();
  assert.equal(payloads.length, 49);
  assert.ok(payloads.every((payload) => payload.length <= 1024));
  assert.ok(bench.clock.now() - from >= payloads.length - 6);
});

Deno.test("basic: a destination that never answers: the time-out's text, or the session's end", async () => {
  const request = {
    ...old,
    agentVersion: "3.3.987.0",
    clientVersion: "1.1.69",
    documentName: "AWS-StartPortForwardingSessionToRemoteHost",
    parameters: { host: ["slow"], portNumber: ["80"] },
    hosts: { slow: "blackhole" },
  };
  await using bench = await PortBench.basic(request);
  await bench.clock.advance(dialTimeout - 1000);
  assert.deepEqual(bench.exits, []);
  await bench.until("the end", () => bench.exits.length > 0, 500);
  assert.match(bench.failures[0]!, /: connect: connection timed out$/);
  await using ended = await PortBench.basic(request);
  await ended.agent.terminate();
  assert.deepEqual(ended.exits, []);
});
