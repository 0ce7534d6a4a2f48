/** The node could not connect: the agent does not say for which stream (pitfalls.md §2.15). */

import assert from "node:assert/strict";
import { PortBench } from "../testkit/port_bench.ts";

/** Who is said to have been refused. */
function refused(bench: PortBench): string[] {
  return bench.notices.flatMap((notice) =>
    notice.kind === "refused" ? [notice.peer] : []
  );
}

Deno.test("flag and end in either order, up to a second apart: that connection alone fails", async (t) => {
  for (const first of ["flag", "fin"] as const) {
    for (const apart of [0, 10, 999, 1000]) {
      await t.step(`${first} first, ${apart} ms apart`, async () => {
        const bench = await new PortBench().begin();
        const open = await bench.connected("open");
        const fails = await bench.connected("fails");
        const other = await bench.connected("other");
        open.far.send("banner");
        await bench.clock.advance(10);
        if (first === "flag") bench.node.raiseDialFailed();
        else fails.far.finish();
        await bench.clock.advance(apart);
        if (first === "flag") fails.far.finish();
        else bench.node.raiseDialFailed();
        await bench.clock.advance(0);
        assert.deepEqual(refused(bench), ["fails"]);
        // The program learns of it: by our close, or by an end after which it can only leave.
        assert.equal(fails.local.closed || fails.local.gotEnd, true);
        fails.local.end();
        await bench.clock.advance(10);
        assert.equal(fails.local.closed, true);
        for (const { local, far } of [open, other]) {
          assert.equal(local.gotEnd, false);
          local.send("goes on");
          await bench.clock.advance(10);
          assert.equal(far.text, "goes on");
        }
        assert.equal(bench.session.open, 2);
        await bench.end();
      });
    }
  }
});

Deno.test("a flag and an end that are further apart have nothing to do with each other", async (t) => {
  for (const first of ["flag", "fin"] as const) {
    await t.step(`${first} first`, async () => {
      const bench = await new PortBench().begin();
      const { local, far } = await bench.connected("silent");
      if (first === "flag") bench.node.raiseDialFailed();
      else far.finish();
      await bench.clock.advance(1100);
      if (first === "flag") far.finish();
      else bench.node.raiseDialFailed();
      await bench.clock.advance(10);
      assert.deepEqual(refused(bench), []);
      assert.equal(local.gotEnd, true, "an end is an end");
      assert.equal(local.closed, false);
      await bench.end();
    });
  }
});

Deno.test("an end behind bytes is no failed dial", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected("answered");
  const fails = await bench.connected("fails");
  far.send("answer");
  await bench.clock.advance(0);
  bench.node.raiseDialFailed();
  far.finish();
  await bench.clock.advance(10);
  assert.deepEqual(refused(bench), []);
  assert.equal(local.text, "answer");
  assert.equal(local.gotEnd, true);
  fails.far.finish();
  await bench.clock.advance(10);
  assert.deepEqual(refused(bench), ["fails"]);
  await bench.end();
});

Deno.test("an end without bytes and without a flag is an end", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected("took it all");
  local.send("for the sink");
  await bench.clock.advance(10);
  far.finish();
  await bench.clock.advance(5000);
  assert.deepEqual(bench.notices, []);
  assert.equal(local.gotEnd, true);
  await bench.end();
});

Deno.test("many failures, each flag for one connection, oldest first", async () => {
  const bench = await new PortBench().begin();
  const names = ["a", "b", "c", "d"];
  const fails = [];
  for (const name of names) fails.push(await bench.connected(name));
  for (const [i, { far }] of fails.entries()) {
    bench.node.failDial(far, i % 2 === 0 ? "fin" : "flag");
    await bench.clock.advance(100);
  }
  assert.deepEqual(refused(bench), names);
  await bench.clock.advance(5000);
  await bench.end();

  const together = await new PortBench().begin();
  const others = [];
  for (const name of names) others.push(await together.connected(name));
  for (const { far } of others) far.finish();
  for (const _ of others) together.node.raiseDialFailed();
  await together.clock.advance(10);
  assert.deepEqual(refused(together), names);
  // One flag more than there are ends tells nothing.
  together.node.raiseDialFailed();
  await together.clock.advance(10);
  assert.deepEqual(refused(together), names);
  await together.end();
});

Deno.test("one flag is one failure, however many end without a word", async () => {
  for (const first of ["flag", "fin"] as const) {
    const bench = await new PortBench().begin();
    const both = [await bench.connected("a"), await bench.connected("b")];
    if (first === "flag") bench.node.raiseDialFailed();
    for (const { far } of both) {
      far.finish();
      await bench.clock.advance(100);
    }
    if (first === "fin") bench.node.raiseDialFailed();
    await bench.clock.advance(100);
    assert.deepEqual(refused(bench), ["a"]);
    await bench.end();
  }
});

Deno.test("a flag of a connection that we closed ourselves is not remembered for long", async () => {
  const bench = await new PortBench().begin();
  const gone = await bench.connected("gone");
  gone.local.breakOff();
  await bench.clock.advance(10);
  bench.node.raiseDialFailed();
  await bench.clock.advance(1100);
  const { far } = await bench.connected("later");
  far.finish();
  await bench.clock.advance(10);
  assert.deepEqual(refused(bench), []);
  await bench.end();
});

Deno.test("a failed dial while the connection is lost is told after the resume", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected("fails");
  bench.node.lose();
  bench.node.failDial(far);
  await bench.clock.advance(5000);
  assert.deepEqual(refused(bench), ["fails"]);
  assert.equal(local.closed, true);
  await bench.end();
});
