/** How hard a forward tries for a new session, and what is left when it is closed meanwhile. */

import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { PortStartError } from "../../lib/session/port_session.ts";
import { loginDelay } from "../../lib/session/resume.ts";
import type { FakeConnection } from "../testkit/fake_local.ts";
import {
  ForwardBench,
  type ForwardBenchOptions,
} from "../testkit/forward_bench.ts";

/** A forward whose session has lasted, and ends. */
async function ended(options: ForwardBenchOptions = {}): Promise<ForwardBench> {
  const bench = await new ForwardBench(options).begin();
  await bench.clock.advance(60_000);
  bench.nodes[0]!.close("Terminated");
  return bench;
}

/** From now on StartSession fails so. */
function refuse(bench: ForwardBench, ...errors: Error[]): void {
  bench.onStart = () => {
    throw errors.length > 1 ? errors.shift() : errors[0];
  };
}

const passing = new ControlError("Cannot reach ssm: no network", "passing");
const login = new ControlError("The SSO session has expired", "login");

Deno.test("an outage is waited out, told once, and programs wait with it", async () => {
  const bench = await ended();
  refuse(bench, passing, new ControlError("throttled", "passing"), passing);
  const local = await bench.connect("patient");
  await bench.clock.advance(5 * 60 * 60_000);
  assert.deepEqual(bench.kinds, ["ended", "retrying"]);
  const [, retrying] = bench.notices;
  assert.ok(retrying?.kind === "retrying" && retrying.error === passing);
  const often = (5 * 60 * 60_000) / 10_000;
  assert.ok(bench.starts > often && bench.starts < 2 * often + 20);
  assert.equal(local.closed, false);
  bench.onStart = () => {};
  await bench.clock.advance(12_000);
  assert.equal(bench.nodes[1]!.streams[0]!.text, "patient");
  assert.deepEqual(bench.kinds, ["ended", "retrying", "restored"]);
  const restored = bench.notices[2];
  assert.ok(restored?.kind === "restored");
  assert.ok(restored.after >= 5 * 60 * 60_000);
  await bench.end();
});

Deno.test("a node that is away for a while, and an agent that cannot begin, may come back", async () => {
  const bench = await ended();
  refuse(bench, new ControlError("i-0 is not connected", "gone"));
  await bench.clock.advance(60_000);
  assert.deepEqual(bench.kinds, ["ended", "retrying"]);
  bench.onStart = () => {};
  bench.onNode = (node) => {
    bench.onNode = () => {};
    node.accept(false);
    bench.clock.setTimer(100, () => node.fail("no such host"));
  };
  await bench.until(() => bench.kinds.at(-1) === "restored");
  assert.equal(bench.nodes.length, 3);
  assert.deepEqual(bench.failures, []);
  await bench.end();
  bench.assertTerminated(bench.nodes[0]!);
});

Deno.test("so many tries and no more, however long the session had lived", async () => {
  for (const lived of [100, 60_000]) {
    for (const retry of [1, 3]) {
      const bench = await new ForwardBench({ forward: { retry } }).begin();
      await bench.clock.advance(lived);
      refuse(bench, passing);
      bench.nodes[0]!.close("Terminated");
      await bench.clock.advance(60_000);
      assert.equal(bench.starts, 1 + retry, `${retry} tries, ${lived} ms`);
      assert.deepEqual(bench.failures, [passing]);
      assert.equal(
        bench.kinds.filter((kind) => kind === "retrying").length,
        retry > 1 ? 1 : 0,
      );
      await bench.end();
    }
  }
});

Deno.test("the tries for one session are no others' tries", async () => {
  const bench = await new ForwardBench({ forward: { retry: 3 } }).begin();
  for (let round = 1; round <= 4; round++) {
    await bench.clock.advance(60_000);
    let failures = 2;
    bench.onStart = () => {
      if (failures-- > 0) throw passing;
    };
    bench.nodes.at(-1)!.close("Terminated");
    await bench.until(() => bench.nodes.length === 1 + round);
  }
  assert.deepEqual(bench.failures, []);
  await bench.end();
});

Deno.test("credentials are waited for: asked every 5 s, told once, no try is counted", async () => {
  const bench = await ended({ forward: { retry: 2 } });
  refuse(bench, login);
  const local = await bench.connect("patient");
  await bench.clock.advance(8 * 60 * 60_000);
  assert.deepEqual(bench.kinds, ["ended", "login"]);
  const asked = bench.starts - 2;
  assert.equal(asked, (8 * 60 * 60_000) / loginDelay);
  bench.onStart = () => {};
  await bench.clock.advance(loginDelay + 100);
  assert.deepEqual(bench.kinds, ["ended", "login", "restored"]);
  assert.equal(bench.nodes[1]!.streams[0]!.text, "patient");
  assert.equal(local.closed, false);
  await bench.end();
});

