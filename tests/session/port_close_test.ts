/** How a port session is left, and how it ends: docs/protocol/data-channel.md §9. */

import assert from "node:assert/strict";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { PortBench } from "../testkit/port_bench.ts";
import { basicAgent, newAgent } from "../testkit/port_node.ts";

Deno.test("leaving: Flag 2, its acknowledgement, the connection's end, TerminateSession", async () => {
  const bench = await new PortBench().begin();
  const { local } = await bench.connected();
  const order: string[] = [];
  bench.node.onFlag = (flag) => order.push(`flag ${flag}`);
  const { transport } = bench.node.control;
  transport.onClose = () => void order.push("connection closed");
  bench.node.control.onTerminate = () => void order.push("TerminateSession");
  let closed = false;
  const closing = bench.session.close().then(() => closed = true);
  assert.equal(local.closed, true, "programs need not wait");
  assert.equal(bench.session.canConnect, false);
  await bench.clock.advance(50);
  assert.equal(closed, true, "nothing to wait for");
  assert.deepEqual(order, [
    "flag 2",
    "connection closed",
    "TerminateSession",
  ]);
  assert.equal(transport.closedWith, 1000);
  await closing;
  assert.equal((await bench.session.ended).kind, "left");
  assert.deepEqual(bench.notices, []);
  bench.assertOver();
});

Deno.test("which agents get Flag 2, and which only the call", async (t) => {
  const cases: [agentVersion: string, flags: Flag[]][] = [
    ["2.3.722.0", []],
    ["2.3.723.0", [Flag.TerminateSession]],
    [basicAgent, [Flag.TerminateSession]],
    [newAgent, [Flag.TerminateSession]],
  ];
  for (const [agentVersion, flags] of cases) {
    await t.step(agentVersion, async () => {
      const bench = await new PortBench({ node: { agentVersion } }).begin();
      await bench.end();
      assert.deepEqual(bench.node.flags, flags);
      assert.equal(bench.node.control.terminated, 1);
    });
  }
});

Deno.test("the acknowledgement is waited for, a second at most", async () => {
  for (const [latency, ends] of [[300, 600], [5000, 1000]] as const) {
    const bench = await new PortBench().begin();
    bench.node.agent.latency = () => latency;
    let at = 0;
    bench.node.control.onTerminate = () => void (at = bench.clock.now());
    const start = bench.clock.now();
    const closing = bench.session.close();
    await bench.clock.advance(20_000);
    await closing;
    assert.equal(Math.round(at - start), ends);
    assert.equal(bench.node.control.terminated, 1);
    bench.assertOver();
  }
});

Deno.test("without a connection there is only the call", async () => {
  const bench = await new PortBench().begin();
  bench.node.refuseResume("passing");
  bench.node.lose();
  await bench.clock.advance(1000);
  let closed = false;
  bench.session.close().then(() => closed = true);
  await bench.clock.advance(0);
  assert.equal(closed, true);
  assert.equal(bench.node.control.terminated, 1);
  assert.deepEqual(bench.node.flags, []);
  bench.assertOver();
});

Deno.test("a second call is the first one's promise", async () => {
  const bench = await new PortBench().begin();
  const first = bench.session.close();
  assert.equal(bench.session.close(), first);
  await bench.clock.advance(100);
  assert.equal(bench.session.close(), first);
  await first;
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});

Deno.test("a connection that comes while it is left is closed", async () => {
  const bench = await new PortBench().begin();
  const closing = bench.session.close();
  const late = bench.connect();
  assert.equal(late.closed, true);
  await bench.clock.advance(100);
  await closing;
  assert.equal(bench.connect().closed, true);
  bench.assertOver();
});

Deno.test("a call that fails or hangs keeps nobody, and is told", async (t) => {
  await t.step("it fails", async () => {
    const bench = await new PortBench().begin();
    bench.node.control.onTerminate = () => {
      throw new Error("Access denied: ssm:TerminateSession");
    };
    const closing = bench.session.close();
    await bench.clock.advance(100);
    await closing;
    assert.deepEqual(bench.notices, [{
      kind: "warning",
      text: "The session could not be terminated: " +
        "Access denied: ssm:TerminateSession",
    }]);
    bench.assertOver();
  });
  await t.step("it hangs", async () => {
    const bench = await new PortBench().begin();
    bench.node.control.onTerminate = () => new Promise<void>(() => {});
    let closed = false;
    bench.session.close().then(() => closed = true);
    await bench.clock.advance(2900);
    assert.equal(closed, false);
    await bench.clock.advance(200);
    assert.equal(closed, true);
    assert.deepEqual(bench.kinds, ["warning"]);
    bench.assertOver();
  });
});

