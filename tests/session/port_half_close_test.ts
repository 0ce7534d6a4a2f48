/** Which end of a connection ends when: docs/protocol/sessions.md §6.3. */

import assert from "node:assert/strict";
import { PortBench } from "../testkit/port_bench.ts";
import type { FarStream } from "../testkit/port_node.ts";

/** A far program that goes on after the end of its input. */
function keepOpen(far: FarStream): void {
  far.onEnd = () => {};
}

Deno.test("a program that sends nothing more still gets the whole answer", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.send("request");
  local.end();
  await bench.clock.advance(29_999);
  assert.equal(far.text, "request");
  assert.equal(far.ended, false, "FIN would have cost the answer");
  far.send("answer");
  far.finish();
  await bench.clock.advance(0);
  assert.equal(local.text, "answer");
  assert.equal(local.gotEnd, true);
  assert.equal(local.closed, true);
  await bench.clock.advance(10);
  assert.equal(far.ended, true);
  assert.equal(bench.session.open, 0);
  await bench.end();
});

Deno.test("30 s without a word of the far end after the local end: FIN", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  // Its silence before does not count.
  await bench.clock.advance(100_000);
  local.send("request");
  local.end();
  await bench.clock.advance(29_990);
  assert.equal(far.ended, false);
  await bench.clock.advance(20);
  assert.equal(far.ended, true);
  await bench.clock.advance(10);
  assert.equal(local.closed, true, "the agent closed its end, too");
  assert.equal(bench.session.open, 0);
  await bench.end();
});

Deno.test("with every byte of the far end the 30 s begin again, to the millisecond", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.end();
  for (let i = 0; i < 10; i++) {
    await bench.clock.advance(7000 + 2000 * i);
    far.send("x");
  }
  await bench.clock.advance(29_990);
  assert.equal(far.ended, false);
  assert.equal(local.text, "x".repeat(10));
  await bench.clock.advance(20);
  assert.equal(far.ended, true);
  await bench.end();
});

Deno.test("what the local program sends does not make the time longer", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  far.finish();
  await bench.clock.advance(0);
  bench.node.onPayload = ({ length }) =>
    assert.ok(length <= 8, "more than FIN was sent to an end that is closed");
  for (let i = 0; i < 29; i++) {
    await bench.clock.advance(1000);
    local.send("to nobody");
  }
  assert.equal(local.closed, false);
  await bench.clock.advance(1010);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  await bench.end();
});

Deno.test("the option sets how long it is", async () => {
  const bench = await new PortBench({ session: { grace: 2000 } }).begin();
  const { local, far } = await bench.connected();
  local.end();
  await bench.clock.advance(1990);
  assert.equal(far.ended, false);
  await bench.clock.advance(20);
  assert.equal(far.ended, true);
  await bench.end();
});

Deno.test("a far end that does not close after FIN holds nothing but its stream", async () => {
  const bench = await new PortBench({ session: { grace: 1000 } }).begin();
  const { local, far } = await bench.connected();
  keepOpen(far);
  local.end();
  await bench.clock.advance(1010);
  assert.equal(far.ended, true);
  far.send("too late: an smux stream knows no half");
  await bench.clock.advance(10);
  assert.equal(local.size, 0);
  far.finish();
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(bench.session.open, 0);
  await bench.end();
});

Deno.test("a program that is gone is followed by FIN at once", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.send("half a requ");
  await bench.clock.advance(10);
  local.breakOff();
  await bench.clock.advance(10);
  assert.equal(far.text, "half a requ");
  assert.equal(far.ended, true);
  assert.equal(local.closed, true);
  assert.equal(bench.session.open, 0);
  await bench.end();
});

Deno.test("one that is gone in the middle of an upload leaves nothing of it to be sent", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  bench.node.deafen();
  local.send(new Uint8Array(8 * 1024 * 1024));
  await bench.clock.advance(10);
  local.breakOff();
  // Nobody reads it while the window is full, so that writing fails shows it.
  far.send("x");
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(bench.session.open, 0);
  bench.node.lose();
  await bench.until(() => far.ended);
  assert.ok(far.size > 512 * 1024, "what was on its way arrives");
  assert.ok(far.size < local.taken, `all of the ${local.taken} bytes came`);
  await bench.end();
});

Deno.test("one that is gone while it waits for its 30 s is followed at once, too", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.end();
  await bench.clock.advance(10_000);
  local.breakOff();
  far.send("are you there?");
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  await bench.end();
});

Deno.test("the far end's end comes to the program behind all that it has sent", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.stopped = true;
  far.send(new Uint8Array(200_000));
  far.finish();
  await bench.clock.advance(120_000);
  assert.equal(local.gotEnd, false);
  assert.equal(local.closed, false);
  local.goOn();
  await bench.clock.advance(0);
  assert.equal(local.size, 200_000);
  assert.equal(local.gotEnd, true);
  assert.equal(local.closed, false);
  local.end();
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  await bench.end();
});

Deno.test("after the far end's end the program has 30 s, counted from when it learned of it", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.stopped = true;
  far.send("last words");
  far.finish();
  await bench.clock.advance(20_000);
  local.goOn();
  await bench.clock.advance(29_990);
  assert.equal(local.closed, false);
  assert.equal(far.ended, false);
  await bench.clock.advance(20);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  assert.equal(bench.session.open, 0);
  await bench.end();
});

Deno.test("what waits for a slow program is no silence of the far end", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.end();
  local.stopped = true;
  far.send("a long answer");
  await bench.clock.advance(100_000);
  assert.equal(far.ended, false);
  assert.equal(local.closed, false);
  local.goOn();
  await bench.clock.advance(61_000);
  assert.equal(local.text, "a long answer");
  assert.equal(far.ended, true, "for ever is too long");
  await bench.end();
});

Deno.test("both ends at the same time", async () => {
  for (const first of ["local", "far"]) {
    const bench = await new PortBench().begin();
    const { local, far } = await bench.connected();
    keepOpen(far);
    far.send("bye");
    if (first === "local") local.end();
    far.finish();
    if (first === "far") local.end();
    await bench.clock.advance(10);
    assert.equal(local.text, "bye");
    assert.equal(local.gotEnd, true);
    assert.equal(local.closed, true);
    assert.equal(far.ended, true);
    assert.equal(bench.session.open, 0);
    await bench.end();
  }
});

Deno.test("a program whose end cannot be told to it is no mistake of ours", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  local.closeWrite = () =>
    Promise.reject(new Deno.errors.NotConnected("not connected"));
  far.finish();
  local.end();
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  await bench.end();
});
