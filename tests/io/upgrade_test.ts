import assert from "node:assert/strict";
import { readHead } from "../../lib/io/http_head.ts";
import { acceptFor, requestTarget, upgrade } from "../../lib/io/upgrade.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { ManualClock, settle } from "../testkit/manual_clock.ts";
import { memoryConns } from "./memory_conn.ts";

/** Upgrades against an answer made from the request's key; gives the request too. */
async function exchange(
  answer: (accept: string) => string,
  request: { url?: string; headers?: Record<string, string> } = {},
  end = false,
) {
  const [near, far] = memoryConns();
  const clock = new ManualClock();
  const upgrading = upgrade(near, {
    url: "wss://host.example/x?y",
    headers: {},
    ...request,
    clock,
    signal: new AbortController().signal,
  });
  upgrading.catch(() => {});
  const asked = await readHead(far);
  const accept = await acceptFor(asked.headers["sec-websocket-key"] ?? "");
  await far.inject(
    ...Array.from(answer(accept), (character) => character.charCodeAt(0)),
  );
  await settle();
  if (end) far.close();
  return { asked, upgrading, clock, far };
}

const switching = (accept: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;

Deno.test("acceptFor gives the RFC's example (RFC 6455 §1.3)", async () => {
  assert.equal(
    await acceptFor("dGhlIHNhbXBsZSBub25jZQ=="),
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  );
});

Deno.test("requestTarget keeps path and query as they are written", () => {
  const cases: [string, string][] = [
    ["wss://h/v1/x?cell=a+b/c=&d=%2f%2F", "/v1/x?cell=a+b/c=&d=%2f%2F"],
    ["wss://h:8443/a/../b", "/a/../b"],
    ["wss://h", "/"],
    ["wss://h?x=1", "/?x=1"],
    ["WSS://h/p#fragment", "/p"],
    ["wss://[::1]:1/p", "/p"],
  ];
  for (const [url, target] of cases) assert.equal(requestTarget(url), target);
  for (const url of ["wss://h/a b", "wss://h/a\r\nX: y", "wss://h/é", "h/x"]) {
    assert.throws(() => requestTarget(url), TransportError);
  }
});

Deno.test("the request has what RFC 6455 §4.1 asks for, the host without a default port, our headers", async () => {
  const { asked, upgrading } = await exchange(switching, {
    url: "wss://Host.example:443/v1/x?a+b",
    headers: {
      "X-Amz-Date": "20261121T000000Z",
      // What would change the protocol is left out.
      "Sec-WebSocket-Extensions": "permessage-deflate",
      "connection": "close",
    },
  });
  assert.deepEqual([...await upgrading], []);
  assert.equal(asked.startLine, "GET /v1/x?a+b HTTP/1.1");
  const { "sec-websocket-key": key, ...headers } = asked.headers;
  assert.equal(atob(key ?? "").length, 16);
  assert.deepEqual(headers, {
    "host": "host.example",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "x-amz-date": "20261121T000000Z",
  });
});

Deno.test("a Host header of the caller's replaces ours", async () => {
  const { asked, upgrading } = await exchange(switching, {
    url: "wss://127.0.0.1:8443/",
    headers: { "host": "ssmmessages.example" },
  });
  await upgrading;
  assert.equal(asked.headers["host"], "ssmmessages.example");
});

Deno.test("bytes behind the answer are handed over; interim answers are passed by", async () => {
  const { upgrading } = await exchange((accept) =>
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${switching(accept)}\x81\x02hi`
  );
  assert.deepEqual([...await upgrading], [0x81, 2, 0x68, 0x69]);
});

Deno.test("an answer that is not to our request is refused", async () => {
  const answers: [(accept: string) => string, RegExp][] = [
    [
      () => switching("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
      /does not answer our key/,
    ],
    [
      (accept) => switching(accept).replace("WebSocket", "h2c"),
      /another protocol/,
    ],
    [
      (accept) => switching(accept).replace("Upgrade\r\nSec", "close\r\nSec"),
      /another protocol/,
    ],
    [
      (accept) =>
        switching(accept).replace(
          "\r\n\r\n",
          "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        ),
      /was not offered/,
    ],
    [() => "SSH-2.0-OpenSSH_9.6\r\n\r\n", /the answer is not HTTP/],
  ];
  for (const [answer, message] of answers) {
    const { upgrading } = await exchange(answer);
    await assert.rejects(upgrading, { name: "TransportError", message });
  }
});

async function refusal(upgrading: Promise<unknown>) {
  try {
    await upgrading;
  } catch (error) {
    assert.ok(error instanceof UpgradeRefusedError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "The upgrade was not refused" });
}

Deno.test("a refusal has status, headers and the announced body", async () => {
  const { upgrading } = await exchange(() =>
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Amzn-RequestId: 1\r\n\r\nnope and more"
  );
  const error = await refusal(upgrading);
  assert.equal(error.status, 403);
  assert.equal(error.headers["x-amzn-requestid"], "1");
  assert.equal(error.body, "nope");
});

Deno.test("a refusal's body may come in chunks, or end with the connection", async () => {
  const chunked = await exchange(() =>
    "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
  );
  assert.equal((await refusal(chunked.upgrading)).body, "hello world");
  const ended = await exchange(
    () => "HTTP/1.1 500 Oops\r\n\r\nall of it",
    {},
    true,
  );
  assert.equal((await refusal(ended.upgrading)).body, "all of it");
});

Deno.test("a refusal's body is waited for 2 s and kept to 16 KiB", async () => {
  const slow = await exchange(() =>
    "HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\nbegin"
  );
  const result = refusal(slow.upgrading);
  await slow.clock.advance(2000);
  assert.equal((await result).body, "begin");
  slow.far.close();
  const large = await exchange(() =>
    "HTTP/1.1 404 Not Found\r\n\r\n" + "x".repeat(50_000)
  );
  assert.equal((await refusal(large.upgrading)).body.length, 16 * 1024);
});

Deno.test("an answer of 200 is a refusal too", async () => {
  const { upgrading } = await exchange(() =>
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
  );
  assert.equal((await refusal(upgrading)).status, 200);
});

Deno.test("a connection that ends without an answer says so", async () => {
  const { upgrading } = await exchange(() => "", {}, true);
  await assert.rejects(upgrading, {
    name: "TransportError",
    message:
      "Cannot open WebSocket: the connection was closed before an answer",
  });
});

Deno.test("a header that would break the request apart is not sent", async () => {
  const [near, far] = memoryConns();
  await assert.rejects(
    upgrade(near, {
      url: "wss://h/",
      headers: { "X-A": "b\r\nX-C: d" },
      clock: new ManualClock(),
      signal: new AbortController().signal,
    }),
    TransportError,
  );
  assert.equal(far.waiting, 0);
});

Deno.test("an abort closes the connection and rejects with its reason", async () => {
  const [near] = memoryConns();
  const controller = new AbortController();
  const reason = new Error("enough");
  const upgrading = upgrade(near, {
    url: "wss://h/",
    headers: {},
    clock: new ManualClock(),
    signal: controller.signal,
  });
  await settle();
  controller.abort(reason);
  await assert.rejects(upgrading, (error) => error === reason);
  assert.equal(near.closed, true);
});
