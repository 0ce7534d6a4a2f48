import assert from "node:assert/strict";
import fc from "fast-check";
import { ControlError } from "../../lib/session/control.ts";
import type { FakeConnection } from "../testkit/fake_local.ts";
import { PortBench } from "../testkit/port_bench.ts";
import type { FarStream } from "../testkit/port_node.ts";
import { joined } from "../testkit/bytes.ts";

/** Bytes that tell of which connection and direction they are, and where they belong. */
function pattern(seed: number, length: number, from = 0): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, i) => ((from + i) * 31 + ((from + i) >>> 8) * 7 + seed * 101) & 0xff,
  );
}

Deno.test("a connection is a stream: opened at once, bytes both ways, closed by both", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  assert.equal(far.id, 3);
  assert.equal(bench.session.open, 1);
  local.send("GET / ");
  local.send("HTTP/1.1\r\n");
  await bench.clock.advance(10);
  assert.equal(far.text, "GET / HTTP/1.1\r\n");
  far.send("HTTP/1.1 200 OK\r\n");
  await bench.clock.advance(10);
  assert.equal(local.text, "HTTP/1.1 200 OK\r\n");
  far.finish();
  await bench.clock.advance(10);
  assert.equal(local.gotEnd, true);
  assert.equal(local.closed, false, "it may still say something");
  local.end();
  await bench.clock.advance(10);
  assert.equal(local.closed, true);
  assert.equal(far.ended, true);
  assert.equal(bench.session.open, 0);
  assert.equal(bench.rooms, 1);
  const { total, up, down } = bench.session.stats;
  assert.deepEqual({ total, up, down }, { total: 1, up: 16, down: 17 });
  await bench.end();
});

Deno.test("a program that only listens gets the server's banner", async () => {
  const bench = await new PortBench().begin();
  bench.node.onStream = (far) => far.send("SSH-2.0-x\r\n");
  const local = bench.connect();
  await bench.clock.advance(10);
  assert.equal(local.text, "SSH-2.0-x\r\n");
  await bench.end();
});

Deno.test("sizes around the borders of payloads and buffers arrive whole, both ways", async () => {
  for (const payloadSize of [64, 1024, 4096, 32 * 1024]) {
    const bench = await new PortBench({ session: { payloadSize } }).begin();
    bench.node.onPayload = (bytes) =>
      assert.ok(bytes.length <= payloadSize, `${bytes.length} bytes`);
    const sizes = [1, 2, 2047, 2048, 2049, 65_535, 65_536, 65_537];
    for (const border of [payloadSize - 16, payloadSize - 8, payloadSize]) {
      sizes.push(border - 1, border, border + 1);
    }
    bench.node.onStream = (far) => far.onData = (bytes) => far.send(bytes);
    for (const [i, size] of sizes.entries()) {
      const { local, far } = await bench.connected();
      const bytes = pattern(i, size);
      local.send(bytes);
      await bench.until(() => local.size === size);
      assert.deepEqual(joined(far.got), bytes, `${size} up`);
      assert.deepEqual(joined(local.got), bytes, `${size} down`);
    }
    assert.equal(bench.session.open, sizes.length);
    await bench.end();
  }
});

Deno.test("a thousand connections at once keep to themselves", async () => {
  const bench = await new PortBench().begin();
  bench.node.onStream = (far) => far.onData = (bytes) => far.send(bytes);
  const locals = Array.from({ length: 1000 }, () => bench.connect());
  for (const [i, local] of locals.entries()) local.send(pattern(i, i));
  const sizes = (1000 * 999) / 2;
  await bench.until(() => bench.session.stats.down === sizes);
  await bench.clock.advance(10);
  for (const [i, local] of locals.entries()) {
    assert.deepEqual(joined(local.got), pattern(i, i), `connection ${i}`);
  }
  assert.equal(bench.session.stats.open, 1000);
  await bench.end();
  assert.ok(locals.every((local) => local.closed));
});

Deno.test("an upload does not keep others waiting", async () => {
  const bench = await new PortBench({ session: { payloadSize: 1024 } })
    .begin();
  bench.node.agent.latency = () => 50;
  const upload = bench.connect();
  upload.send(new Uint8Array(8 * 1024 * 1024));
  await bench.clock.advance(300);
  const quick = bench.connect();
  quick.send("quick");
  // A window that is full on the way, and then its turn.
  await bench.until(() => bench.node.streams.length === 2, 500);
  const [sink, far] = bench.node.streams;
  assert.equal(far!.text, "quick");
  assert.ok(sink!.size < 6 * 1024 * 1024, `${sink!.size} bytes came first`);
  await bench.end();
});

