import assert from "node:assert/strict";
import { growAfter } from "../../lib/protocol/channel/payload_size.ts";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { type FakeConnection, FakeListener } from "../testkit/fake_local.ts";
import { ForwardBench, never } from "../testkit/forward_bench.ts";
import type { PortNode } from "../testkit/port_node.ts";
import { patterned } from "../testkit/vectors.ts";
import { joined } from "../testkit/bytes.ts";

Deno.test("every listener's programs are served, and called by their addresses", async () => {
  const second = new FakeListener({ kind: "unix", path: "/tmp/s" });
  const first = new FakeListener();
  const bench = await new ForwardBench({
    forward: { listeners: [first, second] },
  }).begin();
  const named = Object.assign(first.connect(), {
    remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 51_234 },
  });
  await bench.clock.advance(10);
  second.connect();
  await bench.clock.advance(10);
  const [node] = bench.nodes;
  for (const far of node!.streams) node!.failDial(far);
  await bench.clock.advance(10);
  assert.deepEqual(bench.notices, [
    { kind: "refused", peer: "127.0.0.1:51234" },
    { kind: "refused", peer: "#2" },
  ]);
  assert.equal(named.closed, true);
  const closing = bench.forward.close();
  await bench.clock.advance(5000);
  await closing;
  assert.equal(first.closed && second.closed, true);
  node!.assertOver();
});

Deno.test("a new session gives the figures of the old ones on", async () => {
  const bench = await new ForwardBench().begin();
  await bench.clock.advance(60_000);
  const one = await bench.connect("1234");
  bench.nodes[0]!.streams[0]!.send("123456");
  bench.nodes[0]!.lose();
  await bench.clock.advance(5000);
  assert.equal(one.size, 6);
  bench.nodes[0]!.close("Terminated");
  await bench.clock.advance(1000);
  await bench.connect("12");
  const { open, total, up, down, reconnects, waiting } = bench.forward.stats;
  assert.deepEqual(
    { open, total, up, down, reconnects, waiting },
    { open: 1, total: 2, up: 6, down: 6, reconnects: 1, waiting: 0 },
  );
  assert.ok(bench.forward.stats.roundTrip !== undefined);
  await bench.end();
  assert.equal(bench.forward.stats.total, 2);
});

// ── leaving ─────────────────────────────────────────────────────────────────────────────────

/** A program that sends so much and hangs up, at the moment in which the forward is closed. */
async function closeBehind(settle: boolean, size: number) {
  const bench = await new ForwardBench().begin();
  bench.nodes[0]!.agent.latency = () => 50;
  const local = await bench.connect();
  const all = patterned(size);
  local.send(all);
  local.end();
  const start = bench.clock.now();
  let took: number | undefined;
  bench.forward.close(settle ? never : undefined).then(() =>
    took = bench.clock.now() - start
  );
  await bench.until(() => took !== undefined, 120_000);
  await bench.clock.advance(1000);
  bench.assertOver();
  bench.assertTerminated();
  const [far] = bench.nodes[0]!.streams;
  return { bench, far: far!, all, took: took! };
}

Deno.test("settling lets what a program sent before it hung up arrive, and its end", async () => {
  for (const size of [1, 100_000, 20 * 1024 * 1024]) {
    const { far, all, bench } = await closeBehind(true, size);
    assert.equal(far.size, size);
    assert.deepEqual(joined(far.got), all);
    assert.equal(far.ended, true);
    assert.deepEqual(bench.nodes[0]!.flags, [Flag.TerminateSession]);
  }
  const { far, took } = await closeBehind(false, 20 * 1024 * 1024);
  assert.ok(far.size < 2 * 1024 * 1024, "it was not asked for");
  assert.ok(took < 1200, `${took} ms`);
});

Deno.test("a program that connects, sends and hangs up in the last moment is heard", async () => {
  const bench = await new ForwardBench().begin();
  const local = bench.listener.connect();
  local.send("last words");
  local.end();
  await bench.end(true);
  assert.equal(bench.nodes[0]!.streams[0]!.text, "last words");
  assert.equal(local.closed, true);
});

Deno.test("programs that are there and say nothing are not waited for", async () => {
  const bench = await new ForwardBench().begin();
  const locals: FakeConnection[] = [];
  for (let i = 0; i < 5; i++) locals.push(await bench.connect("hello"));
  const start = bench.clock.now();
  let took = 0;
  bench.forward.close(never).then(() => took = bench.clock.now() - start);
  await bench.until(() => took > 0);
  assert.ok(took < 200, `${took} ms`);
  assert.ok(locals.every(({ closed }) => closed));
  bench.assertOver();
});

Deno.test("what cannot arrive is waited for no longer than 3 s", async () => {
  const bench = await new ForwardBench().begin();
  const local = await bench.connect("x");
  bench.nodes[0]!.deafen();
  local.send(new Uint8Array(1000));
  local.end();
  const start = bench.clock.now();
  let took = 0;
  bench.forward.close(never).then(() => took = bench.clock.now() - start);
  await bench.until(() => took > 0);
  // And a second for the flag, which cannot arrive, either.
  assert.ok(took > 3900 && took < 4500, `${took} ms`);
  bench.assertOver();
});

Deno.test("those who go on sending are waited for no longer than 30 s", async () => {
  const bench = await new ForwardBench().begin();
  const local = await bench.connect("x");
  const start = bench.clock.now();
  let took = 0;
  bench.forward.close(never).then(() => took = bench.clock.now() - start);
  for (let i = 0; i < 4000 && took === 0; i++) {
    local.send(new Uint8Array(1000));
    await bench.clock.advance(10);
  }
  assert.ok(took > 29_900 && took < 32_000, `${took} ms`);
  bench.assertOver();
});

