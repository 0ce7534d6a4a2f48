import assert from "node:assert/strict";
import {
  acceptWebSocket,
  type DecideUpgrade,
  type UpgradeRequest,
} from "../../lib/io/accept_web_socket.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import type { Rfc6455Transport } from "../../lib/io/rfc6455_transport.ts";
import { UpgradeRefusedError } from "../../lib/session/transport.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

/** A server that takes one connection. */
function server(decide: DecideUpgrade, clock = systemClock) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepted: Promise<Rfc6455Transport | undefined> = (async () => {
    const conn = await listener.accept();
    listener.close();
    conn.setNoDelay(true);
    return await acceptWebSocket(conn, decide, { clock });
  })();
  const url = (target: string) => `ws://127.0.0.1:${port}${target}`;
  return { port, accepted, url };
}

/** Sends raw text and reads the whole answer. */
async function raw(port: number, text: string): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(text));
  let answer = "";
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) break;
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
  conn.close();
  return answer;
}

for (const kind of ["native", "builtin"] as const) {
  const open = openTransport({
    kind,
    clock: systemClock,
    env: () => undefined,
  });

  Deno.test(`${kind}: our two ends talk, and the decision sees the raw request`, async () => {
    let seen: UpgradeRequest | undefined;
    const { accepted, url } = server((request) => {
      seen = request;
      return "accept";
    });
    const client = await open({
      url: url("/v1/data-channel/x?role=a+b/c"),
      headers: { "X-Amz-Date": "now" },
    });
    const peer = await accepted;
    assert.ok(peer !== undefined);
    assert.equal(seen?.method, "GET");
    assert.equal(seen?.path, "/v1/data-channel/x?role=a+b/c");
    assert.equal(seen?.headers["x-amz-date"], "now");
    const received: Uint8Array[] = [];
    for (let i = 0; i < 200; i++) client.send(new Uint8Array(i * 100).fill(i));
    client.sendText("end");
    while (received.length < 201) received.push(...(await peer.read())!);
    for (let i = 0; i < 200; i++) {
      assert.deepEqual(received[i], new Uint8Array(i * 100).fill(i));
    }
    peer.send(Uint8Array.of(42));
    assert.deepEqual(await client.read(), [Uint8Array.of(42)]);
    await Promise.all([peer.close(1000, "Channel closed"), client.closed]);
    assert.deepEqual(await client.closed, {
      code: 1000,
      reason: "Channel closed",
      clean: true,
    });
    assert.equal((await peer.closed).code, 1000);
  });

  Deno.test(`${kind}: a refusal reaches the client`, async () => {
    const { accepted, url } = server(() => ({
      status: 403,
      headers: { "X-Amzn-Errortype": "AccessDenied" },
      body: "<AccessDenied>ä</AccessDenied>",
    }));
    await assert.rejects(open({ url: url("/"), headers: {} }), (error) => {
      assert.ok(error instanceof UpgradeRefusedError);
      assert.equal(error.status, 403);
      if (kind === "native") {
        assert.equal(error.headers["x-amzn-errortype"], "AccessDenied");
        assert.equal(error.body, "<AccessDenied>ä</AccessDenied>");
      }
      return true;
    });
    assert.equal(await accepted, undefined);
  });
}

Deno.test("a dropped server end is a lost connection for the client", async () => {
  const { accepted, url } = server(() => "accept");
  const open = openTransport({
    kind: "native",
    clock: systemClock,
    env: () => undefined,
  });
  const client = await open({ url: url("/"), headers: {} });
  (await accepted)?.drop("a fault");
  assert.equal(await client.read(), undefined);
  assert.equal((await client.closed).clean, false);
});

Deno.test("a decision that throws is a 500", async () => {
  const { port, accepted } = server(() => {
    throw new Error("a bug");
  });
  const answer = await raw(
    port,
    "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 500 /);
  assert.doesNotMatch(answer, /a bug/);
  assert.equal(await accepted, undefined);
});

Deno.test("what is no WebSocket upgrade is answered without a decision", async () => {
  const headers = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const request = (change: Record<string, string>, line = "GET / HTTP/1.1") =>
    `${line}\r\n${
      Object.entries({ ...headers, ...change }).map(([name, value]) =>
        `${name}: ${value}\r\n`
      ).join("")
    }\r\n`;
  const cases: [string, number][] = [
    [request({}, "POST / HTTP/1.1"), 400],
    [request({}, "GET / HTTP/1.0"), 400],
    [request({}, "GET /a b HTTP/1.1"), 400],
    [request({ "Upgrade": "h2c" }), 426],
    [request({ "Connection": "close" }), 426],
    [request({ "Sec-WebSocket-Version": "8" }), 426],
    [request({ "Sec-WebSocket-Key": "short" }), 400],
  ];
  for (const [text, status] of cases) {
    let asked = false;
    const { port, accepted } = server(() => {
      asked = true;
      return "accept";
    });
    const answer = await raw(port, text);
    assert.equal(Number(answer.slice(9, 12)), status, text);
    assert.equal(asked, false);
    assert.equal(await accepted, undefined);
  }
});

Deno.test("a client that sends no request is dropped after 10 s", async () => {
  const clock = new ManualClock();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  const conn = await listener.accept();
  const accepting = acceptWebSocket(conn, () => "accept", { clock });
  await clock.advance(10_000);
  assert.equal(await accepting, undefined);
  assert.equal(await client.read(new Uint8Array(1)), null);
  client.close();
  listener.close();
});

Deno.test("a client that speaks nonsense is dropped", async () => {
  const { port, accepted } = server(() => "accept");
  await raw(port, "\x16\x03\x01\r\nno header\r\n\r\n").catch(() => {});
  assert.equal(await accepted, undefined);
});
