/** What follows the end of a forward's session. */

import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { PortStartError } from "../../lib/session/port_session.ts";
import { ForwardBench } from "../testkit/forward_bench.ts";
import { settle } from "../testkit/manual_clock.ts";

const timedOut = "Session timed out";

Deno.test("an ended session takes its own connections with it, and no others", async () => {
  const bench = await new ForwardBench({ forward: { sessions: 2 } }).begin();
  await bench.clock.advance(60_000);
  const [first, second] = bench.nodes;
  const locals = [
    await bench.connect("a"),
    await bench.connect("b"),
    await bench.connect("c"),
  ];
  assert.deepEqual(bench.spread, [2, 1]);
  first!.close("Terminated by an administrator.");
  await bench.clock.advance(1);
  assert.deepEqual(locals.map(({ closed }) => closed), [true, false, true]);
  assert.deepEqual(bench.notices, [
    {
      kind: "ended",
      end: { kind: "ended", message: "Terminated by an administrator" },
      reset: 2,
      next: "now",
    },
  ]);
  locals[1]!.send("still");
  await bench.clock.advance(10);
  assert.equal(second!.streams[0]!.text, "bstill");
  assert.equal(bench.forward.stats.total, 3, "the figures of the past stay");
  assert.equal(bench.forward.stats.up, 8);
  await bench.end();
});

Deno.test("an end that is no time-out is followed by a new session at once", async () => {
  const bench = await new ForwardBench().begin();
  await bench.clock.advance(60_000);
  bench.nodes[0]!.fail("The plugin crashed");
  await bench.clock.advance(0);
  // While there is none, programs wait.
  const local = await bench.connect("to the next one");
  await bench.clock.advance(200);
  assert.equal(bench.starts, 2);
  assert.equal(bench.nodes[1]!.streams[0]!.text, "to the next one");
  assert.deepEqual(bench.kinds, ["ended", "restored"]);
  const restored = bench.notices[1];
  assert.ok(restored?.kind === "restored" && restored.after < 200);
  assert.equal(local.closed, false);
  await bench.end();
  bench.assertTerminated();
});

Deno.test("one that timed out is followed when somebody connects, not before", async () => {
  const bench = await new ForwardBench().begin();
  await bench.clock.advance(20 * 60_000);
  bench.nodes[0]!.close(timedOut);
  await bench.clock.advance(24 * 60 * 60_000);
  assert.equal(bench.starts, 1, "the account's policy is defeated");
  assert.deepEqual(bench.notices, [{
    kind: "ended",
    end: { kind: "idle", message: timedOut },
    reset: 0,
    next: "on demand",
  }]);
  assert.deepEqual(bench.forward.sessionIds, []);
  const local = await bench.connect("anybody?");
  assert.equal(bench.starts, 2);
  await bench.clock.advance(100);
  assert.equal(bench.nodes[1]!.streams[0]!.text, "anybody?");
  const restored = bench.notices[1];
  assert.ok(restored?.kind === "restored");
  assert.ok(restored.after < 200, `${restored.after} ms, the night included`);
  bench.nodes[1]!.streams[0]!.send("yes");
  await bench.clock.advance(10);
  assert.equal(local.text, "yes");
  await bench.end();
  bench.assertTerminated(bench.nodes[0]!);
});

Deno.test("a resume that finds the session timed out is the same", async () => {
  const bench = await new ForwardBench().begin();
  await bench.clock.advance(60_000);
  const local = await bench.connect("x");
  bench.nodes[0]!.control.onResume = () => undefined;
  bench.nodes[0]!.lose();
  await bench.clock.advance(60_000);
  assert.equal(local.closed, true);
  assert.equal(bench.starts, 1);
  assert.deepEqual(bench.kinds, ["lost", "ended"]);
  await bench.connect("y");
  assert.equal(bench.starts, 2);
  await bench.clock.advance(100);
  assert.equal(bench.nodes[1]!.streams[0]!.text, "y");
  await bench.end();
});

Deno.test("of several sessions that time out, those that are asked for come back together", async () => {
  const bench = await new ForwardBench({ forward: { sessions: 3 } }).begin();
  await bench.clock.advance(20 * 60_000);
  const next: string[] = [];
  for (const node of bench.nodes) {
    node.close(timedOut);
    await bench.clock.advance(200);
    const notice = bench.notices.at(-1);
    if (notice?.kind === "ended") next.push(notice.next);
  }
  assert.deepEqual(next, ["others", "others", "on demand"]);
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 3);
  await bench.connect("x");
  await bench.until(() => bench.forward.sessionIds.length === 3);
  assert.equal(bench.starts, 6);
  await bench.end();
});

Deno.test("one of several that timed out comes back with the next connection", async () => {
  const bench = await new ForwardBench({ forward: { sessions: 2 } }).begin();
  await bench.clock.advance(20 * 60_000);
  bench.nodes[0]!.close(timedOut);
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 2);
  await bench.connect("a");
  assert.equal(bench.nodes[1]!.streams[0]!.text, "a", "nobody waits for it");
  await bench.until(() => bench.forward.sessionIds.length === 2);
  assert.equal(bench.starts, 3);
  await bench.end();
});

