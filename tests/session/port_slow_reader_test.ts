/** Programs that do not read: docs/protocol/sessions.md §6.5. */

import assert from "node:assert/strict";
import { Backlog, connectionBacklog } from "../../lib/session/backlog.ts";
import type { FakeConnection } from "../testkit/fake_local.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { PortBench } from "../testkit/port_bench.ts";
import type { FarStream } from "../testkit/port_node.ts";

const MiB = 1024 * 1024;
/** Large payloads, as these tests move much. */
const node = { payloadSize: 32 * 1024 };

/** A piece of 64 KiB, which tells where it belongs. */
function piece(number: number): Uint8Array {
  const bytes = new Uint8Array(64 * 1024).fill(number & 0xff);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The far end sends so much, in pieces. */
function sendPieces(far: FarStream, bytes: number): void {
  for (let i = 0; i < bytes / (64 * 1024); i++) far.send(piece(i));
}

/** The program got so much, in order. */
function assertPieces(local: FakeConnection, bytes: number): void {
  assert.equal(local.size, bytes);
  let at = 0;
  for (const got of local.got) {
    for (let i = 0; i < got.length;) {
      const number = Math.floor(at / (64 * 1024)), from = at % (64 * 1024);
      const length = Math.min(got.length - i, 64 * 1024 - from);
      const expected = piece(number).subarray(from, from + length);
      const same = got.subarray(i, i + length).every((byte, k) =>
        byte === expected[k]
      );
      assert.ok(same, `piece ${number} is another`);
      i += length;
      at += length;
    }
  }
}

Deno.test("one program that does not read disturbs nobody, and everything is acknowledged", async () => {
  const bench = await new PortBench({ node }).begin();
  const { local: slow, far: slowFar } = await bench.connected();
  const { local: other, far: otherFar } = await bench.connected();
  slow.stopped = true;
  sendPieces(slowFar, 32 * MiB);
  await bench.until(() => bench.node.agent.channel.unacknowledged === 0);
  assert.equal(slowFar.queued, 0);
  assert.equal(bench.session.stats.waiting, 32 * MiB);
  assert.equal(bench.backlog.waiting, 32 * MiB);
  otherFar.send("at once");
  await bench.clock.advance(10);
  assert.equal(other.text, "at once");
  assert.deepEqual(bench.notices, []);
  slow.goOn();
  await bench.until(() => slow.size === 32 * MiB);
  assertPieces(slow, 32 * MiB);
  assert.equal(bench.session.stats.waiting, 0);
  await bench.end();
});

Deno.test("beyond 64 MiB its session takes no more, says so once, and goes on intact", async () => {
  const bench = await new PortBench({ node }).begin();
  const { local: slow, far } = await bench.connected("127.0.0.1:5000");
  const { local: other, far: otherFar } = await bench.connected();
  slow.stopped = true;
  const all = 96 * MiB;
  sendPieces(far, all);
  await bench.clock.advance(60_000);
  const { waiting } = bench.session.stats;
  assert.ok(waiting > connectionBacklog, `${waiting} bytes wait`);
  // What the channel's own queue takes besides.
  assert.ok(waiting <= connectionBacklog + 2 * MiB, `${waiting} bytes wait`);
  assert.ok(bench.node.agent.channel.unacknowledged > 0, "the agent feels it");
  // Besides, 12 MiB behind the message that is refused are kept, and a window is on its way.
  assert.ok(far.queued > 8 * MiB, `the agent sends on: ${far.queued} left`);
  assert.equal(bench.notices.length, 1);
  const [notice] = bench.notices;
  assert.ok(notice?.kind === "held-up");
  assert.equal(notice.peer, "127.0.0.1:5000");
  assert.ok(notice.waiting > connectionBacklog);
  otherFar.send("stuck behind it");
  await bench.clock.advance(4 * 60_000);
  assert.equal(other.size, 0);
  assert.equal(bench.session.canConnect, true, "it was given up");
  slow.goOn();
  await bench.until(() => slow.size === all && other.size > 0);
  assertPieces(slow, all);
  assert.equal(other.text, "stuck behind it");
  assert.equal(bench.session.stats.waiting, 0);
  await bench.clock.advance(5000);
  assert.equal(bench.node.agent.channel.unacknowledged, 0);
  assert.equal(bench.notices.length, 1);
  await bench.end();
});

Deno.test("a program that reads in fits is told of each time that it holds others up", async () => {
  const bench = await new PortBench({ node }).begin();
  const { local: slow, far } = await bench.connected();
  for (const round of [1, 2]) {
    slow.stopped = true;
    const size = slow.size;
    sendPieces(far, 66 * MiB);
    await bench.until(() => bench.kinds.length === round);
    slow.goOn();
    await bench.until(() => slow.size === size + 66 * MiB);
  }
  assert.deepEqual(bench.kinds, ["held-up", "held-up"]);
  await bench.end();
});

Deno.test("a session that is held up by a program which goes away is free again", async () => {
  const bench = await new PortBench({ node }).begin();
  const { local: slow, far } = await bench.connected();
  const { local: other, far: otherFar } = await bench.connected();
  slow.stopped = true;
  sendPieces(far, 100 * MiB);
  await bench.until(() => bench.kinds.length === 1);
  otherFar.send("behind it");
  await bench.clock.advance(1000);
  assert.equal(other.size, 0);
  slow.breakOff();
  await bench.until(() => other.text === "behind it");
  assert.equal(bench.backlog.waiting, 0);
  await bench.end();
});

Deno.test("a lost connection while programs do not read loses nothing", async () => {
  const bench = await new PortBench({ node }).begin();
  const { local: slow, far } = await bench.connected();
  slow.stopped = true;
  const all = 80 * MiB;
  sendPieces(far, all);
  await bench.until(() => bench.kinds.length === 1);
  for (let i = 0; i < 3; i++) {
    bench.node.lose();
    await bench.clock.advance(20_000);
  }
  slow.goOn();
  await bench.until(() => slow.size === all);
  assertPieces(slow, all);
  await bench.end();
});

Deno.test("the total holds sessions that fill it; one without a backlog goes on", async () => {
  const clock = new ManualClock(), backlog = new Backlog(16 * MiB);
  const make = () =>
    new PortBench({ node, clock, session: { backlog } }).begin();
  const [first, second, third] = [await make(), await make(), await make()];
  const slow = [await first.connected(), await second.connected()];
  const quick = await third.connected();
  for (const { local, far } of slow) {
    local.stopped = true;
    sendPieces(far, 40 * MiB);
  }
  await clock.advance(10_000);
  assert.ok(backlog.waiting > 16 * MiB);
  assert.ok(backlog.waiting < 20 * MiB, `${backlog.waiting} bytes wait`);
  for (const bench of [first, second]) {
    assert.ok(bench.session.stats.waiting > MiB);
    assert.ok(bench.node.agent.channel.unacknowledged > 0);
  }
  sendPieces(quick.far, 40 * MiB);
  await third.until(() => quick.local.size === 40 * MiB);
  assertPieces(quick.local, 40 * MiB);
  // One that makes room makes it for the other, too.
  const waited = second.session.stats.waiting;
  slow[0]!.local.goOn();
  await first.until(() => slow[0]!.local.size === 40 * MiB);
  await second.until(() => second.session.stats.waiting > waited);
  slow[1]!.local.goOn();
  await second.until(() => slow[1]!.local.size === 40 * MiB);
  for (const { local } of slow) assertPieces(local, 40 * MiB);
  assert.equal(backlog.waiting, 0);
  for (const bench of [first, second, third]) {
    const closed = bench.session.close();
    await clock.advance(5000);
    await closed;
    bench.node.assertOver();
  }
  assert.equal(clock.pending, 0);
});

Deno.test("a session that ends gives the total back what waited in it", async () => {
  for (const way of ["left", "closed"] as const) {
    const bench = await new PortBench({ node }).begin();
    const { local, far } = await bench.connected();
    local.stopped = true;
    sendPieces(far, 8 * MiB);
    await bench.until(() => bench.backlog.waiting === 8 * MiB);
    if (way === "closed") bench.node.close();
    await bench.end();
    assert.equal(local.closed, true);
    assert.equal(local.size, 0, "it does not read");
  }
});
