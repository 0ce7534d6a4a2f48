import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { PortSession, PortStartError } from "../../lib/session/port_session.ts";
import { TransportError } from "../../lib/session/transport.ts";
import { PortBench } from "../testkit/port_bench.ts";
import {
  basicAgent,
  newAgent,
  type PortNodeOptions,
} from "../testkit/port_node.ts";
import { settle } from "../testkit/manual_clock.ts";

/** How it ended, in the words that the user gets. */
function startError(bench: PortBench): PortStartError {
  assert.ok(bench.outcome instanceof PortStartError, String(bench.outcome));
  return bench.outcome;
}

Deno.test("a session is open when the agent has acknowledged a NOP, not before", async () => {
  const bench = new PortBench({ node: { accepting: false } }).open();
  await bench.clock.advance(30_000);
  assert.equal(bench.outcome, undefined, "open without an acknowledgement");
  assert.equal(bench.node.nops, 0);
  bench.node.accept();
  await bench.clock.advance(2500);
  assert.equal(bench.session.canConnect, true);
  assert.equal(bench.node.nops, 1);
  assert.equal(bench.session.agentVersion, newAgent);
  assert.equal(bench.session.id, "s");
  await bench.end();
});

Deno.test("a handshake that is acknowledged late opens nothing by itself", async () => {
  const bench = new PortBench({ node: { accepting: false } });
  let held = true;
  const { channel } = bench.node.agent;
  const { pollTransmit } = channel;
  const kept: Uint8Array[] = [];
  // The acknowledgement of our answer comes behind HandshakeComplete (pitfalls.md §6.4).
  channel.pollTransmit = (now) => {
    for (;;) {
      const frame = pollTransmit.call(channel, now);
      const type = frame && new TextDecoder().decode(frame.subarray(4, 15));
      if (!held || frame === undefined || type !== "acknowledge") return frame;
      kept.push(frame);
    }
  };
  bench.open();
  await bench.clock.advance(1);
  assert.ok(kept.length > 0);
  held = false;
  for (const frame of kept) bench.node.control.transport.deliver(frame);
  await bench.clock.advance(5000);
  assert.equal(bench.outcome, undefined);
  bench.node.accept();
  await bench.clock.advance(2500);
  await bench.end();
});

Deno.test("what the agent cannot do is the error, and the session is terminated", async (t) => {
  const texts = [
    "Forwarding to IP address 169.254.169.254 is forbidden.",
    "Setting up port forwarding failed: lookup nowhere.internal: no such host",
  ];
  for (const text of texts) {
    await t.step(text, async () => {
      const bench = new PortBench({ node: { accepting: false } }).open();
      await bench.clock.advance(10);
      bench.node.fail(`${text}\n`);
      await bench.clock.advance(200);
      assert.equal(startError(bench).message, text);
      assert.deepEqual(startError(bench).end, {
        kind: "failed",
        message: text,
      });
      assert.equal(bench.node.control.terminated, 1);
      bench.assertOver();
    });
  }
});

Deno.test("a session that the service ends while it begins is the error, too", async () => {
  const bench = new PortBench({ node: { accepting: false } }).open();
  await bench.clock.advance(10);
  bench.node.close("Terminated by an administrator.");
  await bench.clock.advance(200);
  assert.deepEqual(startError(bench).end, {
    kind: "ended",
    message: "Terminated by an administrator",
  });
  bench.assertOver();
});

