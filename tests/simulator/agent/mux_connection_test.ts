import assert from "node:assert/strict";
import { SmuxSession } from "../../../lib/protocol/smux/session.ts";
import type { SmuxStream } from "../../../lib/protocol/smux/stream.ts";
import { MuxConnection } from "../../../lib/simulator/agent/mux_connection.ts";
import { settle } from "../../testkit/manual_clock.ts";
import { FakeConnection } from "./fake_network.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream that a client opened, and what the connection says of it. */
function setUp() {
  const seen = { ready: 0, released: 0, over: 0 };
  let stream: SmuxStream | undefined;
  const smux = new SmuxSession({
    role: "server",
    keepAlive: false,
    longFrames: true,
    handler: {
      opened: (opened) => stream = opened,
      data: () => {},
      finished: () => {},
      drained: () => connection.drained(),
    },
  }, 0);
  smux.receive(new Uint8Array([1, 0, 0, 0, 3, 0, 0, 0]));
  const connection = new MuxConnection(stream!, {
    ready: () => seen.ready++,
    released: (count) => seen.released += count,
    over: () => seen.over++,
  });
  /** Bytes that go out now. */
  const poll = () => smux.poll(new Uint8Array(1024));
  return { connection, seen, poll, tcp: new FakeConnection() };
}

Deno.test("connection: what came before the dial waits for it, a FIN too", async () => {
  const { connection, seen, tcp } = setUp();
  connection.take(bytes("early"));
  connection.take(bytes(" birds"));
  connection.inputEnded();
  assert.equal(seen.released, 0);
  connection.connected(tcp);
  await connection.done;
  assert.equal(tcp.text, "early birds");
  assert.equal(tcp.closed, true);
  assert.deepEqual([seen.released, seen.over], [11, 1]);
  assert.equal(connection.stream.finishing, true);
});

Deno.test("connection: one that is over before its dial releases what waits, and drops the dial", async () => {
  const { connection, seen, tcp, poll } = setUp();
  connection.take(bytes("lost"));
  connection.close();
  connection.close();
  assert.deepEqual([seen.released, seen.over], [4, 1]);
  assert.equal(poll(), 8, "FIN");
  connection.connected(tcp);
  assert.equal(tcp.closed, true);
  await connection.done;
});

Deno.test("connection: the destination is read on when its frame has gone out", async () => {
  const { connection, seen, tcp, poll } = setUp();
  connection.connected(tcp);
  tcp.say(new Uint8Array(100_000));
  await settle();
  assert.deepEqual(tcp.reads, [32_768]);
  assert.equal(seen.ready, 1);
  for (let sent = 0; sent < 32_776;) {
    assert.deepEqual(tcp.reads, [32_768]);
    sent += poll();
  }
  await settle();
  assert.deepEqual(tcp.reads, [32_768, 32_768]);
  connection.close();
  await connection.done;
  assert.equal(seen.over, 1);
});
