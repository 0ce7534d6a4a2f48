import assert from "node:assert/strict";
import { settle } from "../testkit/manual_clock.ts";
import { pair, watch } from "./transport_pair.ts";

Deno.test("a ping every 30 s, and the round trip of the last one", async () => {
  const { clock, far, client } = pair();
  const { seen, pump } = watch(far);
  await clock.advance(29_999);
  await pump();
  assert.deepEqual(seen, []);
  assert.equal(client.roundTrip, undefined);
  await clock.advance(1);
  await pump();
  assert.deepEqual(seen, ["ping keepalive 1"]);
  await clock.advance(42);
  const payload = new TextEncoder().encode("keepalive 1");
  await far.inject(0x8a, payload.length, ...payload);
  await settle();
  assert.equal(client.roundTrip, 42);
  // A pong nobody asked for changes nothing (RFC 6455 §5.5.3).
  await far.inject(0x8a, 0);
  await settle();
  assert.equal(client.roundTrip, 42);
  client.drop("end of test");
  assert.equal(clock.pending, 0);
});

Deno.test("two pongs missed and nothing else heard: the connection is lost", async () => {
  const { clock, client } = pair();
  let closed = false;
  client.closed.then(() => closed = true);
  await clock.advance(89_999);
  assert.equal(closed, false);
  await clock.advance(1);
  assert.deepEqual(await client.closed, {
    code: 1006,
    reason: "Nothing arrived for 90 s, nor did a pong",
    clean: false,
  });
  assert.equal(await client.read(), undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("missing pongs do not matter while messages arrive", async () => {
  const { clock, far, client } = pair();
  for (let i = 0; i < 10; i++) {
    await clock.advance(59_000);
    await far.inject(0x82, 1, i);
    assert.deepEqual(await client.read(), [Uint8Array.of(i)]);
  }
  client.drop("end of test");
});

Deno.test("silence is no proof while nobody reads", async () => {
  const { clock, near, far, client } = pair();
  const frame = new Uint8Array(5004);
  frame.set([0x82, 126, 0x13, 0x88]);
  for (let i = 0; i < 100; i++) await far.inject(...frame);
  const pong = new TextEncoder().encode("keepalive 1");
  await clock.advance(30_000);
  await far.inject(0x8a, pong.length, ...pong);
  await clock.advance(600_000);
  assert.equal(near.closed, false);
  let messages = 0;
  while (messages < 100) messages += (await client.read())!.length;
  // From now on silence counts again.
  await clock.advance(90_000);
  assert.equal((await client.closed).code, 1006);
});

Deno.test("no pings and no judgement with an interval of 0", async () => {
  const { clock, near, client } = pair({ pingInterval: 0 });
  await clock.advance(10_000_000);
  assert.deepEqual(near.writes, []);
  client.drop("end of test");
});

Deno.test("check asks at once, and any word within the limit will do", async () => {
  for (const answer of [[0x8a, 0], [0x82, 1, 7], [0x89, 0]]) {
    const { clock, far, client } = pair();
    const { seen, pump } = watch(far);
    await clock.advance(10_000);
    client.check(5000);
    await pump();
    assert.deepEqual(seen, ["ping keepalive 1"]);
    await clock.advance(4999);
    await far.inject(...answer);
    await clock.advance(10_000);
    client.send(Uint8Array.of(1));
    await pump();
    assert.equal(seen.at(-1), "message 1", "it was given up");
    client.drop("end of test");
    assert.equal(clock.pending, 0);
  }
});

Deno.test("no word within the limit: the connection is lost then", async () => {
  for (const pingInterval of [30_000, 0]) {
    const { clock, client } = pair({ pingInterval });
    await clock.advance(10_000);
    let closed = false;
    client.closed.then(() => closed = true);
    client.check(5000);
    await clock.advance(4999);
    assert.equal(closed, false);
    await clock.advance(1);
    assert.equal(closed, true);
    assert.deepEqual(await client.closed, {
      code: 1006,
      reason: "Nothing arrived for 15 s, nor did a pong",
      clean: false,
    });
    assert.equal(clock.pending, 0);
  }
});

Deno.test("a check while nobody reads proves nothing", async () => {
  const { clock, near, far, client } = pair();
  await far.inject(0x82, 1, 1);
  await clock.advance(100);
  client.check(5000);
  await clock.advance(6000);
  assert.equal(near.closed, false);
  assert.deepEqual(await client.read(), [Uint8Array.of(1)]);
  const second = client.read();
  await settle();
  client.check(5000);
  await clock.advance(5000);
  assert.equal(await second, undefined);
  assert.equal(near.closed, true);
});

Deno.test("a second check has a time of its own", async () => {
  const { clock, near, client } = pair();
  client.check(5000);
  await clock.advance(4000);
  client.check(5000);
  await clock.advance(4999);
  assert.equal(near.closed, false);
  await clock.advance(1);
  assert.equal(near.closed, true);
  assert.equal(clock.pending, 0);
});

Deno.test("what is closed or lost is not asked", async () => {
  const { clock, far, near, client } = pair();
  const { seen, pump } = watch(far);
  const closing = client.close();
  client.check(5000);
  await pump();
  assert.deepEqual(seen, ["close 1000 "]);
  await clock.advance(1000);
  await closing;
  const { length } = near.writes;
  client.check(5000);
  await clock.advance(60_000);
  assert.equal(near.writes.length, length);
  assert.equal(clock.pending, 0);
});
