/** How many sessions a forward has, and which of them gets a connection. */

import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { PortStartError } from "../../lib/session/port_session.ts";
import type { FakeConnection } from "../testkit/fake_local.ts";
import { ForwardBench } from "../testkit/forward_bench.ts";
import { settle } from "../testkit/manual_clock.ts";
import { basicAgent } from "../testkit/port_node.ts";

Deno.test("sessions that are asked for are opened in parallel", async () => {
  const bench = new ForwardBench({
    forward: { sessions: 3 },
    node: { accepting: false },
  }).start();
  await settle();
  assert.equal(bench.starts, 3, "one after the other");
  for (const node of bench.nodes.slice(0, 2)) node.accept();
  await bench.clock.advance(3000);
  assert.equal(bench.outcome, undefined, "the third one is not there");
  bench.nodes[2]!.accept();
  await bench.clock.advance(3000);
  assert.equal(bench.outcome, true);
  assert.deepEqual(
    [...bench.forward.sessionIds].sort(),
    ["s-1", "s-2", "s-3"],
  );
  await bench.end();
  bench.assertTerminated();
});

Deno.test("one that cannot be opened fails them all, and none is left", async (t) => {
  await t.step("the agent cannot", async () => {
    const bench = new ForwardBench({
      forward: { sessions: 3 },
      node: { accepting: false },
    }).start();
    await bench.clock.advance(10);
    bench.nodes[0]!.accept();
    await bench.clock.advance(3000);
    bench.nodes[1]!.fail("no such host");
    await bench.clock.advance(1000);
    assert.ok(bench.outcome instanceof PortStartError);
    assert.equal(bench.outcome.message, "no such host");
    await bench.end();
    bench.assertTerminated();
    assert.deepEqual(bench.failures, []);
  });
  await t.step("StartSession does not give it", async () => {
    const bench = new ForwardBench({ forward: { sessions: 3 } });
    const denied = new ControlError("Access denied", "denied");
    bench.onStart = () => {
      if (bench.starts === 3) throw denied;
    };
    bench.start();
    await bench.clock.advance(1000);
    assert.equal(bench.outcome, denied);
    assert.equal(bench.nodes.length, 2);
    await bench.end();
    bench.assertTerminated();
  });
  await t.step("the user gives up", async () => {
    const bench = new ForwardBench({
      forward: { sessions: 3 },
      node: { accepting: false },
    }).start();
    await bench.clock.advance(10);
    bench.nodes[0]!.accept();
    await bench.clock.advance(3000);
    bench.abort.abort(new Error("enough"));
    await bench.clock.advance(1000);
    assert.equal((bench.outcome as Error).message, "enough");
    await bench.end();
    bench.assertTerminated();
  });
});

Deno.test("a forward begins when its first session does, and programs that came before are served", async () => {
  const bench = new ForwardBench({ node: { accepting: false } });
  const early = bench.listener.connect();
  early.send("early");
  bench.start();
  await bench.clock.advance(10_000);
  assert.equal(bench.outcome, undefined);
  bench.nodes[0]!.accept();
  await bench.clock.advance(3000);
  assert.equal(bench.nodes[0]!.streams[0]!.text, "early");
  await bench.end();
  assert.equal(early.closed, true);
});

Deno.test("a connection goes to the session with the fewest", async () => {
  const bench = await new ForwardBench({ forward: { sessions: 3 } }).begin();
  const locals: FakeConnection[] = [];
  for (let i = 0; i < 7; i++) locals.push(await bench.connect(`${i}`));
  assert.deepEqual(bench.spread, [3, 2, 2]);
  // Those of the second one leave, so it gets the next two.
  for (const i of [1, 4]) {
    assert.equal(bench.nodes[1]!.streams[(i - 1) / 3]!.text, `${i}`);
    locals[i]!.breakOff();
  }
  await bench.clock.advance(10);
  await bench.connect();
  await bench.connect();
  assert.deepEqual(bench.spread, [3, 4, 2]);
  assert.equal(bench.forward.stats.open, 7);
  assert.equal(bench.forward.stats.total, 9);
  await bench.end();
});

/** In each of so many seconds, so many connections get so much. */
async function move(
  bench: ForwardBench,
  busy: number,
  bytes: number,
  seconds: number,
): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    let left = busy;
    for (const node of bench.nodes) {
      for (const far of node.streams) {
        if (left-- > 0) far.send(new Uint8Array(bytes));
      }
    }
    await bench.clock.advance(1000);
  }
}

Deno.test("busy connections are spread: a further session for the next ones, four in all", async () => {
  const bench = await new ForwardBench().begin();
  for (let i = 0; i < 8; i++) await bench.connect();
  assert.deepEqual(bench.spread, [8]);
  await move(bench, 8, 128 * 1024, 1);
  await bench.clock.advance(100);
  assert.equal(bench.starts, 2, "within a second");
  assert.deepEqual(bench.notices, [{ kind: "opened", sessions: 2, busy: 8 }]);
  await bench.connect();
  assert.deepEqual(bench.spread, [8, 1], "those that are there stay");
  await move(bench, 8, 128 * 1024, 10);
  assert.equal(bench.starts, 4);
  assert.deepEqual(bench.kinds, ["opened", "opened", "opened"]);
  await bench.end();
  bench.assertTerminated();
});