Deno.test("a forward that cannot begin tries nothing again", async () => {
  for (const error of [passing, login]) {
    const bench = new ForwardBench();
    refuse(bench, error);
    bench.start();
    await bench.clock.advance(60_000);
    assert.equal(bench.outcome, error);
    assert.equal(bench.starts, 1);
    assert.deepEqual(bench.failures, []);
    await bench.end();
  }
});

Deno.test("closing while a new session is on its way leaves none, at whatever moment", async (t) => {
  await t.step("while StartSession is asked", async () => {
    const bench = await ended();
    const gate = Promise.withResolvers<void>();
    bench.onStart = () => gate.promise; // one that does not look at the signal
    const local = await bench.connect();
    let closed = false;
    const closing = bench.forward.close().then(() => closed = true);
    await bench.clock.advance(100);
    assert.equal(local.closed, true, "it waits for nothing any more");
    assert.equal(closed, false, "what it gives has to be ended");
    gate.resolve();
    await bench.clock.advance(5000);
    await closing;
    bench.assertOver();
    bench.assertTerminated(bench.nodes[0]!);
    assert.equal(bench.nodes.length, 2);
  });
  await t.step("while the agent begins", async () => {
    const bench = await ended();
    bench.onNode = (node) => node.accept(false);
    await bench.clock.advance(100);
    assert.equal(bench.nodes.length, 2);
    await bench.end();
    bench.assertTerminated(bench.nodes[0]!);
  });
  await t.step("while it waits for the next try", async () => {
    for (const error of [passing, login]) {
      const bench = await ended();
      refuse(bench, error);
      await bench.clock.advance(3000);
      const { starts } = bench;
      await bench.end();
      await bench.clock.advance(60_000);
      assert.equal(bench.starts, starts);
      assert.deepEqual(bench.failures, []);
    }
  });
  await t.step("in the moment in which it is there", async () => {
    for (let turns = 0; turns < 40; turns++) {
      const bench = await ended();
      let closing: Promise<void> | undefined;
      let terminated = -1;
      bench.onNode = (node) => {
        node.onPayload = () => {
          node.onPayload = () => {};
          const { transport } = node.control;
          const deliver = transport.deliver.bind(transport);
          transport.deliver = async (frame) => {
            transport.deliver = deliver;
            deliver(frame);
            for (let i = 0; i < turns; i++) await Promise.resolve();
            closing = bench.forward.close().then(() =>
              void (terminated = node.control.terminated)
            );
          };
        };
      };
      await bench.clock.advance(60_000);
      await closing;
      assert.equal(terminated, 1, `after ${turns} turns: it is closed first`);
      bench.assertOver();
    }
  });
  await t.step("while it starts", async () => {
    for (let turns = 0; turns < 40; turns++) {
      const bench = new ForwardBench({ forward: { sessions: 2 } }).start();
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const closing = bench.forward.close();
      await bench.clock.advance(5000);
      await closing;
      assert.ok(bench.outcome instanceof Error, `after ${turns} turns`);
      bench.assertOver();
      bench.assertTerminated();
    }
  });
  await t.step("while a further one is opened", async () => {
    const bench = await new ForwardBench().begin();
    const locals: FakeConnection[] = [];
    for (let i = 0; i < 2; i++) locals.push(await bench.connect());
    for (const far of bench.nodes[0]!.streams) {
      far.send(new Uint8Array(200_000));
    }
    bench.onNode = (node) => node.accept(false);
    await bench.clock.advance(1200);
    assert.equal(bench.nodes.length, 2);
    await bench.end();
    bench.assertTerminated();
    assert.ok(locals.every(({ closed }) => closed));
  });
});

Deno.test("a program that connects while the forward is closed is not left waiting", async () => {
  for (let turns = 0; turns < 20; turns++) {
    const bench = await new ForwardBench().begin();
    const local = bench.listener.connect();
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await bench.end();
    assert.equal(local.closed, true, `after ${turns} turns`);
  }
});

Deno.test("what StartSession throws beside its own errors is no mistake of the pool", async () => {
  const bench = await ended({ forward: { retry: 1 } });
  refuse(bench, new PortStartError({ kind: "failed", message: "odd" }));
  await bench.clock.advance(1000);
  assert.equal((bench.failures[0] as Error).message, "odd");
  await bench.end();
});