Deno.test("waiting for what is to settle can be given up", async () => {
  const bench = await new ForwardBench().begin();
  const local = await bench.connect("x");
  bench.nodes[0]!.deafen();
  local.send(new Uint8Array(1000));
  local.end();
  const enough = new AbortController();
  const start = bench.clock.now();
  let took = 0;
  bench.forward.close(enough.signal).then(() =>
    took = bench.clock.now() - start
  );
  await bench.clock.advance(500);
  enough.abort(new Error("enough"));
  await bench.until(() => took > 0);
  assert.ok(took < 1700, `${took} ms`);
  bench.assertOver();
});

// ── payload sizes ───────────────────────────────────────────────────────────────────────────

/** The largest payload that each node got. */
function watchSizes(bench: ForwardBench): Map<PortNode, number> {
  const largest = new Map<PortNode, number>();
  bench.onNode = (node) => {
    node.onPayload = ({ length }) =>
      largest.set(node, Math.max(largest.get(node) ?? 0, length));
  };
  return largest;
}

/** A program sends so much, and all of it arrives. */
async function upload(bench: ForwardBench, bytes: number): Promise<void> {
  const local = await bench.connect();
  const far = bench.nodes.at(-1)!.streams.at(-1)!;
  local.send(new Uint8Array(bytes));
  await bench.until(() => far.size === bytes);
  await bench.clock.advance(1000);
}

Deno.test("payloads grow while that goes well: 1024, 4096, 16 384", async () => {
  const bench = new ForwardBench();
  const largest = watchSizes(bench);
  await bench.begin();
  const [node] = bench.nodes;
  await upload(bench, growAfter / 2);
  assert.equal(largest.get(node!), 1024);
  await upload(bench, growAfter);
  await upload(bench, growAfter / 4);
  assert.equal(largest.get(node!), 4096);
  await upload(bench, 2 * growAfter);
  await upload(bench, growAfter);
  assert.equal(largest.get(node!), 16_384);
  await upload(bench, 20 * growAfter);
  assert.equal(largest.get(node!), 16_384);
  await bench.end();
});

Deno.test("a connection that takes no large payloads has small ones, and so have the next sessions", async () => {
  const bench = new ForwardBench();
  const largest = watchSizes(bench);
  await bench.begin();
  await upload(bench, 2 * growAfter);
  const [node] = bench.nodes;
  assert.equal(largest.get(node!), 4096);
  node!.control.transport.drop({
    code: 1009,
    reason: "message too big",
    clean: true,
  });
  await bench.clock.advance(5000);
  largest.clear();
  await upload(bench, 4 * growAfter);
  assert.equal(largest.get(node!), 1024, "for the rest of the session");
  for (let i = 0; i < 2; i++) {
    await bench.clock.advance(60_000);
    bench.nodes.at(-1)!.close("Terminated");
    await bench.clock.advance(1000);
    await upload(bench, 4 * growAfter);
    assert.equal(largest.get(bench.nodes.at(-1)!), 1024, "for good");
  }
  assert.equal(bench.nodes.length, 3);
  await bench.end();
});

Deno.test("after a session without such trouble the next one begins to grow anew", async () => {
  const bench = new ForwardBench();
  const largest = watchSizes(bench);
  await bench.begin();
  await upload(bench, 2 * growAfter);
  await bench.clock.advance(60_000);
  bench.nodes[0]!.lose(); // long after the first larger one
  await bench.clock.advance(5000);
  bench.nodes[0]!.close("Terminated");
  await bench.clock.advance(1000);
  await upload(bench, growAfter / 2);
  assert.equal(largest.get(bench.nodes[1]!), 1024);
  await upload(bench, 2 * growAfter);
  assert.equal(largest.get(bench.nodes[1]!), 4096);
  await bench.end();
});

Deno.test("a size that was asked for stays, whatever happens", async () => {
  const bench = new ForwardBench({ forward: { payloadSize: 8192 } });
  const largest = watchSizes(bench);
  await bench.begin();
  await upload(bench, 4 * growAfter);
  bench.nodes[0]!.control.transport.drop({
    code: 1009,
    reason: "",
    clean: true,
  });
  await bench.clock.advance(5000);
  largest.clear();
  await upload(bench, 4 * growAfter);
  assert.equal(largest.get(bench.nodes[0]!), 8192);
  await bench.end();
});

Deno.test("a service that takes no large message costs a session, not the forward", async () => {
  const bench = new ForwardBench();
  bench.onNode = ({ control }) => {
    const opened = control.onOpen;
    control.onOpen = async (transport) => {
      await opened(transport);
      const { onSend } = transport;
      transport.onSend = (message) => {
        if (message.length < 4000) return onSend(message);
        transport.drop({ code: 1009, reason: "too big", clean: true });
      };
    };
  };
  await bench.begin();
  const local = await bench.connect();
  local.send(new Uint8Array(4 * growAfter));
  await bench.until(() => bench.kinds.at(-1) === "restored");
  assert.equal(local.closed, true);
  assert.deepEqual(
    bench.kinds.filter((kind) => kind !== "lost" && kind !== "resumed"),
    ["ended", "restored"],
  );
  const ended = bench.notices.find(({ kind }) => kind === "ended");
  assert.ok(ended?.kind === "ended");
  assert.equal(ended.end.message, "The service takes no messages so large");
  await bench.clock.advance(1000);
  await upload(bench, 8 * growAfter);
  assert.equal(bench.nodes.length, 2);
  await bench.end();
  bench.assertTerminated();
});
