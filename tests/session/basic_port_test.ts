/** Sessions with agents that do not multiplex: docs/protocol/sessions.md §5. */

import assert from "node:assert/strict";
import { PortStartError } from "../../lib/session/port_session.ts";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { PortBench, type PortBenchOptions } from "../testkit/port_bench.ts";
import { basicAgent } from "../testkit/port_node.ts";
import { patterned } from "../testkit/vectors.ts";
import { joined } from "../testkit/bytes.ts";

function basic(options: PortBenchOptions = {}): PortBench {
  return new PortBench({
    ...options,
    node: { agentVersion: basicAgent, ...options.node },
  });
}

Deno.test("the agent dials at once: a failure is its end, and 300 ms without one are success", async () => {
  const bench = basic().open();
  await bench.clock.advance(299);
  assert.equal(bench.outcome, undefined);
  await bench.clock.advance(1);
  assert.equal(bench.session.canConnect, true);
  await bench.end();

  const failing = basic().open();
  await failing.clock.advance(200);
  failing.node.fail("Unable to connect to specified port: connection refused");
  await failing.clock.advance(200);
  assert.ok(failing.outcome instanceof PortStartError);
  assert.equal(
    failing.outcome.message,
    "Unable to connect to specified port: connection refused",
  );
  assert.equal(failing.node.control.terminated, 1);
  failing.assertOver();
});

Deno.test("what the destination says first reaches the first connection, whenever it comes", async () => {
  const bench = await basic().begin();
  bench.node.say("220 mail.inter");
  await bench.clock.advance(10_000);
  bench.node.say("nal ESMTP\r\n");
  await bench.clock.advance(10_000);
  const local = bench.connect();
  await bench.clock.advance(10);
  assert.equal(local.text, "220 mail.internal ESMTP\r\n");
  bench.node.say("more");
  await bench.clock.advance(10);
  assert.equal(local.text, "220 mail.internal ESMTP\r\nmore");
  await bench.end();
});

Deno.test("a destination that says much before anybody is there has to wait", async () => {
  const bench = await basic().begin();
  const all = patterned(4 * 1024 * 1024);
  bench.node.say(all);
  await bench.clock.advance(60_000);
  assert.ok(bench.node.agent.channel.unacknowledged > 0);
  const local = bench.connect();
  await bench.until(() => local.size === all.length);
  assert.deepEqual(joined(local.got), all);
  await bench.end();
});

Deno.test("bytes are payload as they are, both ways, in any size", async () => {
  for (const payloadSize of [64, 1024, 16_384]) {
    const bench = await basic({ session: { payloadSize } }).begin();
    bench.node.onPayload = (bytes) => assert.ok(bytes.length <= payloadSize);
    const local = bench.connect();
    const up = patterned(3 * 1024 * 1024 + 1), down = patterned(1_000_001);
    local.send(up);
    bench.node.say(down);
    await bench.until(() =>
      local.size === down.length && bench.node.rawSize === up.length
    );
    assert.deepEqual(joined(bench.node.raw), up);
    assert.deepEqual(joined(local.got), down);
    await bench.end();
  }
});

Deno.test("a lost connection costs no byte", async () => {
  const bench = await basic().begin();
  bench.node.agent.latency = () => 20;
  const local = bench.connect();
  const all = patterned(500_000);
  for (let i = 0; i < 5; i++) {
    local.send(all.subarray(i * 100_000, (i + 1) * 100_000));
    bench.node.say(all.subarray(i * 100_000, (i + 1) * 100_000));
    await bench.clock.advance(15);
    bench.node.lose();
    await bench.clock.advance(3000);
  }
  await bench.until(() => local.size === all.length);
  assert.deepEqual(joined(local.got), all);
  assert.deepEqual(joined(bench.node.raw), all);
  bench.node.agent.latency = () => 0;
  await bench.end();
});

Deno.test("one connection at a time; another one is not taken", async () => {
  const bench = await basic().begin();
  bench.connect();
  assert.equal(bench.session.open, 1);
  assert.equal(bench.session.canConnect, false);
  const second = bench.connect();
  assert.equal(second.closed, true);
  assert.equal(bench.session.stats.total, 1);
  await bench.end();
});

Deno.test("the next one's turn: Flag 1 acknowledged, and 200 ms of silence", async () => {
  const bench = await basic().begin();
  const first = bench.connect();
  first.breakOff();
  await bench.clock.advance(10);
  assert.deepEqual(bench.node.flags, [Flag.DisconnectToPort]);
  assert.equal(first.closed, true);
  assert.equal(bench.session.open, 0);
  assert.equal(bench.session.canConnect, false);
  await bench.clock.advance(189);
  assert.equal(bench.session.canConnect, false);
  assert.equal(bench.rooms, 0);
  await bench.clock.advance(2);
  assert.equal(bench.session.canConnect, true);
  assert.equal(bench.rooms, 1);
  const second = bench.connect();
  second.send("hello");
  bench.node.say("welcome");
  await bench.clock.advance(10);
  assert.equal(bench.node.heard, "hello");
  assert.equal(second.text, "welcome");
  assert.equal(first.size, 0);
  await bench.end();
});

Deno.test("without the acknowledgement it is nobody's turn, however long", async () => {
  const bench = await basic().begin();
  const first = bench.connect();
  bench.node.deafen();
  first.breakOff();
  await bench.clock.advance(60_000);
  assert.equal(bench.session.canConnect, false);
  bench.node.lose();
  await bench.clock.advance(1000);
  assert.deepEqual(bench.node.flags, [Flag.DisconnectToPort]);
  assert.equal(bench.session.canConnect, true);
  await bench.end();
});