Deno.test("a session that the service ends is not terminated again", async (t) => {
  const cases: [output: string, kind: string, message: string][] = [
    ["", "ended", "The service ended the session"],
    ["Session ended by admin.", "ended", "Session ended by admin"],
    ["Session timed out.", "idle", "Session timed out"],
  ];
  for (const [output, kind, message] of cases) {
    await t.step(message, async () => {
      const bench = await new PortBench().begin();
      const { local } = await bench.connected();
      let notYet = true;
      bench.session.ended.then(() =>
        notYet = !bench.node.control.transport.ended
      );
      bench.node.close(output);
      await bench.clock.advance(1000);
      const end = await bench.session.ended;
      assert.deepEqual([end.kind, end.message], [kind, message]);
      assert.equal(end.silent ?? false, output === "");
      assert.equal(notYet, false, "something was left at the end");
      assert.equal(local.closed, true);
      assert.equal(bench.session.resetConnections, 1);
      assert.equal(bench.session.canConnect, false);
      assert.equal(bench.node.control.terminated, 0);
      bench.assertOver();
    });
  }
});

Deno.test("one that it ends while we leave it is not terminated again, either", async () => {
  const bench = await new PortBench().begin();
  bench.node.deafen();
  const closing = bench.session.close();
  await bench.clock.advance(100);
  bench.node.close("");
  await bench.clock.advance(100);
  await closing;
  assert.equal((await bench.session.ended).kind, "ended");
  assert.equal(bench.node.control.terminated, 0);
  bench.assertOver();
});

Deno.test("an agent's error after the start ends the session, terminated", async () => {
  const bench = await new PortBench().begin();
  bench.node.fail("The plugin crashed");
  await bench.clock.advance(1000);
  assert.deepEqual(await bench.session.ended, {
    kind: "failed",
    message: "The plugin crashed",
  });
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});

Deno.test("what ResumeSession says is the end of a session that cannot come back", async (t) => {
  const cases = [
    ["denied", "denied", 1],
    ["refused", "denied", 1],
    ["gone", "ended", 1],
    ["no token", "idle", 0],
  ] as const;
  for (const [failure, kind, terminated] of cases) {
    await t.step(failure, async () => {
      const bench = await new PortBench().begin();
      const { local } = await bench.connected();
      if (failure === "no token") {
        bench.node.control.onResume = () => undefined;
      } else bench.node.refuseResume(failure);
      bench.node.lose();
      await bench.clock.advance(5000);
      const end = await bench.session.ended;
      assert.equal(end.kind, kind);
      assert.notEqual(end.message, "");
      assert.equal(local.closed, true);
      assert.equal(bench.session.resetConnections, 1);
      assert.equal(bench.node.control.terminated, terminated);
      assert.deepEqual(bench.kinds, ["lost"]);
      bench.assertOver();
    });
  }
});

Deno.test("credentials that have expired are told once, and waited for", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  const resume = bench.node.control.onResume;
  bench.node.refuseResume("login", "The SSO session has expired");
  bench.node.lose();
  await bench.clock.advance(8 * 60 * 60_000);
  assert.deepEqual(bench.kinds, ["lost", "login"]);
  const [, login] = bench.notices;
  assert.ok(login?.kind === "login");
  assert.equal(login.error.message, "The SSO session has expired");
  bench.node.control.onResume = resume;
  await bench.clock.advance(6000);
  assert.deepEqual(bench.kinds, ["lost", "login", "resumed"]);
  local.send("still the same connection");
  await bench.clock.advance(1000);
  assert.equal(far.text, "still the same connection");
  await bench.end();
});

Deno.test("an outage of hours is waited out, and told twice: its begin and its end", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  const resume = bench.node.control.onResume;
  bench.node.refuseResume("passing");
  bench.node.lose();
  far.send("said meanwhile ");
  local.send("asked meanwhile");
  await bench.clock.advance(5 * 60 * 60_000);
  bench.node.control.onResume = resume;
  await bench.clock.advance(12_000);
  assert.deepEqual(bench.kinds, ["lost", "resumed"]);
  assert.equal(far.text, "asked meanwhile");
  assert.equal(local.text, "said meanwhile ");
  assert.equal(bench.session.stats.reconnects, 1);
  const [lost, resumed] = bench.notices;
  assert.deepEqual(lost, { kind: "lost", reason: "reset" });
  assert.ok(resumed?.kind === "resumed" && resumed.after > 5 * 60 * 60_000);
  await bench.end();
});

Deno.test("tries that are counted end the session, none is none", async () => {
  for (const tries of [0, 1, 3]) {
    const bench = await new PortBench({
      session: { patience: { limit: Infinity, tries } },
    }).begin();
    bench.node.refuseResume("passing", "no network");
    bench.node.lose();
    await bench.clock.advance(5000);
    const end = await bench.session.ended;
    assert.equal(end.kind, "lost");
    assert.equal(
      end.message,
      tries === 0 ? "The connection was lost: reset" : "no network",
    );
    assert.equal(bench.node.control.resumes, tries);
    assert.equal(bench.node.control.terminated, 1);
    bench.assertOver();
  }
});
