import assert from "node:assert/strict";
import { TcpPump } from "../../../lib/simulator/agent/tcp_pump.ts";
import { settle } from "../../testkit/manual_clock.ts";
import { FakeConnection } from "./fake_network.ts";

function setUp(data?: (bytes: Uint8Array) => Promise<void> | undefined) {
  const connection = new FakeConnection();
  const seen = { text: "", written: 0, closed: [] as (string | undefined)[] };
  const pump = new TcpPump(connection, {
    data: data ?? ((bytes) => {
      seen.text += new TextDecoder().decode(bytes);
      return undefined;
    }),
    written: (bytes) => seen.written += bytes,
    closed: (error) => void seen.closed.push(error?.message),
  });
  return { connection, pump, seen };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("tcp: what is taken in one turn is one write, at most 64 KiB of it", async () => {
  const { connection, pump, seen } = setUp();
  for (let i = 0; i < 100; i++) pump.write(new Uint8Array(1000));
  pump.write(new Uint8Array(100_000));
  await settle();
  assert.deepEqual(connection.writes, [65_000, 35_000, 100_000]);
  assert.equal(seen.written, 200_000);
  pump.close();
  await pump.done;
});

Deno.test("tcp: finish closes behind what waits, and takes no more", async () => {
  const { connection, pump, seen } = setUp();
  connection.stick();
  pump.write(bytes("a"));
  await settle();
  pump.write(bytes("b"));
  pump.finish();
  pump.write(bytes("too late"));
  assert.equal(seen.written, 8, "dropped, and so done with");
  await settle();
  assert.equal(connection.closed, false);
  connection.unstick();
  await pump.done;
  assert.equal(connection.text, "ab");
  assert.equal(connection.closed, true);
  assert.equal(seen.written, 10);
  assert.deepEqual(seen.closed, [undefined]);
});

Deno.test("tcp: close drops what waits, once", async () => {
  const { connection, pump, seen } = setUp();
  connection.stick();
  pump.write(bytes("abc"));
  await settle();
  pump.write(bytes("de"));
  pump.close();
  pump.close();
  pump.finish();
  assert.equal(seen.written, 5);
  await pump.done;
  assert.equal(connection.written, 0);
  assert.equal(seen.written, 5);
  assert.deepEqual(seen.closed, [undefined]);
});

Deno.test("tcp: the other end's close is the end of both directions", async () => {
  const { connection, pump, seen } = setUp();
  connection.say("bye");
  connection.end();
  await pump.done;
  assert.equal(seen.text, "bye");
  assert.equal(connection.closed, true);
  assert.deepEqual(seen.closed, [undefined]);
});

Deno.test("tcp: errors of reads and writes are told", async () => {
  const reading = setUp();
  reading.connection.fail(new Error("reset"));
  await reading.pump.done;
  assert.deepEqual(reading.seen.closed, ["reset"]);

  const writing = setUp();
  writing.connection.write = () => Promise.reject(new Error("broken pipe"));
  writing.pump.write(bytes("x"));
  await writing.pump.done;
  assert.deepEqual(writing.seen.closed, ["broken pipe"]);
  assert.equal(writing.seen.written, 1);
  assert.equal(writing.connection.closed, true);
});

Deno.test("tcp: nothing is read while the owner has enough", async () => {
  const taken = Promise.withResolvers<void>();
  const { connection, pump } = setUp(() => taken.promise);
  connection.say(new Uint8Array(100_000));
  await settle();
  assert.deepEqual(connection.reads, [32_768]);
  pump.close();
  taken.resolve();
  await pump.done;
  assert.deepEqual(connection.reads, [32_768]);
});