Deno.test("what still comes of the old connection is dropped, and the silence begins anew", async () => {
  const bench = await basic().begin();
  const first = bench.connect();
  bench.node.say("old ");
  await bench.clock.advance(10);
  first.breakOff();
  await bench.clock.advance(10);
  for (let i = 0; i < 10; i++) {
    bench.node.say("old ");
    await bench.clock.advance(150);
    assert.equal(bench.session.canConnect, false);
  }
  await bench.clock.advance(51);
  assert.equal(bench.session.canConnect, true);
  const second = bench.connect();
  await bench.clock.advance(10);
  assert.equal(second.size, 0);
  bench.node.say("new");
  await bench.clock.advance(10);
  assert.equal(second.text, "new");
  assert.equal(first.text, "old ");
  assert.equal(bench.node.agent.channel.unacknowledged, 0);
  await bench.end();
});

Deno.test("between two connections nothing is kept for the next", async () => {
  const bench = await basic().begin();
  bench.connect().breakOff();
  await bench.clock.advance(1000);
  assert.equal(bench.session.canConnect, true);
  bench.node.say("of a connection that is over");
  await bench.clock.advance(1000);
  const next = bench.connect();
  await bench.clock.advance(10);
  assert.equal(next.size, 0);
  await bench.end();
});

Deno.test("a program that sends nothing more gets its answer, and 30 s of silence end it", async () => {
  const bench = await basic().begin();
  await bench.clock.advance(100_000);
  const local = bench.connect();
  local.send("request");
  local.end();
  await bench.clock.advance(10_000);
  bench.node.say("answer");
  await bench.clock.advance(29_990);
  assert.deepEqual(bench.node.flags, []);
  assert.equal(local.text, "answer");
  await bench.clock.advance(20);
  assert.deepEqual(bench.node.flags, [Flag.DisconnectToPort]);
  assert.equal(local.closed, true);
  await bench.end();
});

Deno.test("a program that sends nothing more leaves its turn after a second of silence, if others wait", async () => {
  let others = false;
  const bench = await basic({ session: { othersWait: () => others } }).begin();
  const local = bench.connect();
  local.send("request");
  local.end();
  await bench.clock.advance(10_000);
  assert.deepEqual(bench.node.flags, []);
  bench.node.say("ans");
  await bench.clock.advance(10);
  others = true;
  await bench.clock.advance(900);
  bench.node.say("wer");
  await bench.clock.advance(990);
  assert.deepEqual(bench.node.flags, []);
  assert.equal(local.text, "answer");
  await bench.clock.advance(1010);
  assert.deepEqual(bench.node.flags, [Flag.DisconnectToPort]);
  assert.equal(local.closed, true);
  await bench.end();

  // One that may still send keeps its turn for as long as it likes.
  const talking = await basic({ session: { othersWait: () => true } }).begin();
  const open = talking.connect();
  await talking.clock.advance(100_000);
  assert.deepEqual(talking.node.flags, []);
  assert.equal(open.closed, false);
  await talking.end();
});

Deno.test("what waits for a slow program is no silence", async () => {
  const bench = await basic().begin();
  const local = bench.connect();
  local.end();
  local.stopped = true;
  bench.node.say("a long answer");
  await bench.clock.advance(100_000);
  assert.deepEqual(bench.node.flags, []);
  local.goOn();
  await bench.clock.advance(61_000);
  assert.equal(local.text, "a long answer");
  assert.deepEqual(bench.node.flags, [Flag.DisconnectToPort]);
  await bench.end();
});

Deno.test("a program that does not read holds its session up beyond 64 MiB, and is told of once", async () => {
  const MiB = 1024 * 1024;
  const bench = await basic({ node: { payloadSize: 32 * 1024 } }).begin();
  const local = bench.connect("127.0.0.1:5000");
  local.stopped = true;
  const part = patterned(MiB);
  for (let i = 0; i < 80; i++) bench.node.say(part);
  await bench.clock.advance(30_000);
  const { waiting } = bench.session.stats;
  assert.ok(waiting > 64 * MiB && waiting < 66 * MiB, `${waiting} bytes wait`);
  assert.ok(bench.node.agent.channel.unacknowledged > 0);
  assert.deepEqual(bench.kinds, ["held-up"]);
  local.goOn();
  await bench.until(() => local.size === 80 * MiB);
  const got = joined(local.got);
  for (let i = 0; i < 80; i++) {
    const piece = got.subarray(i * MiB, (i + 1) * MiB);
    assert.ok(piece.every((byte, k) => byte === part[k]), `MiB ${i}`);
  }
  assert.deepEqual(bench.kinds, ["held-up"]);
  await bench.end();
});

Deno.test("an agent that cannot connect again ends the session with its words", async () => {
  const bench = await basic().begin();
  bench.connect().breakOff();
  await bench.clock.advance(1000);
  const local = bench.connect();
  local.send("again");
  await bench.clock.advance(10);
  bench.node.fail("Unable to connect to specified port: refused");
  await bench.clock.advance(200);
  const end = await bench.session.ended;
  assert.equal(end.kind, "failed");
  assert.equal(end.message, "Unable to connect to specified port: refused");
  assert.equal(local.closed, true);
  assert.equal(bench.session.resetConnections, 1);
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});

Deno.test("the session's end closes whatever connection there is", async () => {
  const bench = await basic().begin();
  const local = bench.connect();
  await bench.end();
  assert.equal(local.closed, true);
  assert.equal(bench.session.resetConnections, 0, "it was ours to end it");
});