Deno.test("an agent that does not begin is given up after a minute", async (t) => {
  const cases: [string, PortNodeOptions, (bench: PortBench) => void][] = [
    ["it takes nothing", { accepting: false }, () => {}],
    ["it says nothing", {}, (bench) => {
      bench.node.control.onOpen = () => {};
      bench.node.agent.stop();
    }],
    ["there is no connection", {}, (bench) => {
      // As long as nobody wants it any more.
      bench.node.control.onOpen = () => Promise.withResolvers<void>().promise;
    }],
  ];
  for (const [name, node, prepare] of cases) {
    await t.step(name, async () => {
      const bench = new PortBench({ node });
      prepare(bench);
      const { open } = bench.node.control;
      bench.node.control.open = async (url, signal) =>
        await Promise.race([
          open.call(bench.node.control, url, signal),
          new Promise<never>((_, reject) =>
            signal!.addEventListener("abort", () => reject(signal!.reason))
          ),
        ]);
      const start = bench.clock.now();
      bench.open();
      await bench.clock.advance(59_999);
      assert.equal(bench.outcome, undefined);
      await bench.clock.advance(5000);
      assert.equal(
        startError(bench).message,
        "The agent did not answer within 60 s",
      );
      assert.ok(bench.outcomeAt - start <= 64_000);
      assert.equal(bench.node.control.terminated, 1);
      bench.assertOver();
    });
  }
});

/** Gives up after so many turns of promises; true where it was open by then. */
async function openedInTime(bench: PortBench, turns: number): Promise<boolean> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
  bench.abort.abort(new Error("enough"));
  await bench.clock.advance(5000);
  if (bench.outcome instanceof PortSession) {
    await bench.end();
    return true;
  }
  assert.equal((bench.outcome as Error).message, "enough");
  assert.equal(bench.node.control.terminated, 1, `after ${turns} turns`);
  bench.assertOver();
  return false;
}

Deno.test("whenever a start is given up, no session and no timer is left", async (t) => {
  await t.step("while it connects", async () => {
    for (let turns = 0; turns < 60; turns++) {
      assert.equal(await openedInTime(new PortBench().open(), turns), false);
    }
  });
  await t.step("while the last acknowledgement comes in", async () => {
    const opened: boolean[] = [];
    for (let turns = 0; turns < 30; turns++) {
      const bench = new PortBench().open();
      await settle();
      const { transport } = bench.node.control;
      const deliver = transport.deliver.bind(transport);
      const kept: Uint8Array[] = [];
      transport.deliver = (frame) => kept.push(frame);
      await bench.clock.advance(20);
      assert.equal(bench.outcome, undefined);
      assert.ok(kept.length > 0);
      transport.deliver = deliver;
      for (const frame of kept) deliver(frame);
      opened.push(await openedInTime(bench, turns));
    }
    assert.equal(opened[0], false);
    assert.equal(opened.at(-1), true);
    assert.equal(new Set(opened).size, 2);
    assert.deepEqual(opened, opened.toSorted(), "open, and then not");
  });
});

Deno.test("a start is given up while the agent takes nothing", async () => {
  for (const delay of [0, 1, 1000, 59_000]) {
    const bench = new PortBench({ node: { accepting: false } }).open();
    await bench.clock.advance(delay);
    bench.abort.abort(new Error("enough"));
    await bench.clock.advance(5000);
    assert.equal((bench.outcome as Error).message, "enough");
    assert.equal(bench.node.control.terminated, 1);
    bench.assertOver();
  }
});

Deno.test("a signal that has long been given starts nothing", async () => {
  const bench = new PortBench();
  bench.abort.abort(new Error("enough"));
  bench.open();
  await bench.clock.advance(5000);
  assert.equal((bench.outcome as Error).message, "enough");
  assert.deepEqual(bench.node.control.urls, []);
  assert.equal(bench.node.control.terminated, 1, "StartSession has given one");
  bench.assertOver();
});

Deno.test("a signal that comes after the start ends nothing", async () => {
  const bench = await new PortBench().begin();
  bench.abort.abort(new Error("enough"));
  await bench.clock.advance(100_000);
  assert.equal(bench.session.canConnect, true);
  await bench.end();
});