Deno.test("a program is read no further than its stream has sent", async () => {
  const bench = await new PortBench().begin();
  const { local } = await bench.connected();
  bench.node.deafen();
  local.send(new Uint8Array(20 * 1024 * 1024));
  await bench.clock.advance(1000);
  // A window of a megabyte, and the buffer that waits for room in it.
  assert.ok(local.taken > 512 * 1024, `${local.taken} bytes were read`);
  assert.ok(local.taken < 1200 * 1024, `${local.taken} bytes were read`);
  await bench.end();
});

Deno.test("what comes for a connection that is closed is dropped, and no other is hurt", async () => {
  const bench = await new PortBench().begin();
  const { local: gone, far } = await bench.connected();
  const { local: other, far: otherFar } = await bench.connected();
  far.onEnd = () => {}; // an agent that has not read our FIN yet
  gone.breakOff();
  await bench.clock.advance(10);
  assert.equal(gone.closed, true);
  const { down } = bench.session.stats;
  far.send(pattern(0, 5000));
  otherFar.send("still here");
  await bench.clock.advance(10);
  assert.equal(gone.size, 0);
  assert.equal(other.text, "still here");
  assert.equal(bench.session.stats.down - down, 10);
  assert.equal(bench.node.agent.channel.unacknowledged, 0);
  far.finish();
  await bench.end();
});

Deno.test("bytes that are no tunnel end the session, and say so", async () => {
  const bench = await new PortBench().begin();
  const { local } = await bench.connected();
  bench.node.say("HTTP/1.1 400 Bad Request");
  await bench.clock.advance(5000);
  const end = await bench.session.ended;
  assert.equal(end.kind, "failed");
  assert.match(end.message, /^Cannot read tunnel: a frame has version 72/);
  assert.equal(local.closed, true);
  assert.equal(bench.session.resetConnections, 1);
  assert.equal(bench.node.control.terminated, 1);
  bench.assertOver();
});

/** What happens to one connection. */
const connection = fc.record({
  up: fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 5 }),
  down: fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 5 }),
  pause: fc.integer({ min: 0, max: 300 }),
});

const scene = fc.record({
  connections: fc.array(connection, { minLength: 1, maxLength: 6 }),
  losses: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 400 }),
      refusals: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 6 },
  ),
  latency: fc.constantFrom(0, 1, 20, 150),
  jittery: fc.boolean(),
  payloadSize: fc.constantFrom(undefined, 64, 1024, 16_384),
});

/** Both programs of a connection, and what they are to get. */
interface Both {
  readonly local: FakeConnection;
  readonly up: Uint8Array;
  readonly down: Uint8Array;
  far: FarStream | undefined;
}

Deno.test("whatever is sent and whenever the connection is lost, every byte comes once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      const { payloadSize, latency, jittery } = scene;
      const bench = await new PortBench({ session: { payloadSize } }).begin();
      const { node, clock } = bench;
      let turn = 0, refusals = 0;
      node.agent.latency = () => jittery ? latency * (1 + turn++ % 3) : latency;
      const works = node.control.onResume;
      node.control.onResume = (signal) => {
        if (refusals-- > 0) throw new ControlError("throttled", "passing");
        return works(signal);
      };
      const all: Both[] = [];
      const sizeOf = (sizes: readonly number[]) =>
        sizes.reduce((sum, each) => sum + each, 0);
      // The first bytes up say which connection it is: streams open in any order.
      for (const [i, { up, down }] of scene.connections.entries()) {
        all.push({
          local: bench.connect(),
          up: joined([Uint8Array.of(i), pattern(2 * i, sizeOf(up))]),
          down: pattern(2 * i + 1, sizeOf(down)),
          far: undefined,
        });
      }
      node.onStream = (far) => {
        let begun = false;
        far.onData = ([i]) => {
          if (begun) return;
          begun = true;
          all[i!]!.far = far;
          let at = 0;
          for (const size of scene.connections[i!]!.down) {
            far.send(all[i!]!.down.subarray(at, at + size));
            at += size;
          }
        };
      };
      const sending = scene.connections.map(async ({ up, pause }, i) => {
        const { local, up: bytes } = all[i]!;
        local.send(bytes.subarray(0, 1));
        let at = 1;
        for (const size of up) {
          await new Promise<void>((resolve) => clock.setTimer(pause, resolve));
          local.send(bytes.subarray(at, at + size));
          at += size;
        }
      });
      for (const loss of scene.losses) {
        await clock.advance(loss.after);
        refusals = loss.refusals;
        if (!node.control.transport.ended) node.lose();
      }
      const done = () =>
        all.every(({ local, far, up, down }) =>
          far?.size === up.length && local.size === down.length
        );
      await bench.until(done, 120_000, 100);
      await Promise.all(sending);
      await clock.advance(5000);
      for (const { local, far, up, down } of all) {
        assert.deepEqual(joined(far!.got), up);
        assert.deepEqual(joined(local.got), down);
      }
      assert.equal(node.streams.length, all.length);
      node.agent.latency = () => 0;
      await bench.end();
    }),
    { numRuns: 60, seed: 20260214 },
  );
});
