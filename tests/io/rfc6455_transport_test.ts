import assert from "node:assert/strict";
import { Rfc6455Transport } from "../../lib/io/rfc6455_transport.ts";
import { opcodes } from "../../lib/io/web_socket_frame.ts";
import { ManualClock, settle } from "../testkit/manual_clock.ts";
import { memoryConns } from "./memory_conn.ts";
import { pair, twoEnds, watch } from "./transport_pair.ts";

async function readAll(transport: Rfc6455Transport): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (;;) {
    const messages = await transport.read();
    if (messages === undefined) return all;
    all.push(...messages);
  }
}

Deno.test("what one turn sends goes out in one write", async () => {
  const { near, client, server } = twoEnds();
  for (let i = 0; i < 100; i++) client.send(new Uint8Array(1000).fill(i));
  client.sendText("last");
  assert.equal(client.buffered, 100 * 1008 + 10);
  await settle();
  assert.deepEqual(near.writes, [100 * 1008 + 10]);
  assert.equal(client.buffered, 0);
  const [messages] = await Promise.all([readAll(server), client.close()]);
  assert.equal(messages.length, 101);
  messages.slice(0, 100).forEach((message, i) =>
    assert.deepEqual(message, new Uint8Array(1000).fill(i))
  );
  assert.equal(new TextDecoder().decode(messages[100]), "last");
});

Deno.test("send copies: the caller may use its buffer again at once", async () => {
  const { client, server } = twoEnds();
  const buffer = new Uint8Array(10);
  for (let i = 0; i < 50; i++) client.send(buffer.fill(i));
  const [messages] = await Promise.all([readAll(server), client.close()]);
  assert.deepEqual(
    messages.map((message) => [...message]),
    Array.from({ length: 50 }, (_, i) => Array(10).fill(i)),
  );
});

Deno.test("received messages stay as they were while more arrives", async () => {
  const { client, server } = twoEnds();
  const reading = readAll(client);
  const sizes = Array.from({ length: 2000 }, (_, i) => (i * 37) % 900);
  for (const [i, size] of sizes.entries()) {
    server.send(new Uint8Array(size).fill(i));
    if (i % 50 === 0) await server.drained();
  }
  await server.close();
  const messages = await reading;
  assert.equal(messages.length, sizes.length);
  for (const [i, size] of sizes.entries()) {
    assert.deepEqual(messages[i], new Uint8Array(size).fill(i));
  }
});

Deno.test("nobody reading: at most one buffer is taken from the network", async () => {
  const { near, far, client } = pair();
  const frame = new Uint8Array(1002);
  frame.set([0x82, 126, 0x03, 0xe6]);
  for (let i = 0; i < 400; i++) await far.inject(...frame);
  await settle();
  const taken = () => 400 * 1002 - near.waiting;
  assert.ok(taken() <= 64 * 1024, `${taken()} bytes were taken`);
  const before = taken();
  await settle();
  assert.equal(taken(), before);
  let messages = 0;
  while (messages < 400) messages += (await client.read())!.length;
  assert.equal(messages, 400);
  client.drop("end of test");
});

Deno.test("buffered grows while the peer does not read, drained waits for it", async () => {
  const { client, server } = twoEnds(16 * 1024);
  for (let i = 0; i < 300; i++) client.send(new Uint8Array(1000));
  await settle();
  assert.ok(client.buffered > 200_000);
  let drained = false;
  const waiting = client.drained().then(() => drained = true);
  await settle();
  assert.equal(drained, false);
  let messages = 0;
  while (messages < 300) messages += (await server.read())!.length;
  await waiting;
  assert.ok(client.buffered <= 64 * 1024);
  await client.close();
});

Deno.test("drained never spins: it waits for a write even below the mark", async () => {
  const { client, near } = pair({}, 10);
  client.send(new Uint8Array(100));
  let rounds = 0;
  const loop = (async () => {
    while (client.buffered > 0) {
      await client.drained();
      rounds++;
    }
  })();
  await settle();
  assert.ok(rounds <= near.writes.length);
  client.drop("end of test");
  await loop;
});

Deno.test("pings are answered, also in the middle of a fragmented message", async () => {
  const { far, client } = pair();
  const { seen, pump } = watch(far);
  await far.inject(0x02, 1, 7, 0x89, 2, 0x68, 0x69, 0x80, 1, 8);
  assert.deepEqual(await client.read(), [Uint8Array.of(7, 8)]);
  await pump();
  assert.deepEqual(seen, ["pong hi"]);
  client.drop("end of test");
});

Deno.test("a flood of pings is answered with the last pong, ahead of waiting messages", async () => {
  const { far, client } = pair({}, 100_000);
  for (let i = 0; i < 10; i++) client.send(new Uint8Array(90_000));
  await settle();
  for (let i = 0; i < 100; i++) await far.inject(0x89, 1, 0x30 + i % 10);
  const { seen, pump } = watch(far);
  await settle();
  await pump();
  assert.equal(seen.filter((line) => line.startsWith("pong")).length, 1);
  assert.ok(seen.indexOf("pong 9") >= 0);
  assert.ok(seen.indexOf("pong 9") <= 3, seen.join(", "));
  assert.equal(seen.filter((line) => line === "message 90000").length, 10);
  client.drop("end of test");
});