Deno.test("a document of another kind starts no forward", async (t) => {
  const cases: [string, PortNodeOptions][] = [
    ["a shell", { sessionType: "Standard_Stream", properties: null }],
    ["a command", { sessionType: "InteractiveCommands" }],
    ["ports without properties", { properties: null }],
  ];
  for (const [name, node] of cases) {
    await t.step(name, async () => {
      const bench = new PortBench({ node }).open();
      await bench.clock.advance(5000);
      assert.match(startError(bench).message, /another session than one for/);
      assert.equal(bench.node.control.terminated, 1);
      bench.assertOver();
    });
  }
});

Deno.test("other hosts need an agent that knows them", async (t) => {
  const cases: [agentVersion: string, remoteHost: boolean, opens: boolean][] = [
    ["3.1.1141.0", true, false],
    ["3.1.1187.0", true, false],
    ["3.1.1188.0", true, true],
    [newAgent, true, true],
    [basicAgent, true, false],
    ["3.1.1141.0", false, true],
    [basicAgent, false, true],
  ];
  for (const [agentVersion, remoteHost, opens] of cases) {
    await t.step(`${agentVersion}, ${remoteHost}`, async () => {
      const bench = new PortBench({
        node: { agentVersion },
        session: { remoteHost },
      }).open();
      await bench.clock.advance(5000);
      if (opens) return await bench.end();
      assert.match(
        startError(bench).message,
        new RegExp(`^Agent ${agentVersion} cannot forward to other hosts`),
      );
      assert.equal(bench.node.control.terminated, 1);
      bench.assertOver();
    });
  }
});

Deno.test("only agents up to 3.1.1511.0 get a NOP every 10 s", async (t) => {
  const cases: [agentVersion: string, nops: number][] = [
    ["3.1.0.0", 1 + 6],
    ["3.1.1511.0", 1 + 6],
    ["3.1.1512.0", 1],
    [newAgent, 1],
  ];
  for (const [agentVersion, nops] of cases) {
    await t.step(agentVersion, async () => {
      const bench = await new PortBench({ node: { agentVersion } }).begin();
      await bench.clock.advance(60_000);
      assert.equal(bench.node.nops, nops);
      await bench.end();
    });
  }
});

Deno.test("NOPs of an outage do not pile up", async () => {
  const bench = await new PortBench({ node: { agentVersion: "3.1.1511.0" } })
    .begin();
  const resume = bench.node.control.onResume;
  bench.node.refuseResume("passing");
  bench.node.lose();
  await bench.clock.advance(10 * 60_000);
  bench.node.control.onResume = resume;
  const before = bench.node.nops;
  await bench.clock.advance(11_000);
  assert.equal(bench.session.stats.reconnects, 1);
  const more = bench.node.nops - before;
  assert.ok(more >= 1 && more <= 3, `${more} NOPs`);
  await bench.end();
});

Deno.test("a connection that cannot be had is the error", async () => {
  const bench = new PortBench();
  const failure = new TransportError("Cannot open WebSocket: refused");
  bench.node.control.onOpen = () => {
    throw failure;
  };
  bench.open();
  await bench.clock.advance(20_000);
  assert.equal(bench.outcome, failure);
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});

Deno.test("a connection that is lost while the session begins is resumed", async () => {
  const bench = new PortBench({ node: { accepting: false } }).open();
  await bench.clock.advance(100);
  bench.node.lose();
  await bench.clock.advance(1000);
  assert.deepEqual(bench.kinds, ["lost", "resumed"]);
  bench.node.accept();
  await bench.clock.advance(2500);
  await bench.end();
});

Deno.test("one that cannot be resumed then is the error", async () => {
  const bench = new PortBench({ node: { accepting: false } }).open();
  await bench.clock.advance(100);
  bench.node.refuseResume("denied", "Access denied: ssm:ResumeSession");
  bench.node.lose();
  await bench.clock.advance(1000);
  const { end } = startError(bench);
  assert.equal(end.kind, "denied");
  assert.equal(end.message, "Access denied: ssm:ResumeSession");
  assert.ok(end.cause instanceof Error);
  assert.ok(end.cause.cause instanceof ControlError);
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});
