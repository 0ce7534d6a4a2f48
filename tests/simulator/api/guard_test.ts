import assert from "node:assert/strict";
import fc from "fast-check";
import { refuseForeign } from "../../../lib/simulator/api/guard.ts";
import { startTestSimulator } from "../api_clients.ts";
import {
  assertNoSession,
  post,
  raw,
  signedStart,
  startSession,
} from "../raw_requests.ts";

Deno.test("only our own host and port get by, in either form of headers", () => {
  for (const host of ["127.0.0.1:4000", "localhost:4000", "LocalHost:4000"]) {
    assert.equal(refuseForeign({ host }, 4000), undefined);
    assert.equal(refuseForeign(new Headers({ host }), 4000), undefined);
  }
  for (
    const host of [
      "",
      "127.0.0.1",
      "127.0.0.1:4001",
      "[::1]:4000",
      "attacker.example:4000",
      // A Host given twice, joined.
      "127.0.0.1:4000, attacker.example",
      "127.0.0.1:4000@attacker.example",
    ]
  ) {
    assert.equal(refuseForeign({ host }, 4000)?.status, 403, host);
    assert.equal(refuseForeign(new Headers({ host }), 4000)?.status, 403, host);
  }
  assert.equal(refuseForeign({}, 4000)?.status, 403);
  assert.equal(refuseForeign(new Headers(), 4000)?.status, 403);
});

Deno.test("any Origin at all is refused, an empty one too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (origin) => {
      const refusal = refuseForeign({ host: "127.0.0.1:1", origin }, 1);
      assert.equal(refusal?.status, 403);
    }),
  );
});

Deno.test("a request from a web page is refused, signed or not, and no page may read an answer", async () => {
  await using t = await startTestSimulator();
  const signed = await signedStart(t);
  for (
    const origin of ["https://attacker.example", "null", t.simulator.endpoint]
  ) {
    const answer = await post(t, signed, { origin });
    assert.equal(answer.status, 403);
    assert.equal(answer.code, "AccessDeniedException");
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  const preflight = await fetch(t.simulator.endpoint, {
    method: "OPTIONS",
    headers: {
      "origin": "https://attacker.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,x-amz-target",
    },
  });
  await preflight.body?.cancel();
  assert.equal(preflight.status, 403);
  assert.ok(
    [...preflight.headers.keys()].every((name) =>
      !name.startsWith("access-control-")
    ),
  );
  assertNoSession(t);
});

Deno.test("a request for another host is refused: a name rebound to loopback is no way in", async () => {
  await using t = await startTestSimulator();
  const { port } = new URL(t.simulator.endpoint);
  const send = async (host: string, line = "POST / HTTP/1.1") => {
    // Signed for the very host that is sent: the signature is not what refuses it.
    const signed = await signedStart(t, { host });
    signed.headers.delete("host");
    const headers = [...signed.headers].map(([name, value]) =>
      `${name}: ${value}\r\n`
    ).join("");
    return await raw(
      t,
      `${line}\r\nHost: ${host}\r\n${headers}` +
        `Content-Length: ${startSession.length}\r\nConnection: close\r\n\r\n` +
        startSession,
    );
  };
  for (
    const host of [
      "attacker.example",
      `attacker.example:${port}`,
      `127.0.0.1.attacker.example:${port}`,
      "127.0.0.1",
      "127.0.0.1:1",
      `[::1]:${port}`,
      `0.0.0.0:${port}`,
      `2130706433:${port}`,
    ]
  ) {
    assert.match(await send(host), /^HTTP\/1\.1 403 /, host);
  }
  // A request line that names us does not help a Host that does not.
  assert.match(
    await send(
      `attacker.example:${port}`,
      `POST http://127.0.0.1:${port}/ HTTP/1.1`,
    ),
    /^HTTP\/1\.1 403 /,
  );
  assert.match(
    await raw(t, "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
    /^HTTP\/1\.\d 40[03] /,
    "no host at all",
  );
  assertNoSession(t);
  assert.match(await send(`localhost:${port}`), /^HTTP\/1\.1 200 /);
  assert.match(await send(`127.0.0.1:${port}`), /^HTTP\/1\.1 200 /);
});

Deno.test("two Host headers do not get by with one of them", async () => {
  await using t = await startTestSimulator();
  const { host } = new URL(t.simulator.endpoint);
  for (const [one, two] of [[host, "attacker.example"], ["a.example", host]]) {
    const answer = await raw(
      t,
      `POST / HTTP/1.1\r\nHost: ${one}\r\nHost: ${two}\r\n` +
        "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    assert.match(answer, /^HTTP\/1\.1 4\d\d /);
    assert.doesNotMatch(answer, /^HTTP\/1\.1 200 /);
  }
  assertNoSession(t);
});