Deno.test("a further session that was opened by itself is not replaced", async () => {
  const bench = await new ForwardBench().begin();
  await bench.connect();
  await bench.connect();
  for (const far of bench.nodes[0]!.streams) far.send(new Uint8Array(200_000));
  await bench.clock.advance(1200);
  assert.equal(bench.starts, 2);
  await bench.clock.advance(60_000);
  bench.nodes[0]!.close("Terminated");
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 2);
  const ended = bench.notices.at(-1);
  assert.ok(ended?.kind === "ended" && ended.next === "others");
  await bench.clock.advance(60 * 60_000);
  // The last one is, and what was long before has nothing to do with it.
  bench.nodes[1]!.close("Terminated");
  await bench.clock.advance(500);
  assert.equal(bench.starts, 3);
  const restored = bench.notices.at(-1);
  assert.ok(restored?.kind === "restored");
  assert.ok(restored.after < 500, `after ${restored.after} ms`);
  await bench.end();
});

Deno.test("sessions that end as soon as they begin are followed slower and slower", async () => {
  const bench = new ForwardBench();
  bench.onNode = (node) =>
    bench.clock.setTimer(500, () => node.close("Terminated"));
  await bench.begin();
  await bench.clock.advance(60_000);
  const minute = bench.starts;
  assert.ok(minute > 8 && minute < 25, `${minute} in a minute`);
  await bench.clock.advance(60_000);
  const later = bench.starts - minute;
  assert.ok(later > 4 && later < 13, `${later} in the next`);
  bench.onNode = () => {};
  await bench.until(() => bench.kinds.at(-1) === "restored");
  await bench.clock.advance(60_000);
  // One that lasted makes all well again.
  const { starts } = bench;
  bench.nodes.at(-1)!.close("Terminated");
  await bench.clock.advance(100);
  assert.equal(bench.starts, starts + 1);
  await bench.end();
});

Deno.test("a session that ends in the moment in which it begins is followed, whichever that is", async () => {
  for (let turns = 0; turns < 60; turns++) {
    const bench = await new ForwardBench().begin();
    await bench.clock.advance(60_000);
    bench.onNode = (node) => {
      bench.onNode = () => {};
      node.onPayload = () => {
        // The acknowledgement of this is the beginning.
        const { transport } = node.control;
        const deliver = transport.deliver.bind(transport);
        transport.deliver = async (frame) => {
          transport.deliver = deliver;
          deliver(frame);
          for (let i = 0; i < turns; i++) await Promise.resolve();
          if (!transport.ended) node.close("Terminated");
        };
      };
    };
    bench.nodes[0]!.close("Terminated");
    await bench.clock.advance(60_000);
    assert.equal(bench.starts, 3, `${turns} turns`);
    const local = await bench.connect("x");
    await bench.clock.advance(1000);
    assert.equal(bench.nodes.at(-1)!.streams[0]?.text, "x", `${turns} turns`);
    assert.equal(local.closed, false);
    await bench.end();
  }
});

Deno.test("a session that we may not resume is the end of the forward", async () => {
  for (const failure of ["denied", "refused"] as const) {
    const bench = await new ForwardBench().begin();
    bench.nodes[0]!.refuseResume(failure, "Access denied: ssm:ResumeSession");
    bench.nodes[0]!.lose();
    await bench.clock.advance(60_000);
    assert.equal(bench.starts, 1);
    const ended = bench.notices.at(-1);
    assert.ok(ended?.kind === "ended" && ended.next === "never");
    assert.equal(bench.failures.length, 1);
    const [failed] = bench.failures;
    assert.ok(failed instanceof PortStartError);
    assert.equal(failed.message, "Access denied: ssm:ResumeSession");
    assert.equal(failed.end.kind, "denied");
    await bench.end();
    bench.assertTerminated();
  }
});

Deno.test("no new session for want of permission is the end, too", async () => {
  for (const failure of ["denied", "refused"] as const) {
    const bench = await new ForwardBench().begin();
    const refusal = new ControlError("Access denied", failure);
    bench.onStart = () => {
      throw refusal;
    };
    bench.nodes[0]!.close("Terminated");
    await bench.clock.advance(60_000);
    assert.deepEqual(bench.failures, [refusal]);
    assert.equal(bench.starts, 2);
    assert.deepEqual(bench.kinds, ["ended"]);
    await bench.end();
  }
});

Deno.test("without tries every end is the last", async () => {
  const bench = await new ForwardBench({ forward: { retry: 0 } }).begin();
  bench.nodes[0]!.lose();
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 1);
  assert.equal(bench.nodes[0]!.control.resumes, 0);
  assert.equal(bench.failures.length, 1);
  assert.equal(
    (bench.failures[0] as Error).message,
    "The connection was lost: reset",
  );
  await bench.end();
  bench.assertTerminated();
});

Deno.test("an end that we brought about ourselves is followed by nothing", async () => {
  const bench = await new ForwardBench().begin();
  await settle();
  await bench.end();
  await bench.clock.advance(60_000);
  assert.equal(bench.starts, 1);
  assert.deepEqual(bench.notices, []);
  assert.deepEqual(bench.failures, []);
});
