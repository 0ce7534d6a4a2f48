import assert from "node:assert/strict";
import { LocalPump } from "../../lib/session/local_pump.ts";
import { FakeConnection } from "../testkit/fake_local.ts";
import { settle } from "../testkit/manual_clock.ts";

/** A pump that reads on by itself, unless told otherwise, and what it told. */
function pumping(readsOn = true) {
  const conn = new FakeConnection();
  const sizes: number[] = [];
  const buffers: number[] = [];
  const read = conn.read.bind(conn);
  conn.read = (target) => {
    buffers.push(target.length);
    return read(target);
  };
  const told = { ended: 0, broke: 0, wrote: 0 };
  const pump: LocalPump = new LocalPump(conn, {
    read: (bytes) => {
      sizes.push(bytes.length);
      if (readsOn) pump.resume();
    },
    ended: () => told.ended++,
    broke: () => told.broke++,
    wrote: (bytes) => told.wrote += bytes,
  });
  return { conn, pump, sizes, buffers, told };
}

Deno.test("an idle connection has 2 KiB, one that fills them up to 64 KiB", async () => {
  const { conn, pump, buffers, sizes } = pumping();
  for (let i = 0; i < 10; i++) {
    conn.send(new Uint8Array(2047));
    await settle();
  }
  assert.deepEqual(new Set(buffers), new Set([2048]));
  conn.send(new Uint8Array(300_000));
  await settle();
  assert.deepEqual([...new Set(buffers)], [2048, 8192, 32_768, 65_536]);
  assert.equal(
    sizes.reduce((sum, each) => sum + each),
    10 * 2047 + 300_000,
  );
  pump.close();
});

Deno.test("it reads no further before what it read is done with", async () => {
  const { conn, pump, sizes, told } = pumping(false);
  conn.send("one");
  conn.send("two");
  conn.end();
  await settle();
  assert.deepEqual(sizes, [3]);
  pump.resume();
  await settle();
  assert.deepEqual(sizes, [3, 3]);
  assert.equal(told.ended, 0);
  pump.resume();
  await settle();
  assert.equal(told.ended, 1);
  pump.resume();
  assert.equal(told.broke, 0);
  pump.close();
});

Deno.test("what waits is written in order, in its own memory, and counted", async () => {
  const { conn, pump, told } = pumping();
  conn.stopped = true;
  const bytes = new Uint8Array(10);
  for (let i = 0; i < 100; i++) pump.push(bytes.fill(i));
  await settle();
  assert.equal(pump.waiting, 1000);
  assert.equal(told.wrote, 0);
  conn.goOn();
  await settle();
  assert.equal(pump.waiting, 0);
  assert.equal(told.wrote, 1000);
  const got = conn.got.flatMap((each) => [...each]);
  assert.deepEqual(
    got,
    Array.from({ length: 1000 }, (_, i) => Math.floor(i / 10)),
  );
  pump.close();
});

Deno.test("a platform that takes a part gets the rest, too", async () => {
  const { conn, pump, told } = pumping();
  const write = conn.write.bind(conn);
  conn.write = (bytes) => write(bytes.subarray(0, 7));
  pump.push(new TextEncoder().encode("a text that is longer than that"));
  await settle();
  assert.equal(conn.text, "a text that is longer than that");
  assert.equal(told.wrote, 31);
  pump.close();
});

Deno.test("the end is said behind what waits, once, and nothing is written behind it", async () => {
  const { conn, pump } = pumping();
  let ends = 0;
  conn.closeWrite = () => {
    ends++;
    return Promise.resolve();
  };
  conn.stopped = true;
  pump.push(Uint8Array.of(1, 2, 3));
  let shut = false;
  const first = pump.shut().then(() => shut = true);
  pump.push(Uint8Array.of(4));
  await settle();
  assert.equal(shut, false);
  conn.goOn();
  await first;
  await pump.shut();
  assert.equal(ends, 1);
  assert.equal(conn.size, 3);
  pump.close();
});

Deno.test("closing drops what waits, which is told, and wakes whoever waits for the end", async () => {
  const { conn, pump, told } = pumping();
  conn.stopped = true;
  pump.push(new Uint8Array(5000));
  await settle();
  const shut = pump.shut();
  pump.close();
  pump.close();
  await shut;
  assert.equal(conn.closed, true);
  assert.equal(conn.gotEnd, false);
  assert.equal(pump.waiting, 0);
  assert.equal(told.wrote, 5000, "the room is given back");
  assert.equal(told.broke, 0, "it was ours to close it");
  assert.equal(told.ended, 0);
  pump.push(new Uint8Array(10));
  assert.equal(pump.waiting, 0);
});

Deno.test("closing in the same turn as something was pushed gives the room back, too", async () => {
  const { pump, told } = pumping();
  pump.push(new Uint8Array(500));
  pump.close();
  await settle();
  assert.equal(told.wrote, 500);
  assert.equal(pump.waiting, 0);
});

Deno.test("a connection that breaks is told, whether it is read or written", async () => {
  const reading = pumping();
  await settle();
  reading.conn.breakOff();
  await settle();
  assert.ok(reading.told.broke >= 1);

  const writing = pumping(false);
  writing.conn.send("x"); // nobody takes it, so nothing is read
  writing.conn.stopped = true;
  await settle();
  writing.pump.push(new Uint8Array(100));
  await settle();
  writing.conn.breakOff();
  await settle();
  assert.equal(writing.told.broke, 1);
  assert.equal(writing.told.wrote, 100, "the room is given back");
  writing.pump.push(new Uint8Array(100));
  assert.equal(writing.pump.waiting, 0);
  for (const { pump } of [reading, writing]) pump.close();
});

Deno.test("a connection that the platform has closed is closed all the same", async () => {
  const { conn, pump } = pumping();
  await settle();
  conn.close();
  pump.close();
  await settle();
  assert.equal(conn.closed, true);
});