Deno.test("close sends what was taken, then the close frame, and takes the answer", async () => {
  const { clock, far, client } = pair();
  const { seen, pump } = watch(far);
  client.send(new Uint8Array(5));
  const closing = client.close(4000, "bye");
  client.send(new Uint8Array(6));
  await pump();
  assert.deepEqual(seen, ["message 5", "close 4000 bye"]);
  await far.inject(0x82, 1, 1, 0x88, 2, 0x0f, 0xa0);
  await closing;
  assert.deepEqual(await client.closed, {
    code: 4000,
    reason: "",
    clean: true,
  });
  assert.equal(await client.read(), undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("close waits a second for the peer's close frame, not longer", async () => {
  const { clock, client, near } = pair();
  const closing = client.close(1000, "done");
  await clock.advance(999);
  assert.equal(near.closed, false);
  await clock.advance(1);
  await closing;
  assert.deepEqual(await client.closed, {
    code: 1000,
    reason: "done",
    clean: true,
  });
});

Deno.test("close gives up on a peer that does not take what was sent", async () => {
  const { clock, client } = pair({}, 10);
  client.send(new Uint8Array(1000));
  const closing = client.close();
  await clock.advance(5000);
  await closing;
  assert.equal((await client.closed).clean, false);
});

Deno.test("close ends a waiting read, also while the read side is paused", async () => {
  const { far, client } = pair();
  const reading = client.read();
  const closing = client.close();
  assert.equal(await reading, undefined);
  await far.inject(0x88, 0);
  await closing;
  const paused = pair();
  for (let i = 0; i < 3000; i++) await paused.far.inject(0x82, 2, 1, 1);
  await settle();
  await paused.far.inject(0x88, 2, 3, 232);
  await paused.client.close();
  assert.equal((await paused.client.closed).code, 1000);
});

Deno.test("the peer's close is answered with its code; messages before it stay readable", async () => {
  const { far, client } = pair();
  const { seen, pump } = watch(far);
  await far.inject(0x82, 1, 9, 0x88, 5, 0x0f, 0xa1, 0x62, 0x79, 0x65);
  await settle();
  await pump();
  assert.deepEqual(seen, ["close 4001 "]);
  assert.deepEqual(await client.closed, {
    code: 4001,
    reason: "bye",
    clean: true,
  });
  assert.deepEqual(await client.read(), [Uint8Array.of(9)]);
  assert.equal(await client.read(), undefined);
  await client.close();
});

Deno.test("a close frame without a code is 1005, and its answer has none either", async () => {
  const { far, client } = pair();
  const { seen, pump } = watch(far);
  await far.inject(0x88, 0);
  await settle();
  await pump();
  assert.deepEqual(seen, ["close 1005 "]);
  assert.equal((await client.closed).code, 1005);
});

Deno.test("a protocol error is answered with its close code", async () => {
  for (
    const [bytes, code] of [
      [[0xc2, 0], 1002],
      [[0x81, 1, 0xff], 1007],
      [[0x82, 126, 0x10, 0], 1009],
    ] as const
  ) {
    const { clock, far, client } = pair({ maxMessageSize: 1000 });
    const { seen, pump } = watch(far);
    await far.inject(0x82, 1, 5, ...bytes);
    await settle();
    await pump();
    assert.match(seen[0] ?? "", new RegExp(`^close ${code} The peer`));
    await far.inject(1, 2, 3); // rubbish after it is read and forgotten
    await clock.advance(1000);
    const close = await client.closed;
    assert.equal(close.code, code);
    assert.deepEqual(await client.read(), [Uint8Array.of(5)]);
    assert.equal(await client.read(), undefined);
  }
});

Deno.test("the end of the connection without a close frame is 1006", async () => {
  const { far, client } = pair();
  await far.inject(0x82, 1, 5, 0x82);
  await settle();
  far.close();
  assert.deepEqual(await client.read(), [Uint8Array.of(5)]);
  assert.equal(await client.read(), undefined);
  assert.deepEqual(await client.closed, {
    code: 1006,
    reason: "The peer ended the connection without a close frame",
    clean: false,
  });
  client.send(new Uint8Array(10));
  assert.equal(client.buffered, 0);
  await client.drained();
  await client.close();
});

Deno.test("after a failed write the peer's close frame is still heard", async () => {
  const { near, far, client } = pair();
  near.writeError = new Deno.errors.BrokenPipe("Broken pipe");
  client.send(new Uint8Array(10));
  await settle();
  assert.equal(client.buffered, 0);
  await far.inject(0x88, 2, 0x0f, 0xa1);
  assert.equal((await client.closed).code, 4001);
});

Deno.test("a failed write alone ends the transport within a second", async () => {
  const { clock, near, client } = pair();
  near.writeError = new Deno.errors.BrokenPipe("Broken pipe");
  client.send(new Uint8Array(10));
  await clock.advance(1000);
  assert.deepEqual(await client.closed, {
    code: 1006,
    reason: "Cannot write: Broken pipe",
    clean: false,
  });
});

Deno.test("bytes that came with the upgrade are the first messages", async () => {
  const { client } = pair({ initial: Uint8Array.of(0x82, 2, 1, 2) });
  assert.deepEqual(await client.read(), [Uint8Array.of(1, 2)]);
  client.drop("end of test");
  assert.equal((await client.closed).reason, "end of test");
});

Deno.test("a second read at the same time is refused", async () => {
  const { client } = pair();
  const first = client.read();
  await assert.rejects(client.read(), TypeError);
  client.drop("end of test");
  assert.equal(await first, undefined);
});

Deno.test("a server refuses a frame without a mask, a client sends none", async () => {
  const clock = new ManualClock();
  const [near, far] = memoryConns();
  const server = new Rfc6455Transport(far, { role: "server", clock });
  await near.inject(0x80 | opcodes.binary, 1, 1);
  await settle();
  near.close();
  assert.equal((await server.closed).code, 1002);
});