Deno.test("as many sessions as busy connections are enough", async () => {
  const bench = await new ForwardBench().begin();
  for (let i = 0; i < 20; i++) await bench.connect();
  await move(bench, 1, 10 * 128 * 1024, 5);
  assert.equal(bench.starts, 1, "one is as fast as it gets");
  await move(bench, 2, 128 * 1024, 5);
  assert.equal(bench.starts, 2);
  await move(bench, 3, 128 * 1024, 5);
  assert.equal(bench.starts, 3);
  await bench.end();
});

Deno.test("many connections that are not busy need one session", async () => {
  const bench = await new ForwardBench().begin();
  for (let i = 0; i < 50; i++) await bench.connect();
  await move(bench, 50, 127 * 1024, 5);
  assert.equal(bench.starts, 1);
  await bench.end();
});

Deno.test("uploads are busy, too", async () => {
  const bench = await new ForwardBench().begin();
  const locals = [await bench.connect(), await bench.connect()];
  for (let second = 0; second < 3; second++) {
    for (const local of locals) local.send(new Uint8Array(130 * 1024));
    await bench.clock.advance(1000);
  }
  assert.equal(bench.starts, 2);
  await bench.end();
});

Deno.test("a number of sessions that was asked for is kept", async () => {
  for (const sessions of [1, 2]) {
    const bench = await new ForwardBench({ forward: { sessions } }).begin();
    for (let i = 0; i < 8; i++) await bench.connect();
    await move(bench, 8, 300 * 1024, 10);
    assert.equal(bench.starts, sessions);
    assert.deepEqual(bench.notices, []);
    await bench.end();
  }
});

Deno.test("a further session that is not to be had is no harm, and tried again a minute later", async () => {
  const bench = await new ForwardBench().begin();
  const locals = [await bench.connect(), await bench.connect()];
  bench.onStart = () => {
    throw new ControlError("Rate exceeded", "passing");
  };
  await move(bench, 2, 200 * 1024, 50);
  assert.equal(bench.starts, 2);
  assert.deepEqual(bench.kinds, ["no-more"]);
  assert.deepEqual(bench.failures, []);
  bench.onStart = () => {};
  await move(bench, 2, 200 * 1024, 15);
  assert.deepEqual(bench.kinds, ["no-more", "opened"]);
  assert.ok(locals.every((local) => local.size === 65 * 200 * 1024));
  await bench.end();
});

Deno.test("a further session that we may not have is not asked for again", async () => {
  const bench = await new ForwardBench().begin();
  await bench.connect();
  await bench.connect();
  bench.onStart = () => {
    throw new ControlError("Access denied", "denied");
  };
  await move(bench, 2, 200 * 1024, 150);
  assert.equal(bench.starts, 2);
  assert.deepEqual(bench.kinds, ["no-more"]);
  assert.deepEqual(bench.failures, []);
  await bench.end();
});

Deno.test("one that is on its way is waited for", async () => {
  const bench = await new ForwardBench().begin();
  for (let i = 0; i < 8; i++) await bench.connect();
  bench.onNode = (node) => node.accept(false);
  await move(bench, 8, 200 * 1024, 10);
  assert.equal(bench.starts, 2);
  await bench.end();
  bench.assertTerminated();
});

Deno.test("with an agent that does not multiplex the others wait for their turn", async () => {
  const bench = await new ForwardBench({
    node: { agentVersion: basicAgent },
    forward: { sessions: 1 },
  }).begin();
  const [node] = bench.nodes;
  const first = await bench.connect("first ");
  const second = await bench.connect("second ");
  const third = await bench.connect("third ");
  assert.equal(node!.heard, "first ");
  assert.equal(bench.forward.stats.open, 3);
  first.breakOff();
  await bench.clock.advance(100);
  assert.equal(node!.heard, "first ");
  await bench.clock.advance(150);
  assert.equal(node!.heard, "first second ");
  second.breakOff();
  await bench.clock.advance(250);
  assert.equal(node!.heard, "first second third ");
  assert.equal(third.closed, false);
  await bench.end();
  assert.equal(third.closed, true);
});

Deno.test("where more sessions may be, nobody waits behind a connection that says nothing", async () => {
  const bench = await new ForwardBench({ node: { agentVersion: basicAgent } })
    .begin();
  await bench.connect("one");
  const others = [await bench.connect("two"), await bench.connect("three")];
  await bench.clock.advance(5000);
  assert.deepEqual(bench.nodes.map(({ heard }) => heard), [
    "one",
    "two",
    "three",
  ]);
  for (const [i, local] of others.entries()) {
    bench.nodes[i + 1]!.say("answer");
    await bench.clock.advance(10);
    assert.equal(local.text, "answer");
  }
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 3, "more than anybody waits for");
  await bench.end();
  bench.assertTerminated();
});
