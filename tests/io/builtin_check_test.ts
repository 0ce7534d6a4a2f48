import assert from "node:assert/strict";
import { systemClock } from "../../lib/io/clock.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import { startDenoServer } from "./scenario_servers.ts";

/** Deno's own WebSocket to the server on this port. */
function openEcho(port: number) {
  const open = openTransport({
    kind: "builtin",
    clock: systemClock,
    env: () => undefined,
  });
  return open({ url: `ws://127.0.0.1:${port}/echo`, headers: {} });
}

Deno.test("a transport that cannot ask ends when it is to, at once and once", async () => {
  await using server = await startDenoServer();
  const transport = await openEcho(server.port);
  assert.equal(transport.canAsk, false);
  transport.check(60_000);
  const close = await transport.closed;
  assert.equal(close.code, 1006);
  assert.equal(close.clean, false);
  assert.match(close.reason, /slept/);
  assert.equal(await transport.read(), undefined);
  transport.check(60_000);
  await transport.close();
  assert.equal(await transport.closed, close);
});

Deno.test("one that is being closed keeps its own end", async () => {
  await using server = await startDenoServer();
  const transport = await openEcho(server.port);
  const closing = transport.close(4000, "done");
  transport.check(60_000);
  await closing;
  assert.equal((await transport.closed).code, 4000);
});
