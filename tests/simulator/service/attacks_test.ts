/** What another user, program or web page on the machine could try (data-channel.md §1). */

import assert from "node:assert/strict";
import {
  type Transport,
  UpgradeRefusedError,
} from "../../../lib/session/transport.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";
import { Client, Harness, openInput } from "./harness.ts";

/** The service ended the connection and sent not one message. */
async function isRefused(transport: Transport): Promise<void> {
  assert.equal(await transport.read(), undefined);
  assert.equal((await transport.closed).code, 1008);
  await transport.close();
}

async function refusesUpgrade(
  opening: Promise<Transport>,
  status: number,
): Promise<void> {
  await assert.rejects(
    opening,
    (error: unknown) =>
      error instanceof UpgradeRefusedError && error.status === status,
  );
}

Deno.test("no signature, another's signature, a changed target: 403", async () => {
  await using harness = await Harness.start();
  await using other = await Harness.start();
  const id = harness.session();
  await refusesUpgrade(harness.open(id, { signed: false }), 403);
  await refusesUpgrade(
    other.open(id, { url: harness.service.url(id) }),
    403,
  );
  await refusesUpgrade(
    harness.open(id, { headers: { "X-Amz-Date": "20200101T000000Z" } }),
    403,
  );
  // Nobody took part: the session still waits for its client, with its token.
  assert.equal(harness.registry.get(id)?.status, "Connecting");
});

Deno.test("a web page is refused, signature or not", async () => {
  for (const allowUnsignedUpgrade of [false, true]) {
    await using harness = await Harness.start({ allowUnsignedUpgrade });
    const id = harness.session();
    for (const origin of ["https://example.com", "null", "http://127.0.0.1"]) {
      const headers = { Origin: origin };
      await refusesUpgrade(harness.open(id, { headers }), 403);
      await refusesUpgrade(harness.open(id, { headers, signed: false }), 403);
    }
  }
});

Deno.test("a page under a name of its own that leads here is refused (DNS rebinding)", async () => {
  await using harness = await Harness.start({ allowUnsignedUpgrade: true });
  const id = harness.session();
  const { port } = new URL(harness.service.url(id));
  for (const host of [`attacker.example:${port}`, "127.0.0.1", "localhost:1"]) {
    const headers = { Host: host };
    await refusesUpgrade(harness.open(id, { headers, signed: false }), 403);
  }
  const transport = await harness.open(id, {
    headers: { Host: `localhost:${port}` },
    signed: false,
  });
  await transport.close();
});

Deno.test("other paths are not there", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const base = new URL(harness.service.url(id)).origin;
  for (
    const path of [
      "/",
      "/v1/data-channel/",
      `/v1/control-channel/${id}`,
      `/v1/data-channel/${id}/x`,
    ]
  ) {
    await refusesUpgrade(harness.open(id, { url: base + path }), 404);
  }
});

Deno.test("a plain HTTP request gets an answer and no session", async () => {
  await using harness = await Harness.start();
  const url = harness.service.url(harness.session()).replace("ws:", "http:");
  const get = await fetch(url);
  assert.equal(get.status, 426);
  await get.body?.cancel();
  const post = await fetch(url, { method: "POST", body: "{}" });
  assert.equal(post.status, 400);
  await post.body?.cancel();
});

Deno.test("no token, a wrong one, another session's, a used one, one of before", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const other = harness.session();
  const old = harness.registry.grantToken(id)!;
  const token = harness.registry.grantToken(id)!;
  const others = harness.registry.grantToken(other)!;

  for (
    const first of [
      "",
      "{}",
      "no JSON",
      JSON.stringify({ TokenValue: 1 }),
      JSON.stringify({ TokenValue: "" }),
      openInput("wrong"),
      openInput(old),
      openInput(others),
      openInput(token + "="),
    ]
  ) {
    const transport = await harness.open(id);
    transport.sendText(first);
    await isRefused(transport);
  }
  // The rightful owner is not disturbed by all that.
  const transport = await harness.open(id);
  transport.sendText(openInput(token));
  assert.ok(await transport.read());
  const replay = await harness.open(id);
  replay.sendText(openInput(token));
  await isRefused(replay);
  assert.equal(harness.registry.get(id)?.status, "Connected");
  await transport.close();

  const log = harness.log.join("\n");
  for (const secret of [old, token, others]) assert.ok(!log.includes(secret));
});

Deno.test("messages before the token reach nobody", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const transport = await harness.open(id);
  transport.send(new Uint8Array(200));
  transport.sendText(openInput(harness.registry.grantToken(id)!));
  await isRefused(transport);
});

Deno.test("an unknown and an ended session: no data channel, token or not", async () => {
  await using harness = await Harness.start();
  const unknown = await harness.open("simulator-0123456789abcdefghijklmnop");
  unknown.sendText(openInput("any"));
  await isRefused(unknown);
  const id = harness.session();
  harness.registry.grantToken(id);
  harness.registry.terminate(id, "");
  await refusesUpgrade(harness.open(id), 410);
});

Deno.test("unsigned where that is allowed: the token is still required", async () => {
  await using harness = await Harness.start({ allowUnsignedUpgrade: true });
  const id = harness.session();
  const without = await harness.open(id, { signed: false });
  without.sendText(openInput("wrong"));
  await isRefused(without);
  // A signature that is there is checked all the same.
  await refusesUpgrade(
    harness.open(id, { signed: false, headers: { Authorization: "x" } }),
    403,
  );
  const transport = await harness.open(id, { signed: false });
  transport.sendText(openInput(harness.registry.grantToken(id)!));
  assert.ok(await transport.read());
  await transport.close();
});

Deno.test("a client that says nothing is closed after 10 s", async () => {
  const clock = new ManualClock();
  await using harness = await Harness.start(
    { allowUnsignedUpgrade: true },
    clock,
  );
  const transport = await harness.open(harness.session(), { signed: false });
  const timers = clock.pending;
  assert.ok(timers > 0);
  await clock.advance(10_500);
  assert.equal(await transport.read(), undefined);
  await transport.close();
});

Deno.test("rubbish after the token does not end a session", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const client = await Client.connect(harness, id);
  for (const length of [0, 1, 115, 116, 120, 500, 70_000]) {
    client.transport!.send(crypto.getRandomValues(
      new Uint8Array(Math.min(length, 65_536)),
    ));
  }
  client.transport!.sendText("not a client message");
  await client.see(/[#$] $/);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
});
