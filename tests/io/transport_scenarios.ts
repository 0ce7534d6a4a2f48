/**
 * What every adapter must do against every server. Where an adapter cannot do something by its
 * nature, the scenario says what it does instead.
 */

import assert from "node:assert/strict";
import { systemClock } from "../../lib/io/clock.ts";
import {
  openTransport,
  type WebSocketOptions,
} from "../../lib/io/web_socket.ts";
import {
  type Transport,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { Relay } from "./relay.ts";
import { floodBytes, type ScenarioServer } from "./scenario_servers.ts";

/** What a scenario gets. */
export interface ScenarioContext {
  readonly kind: WebSocketOptions["kind"];
  readonly server: ScenarioServer;
}

/** One scenario. */
export interface Scenario {
  readonly name: string;
  run(context: ScenarioContext): Promise<void>;
}

function open(
  { kind }: ScenarioContext,
  port: number,
  target: string,
  headers: Record<string, string> = {},
): Promise<Transport> {
  const opener = openTransport({
    kind,
    clock: systemClock,
    env: () => undefined,
  });
  return opener({ url: `ws://127.0.0.1:${port}${target}`, headers });
}

/** Reads so many messages. */
export async function take(
  transport: Transport,
  count: number,
): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  while (all.length < count) {
    const messages = await transport.read();
    assert.ok(messages !== undefined, `ended after ${all.length} messages`);
    all.push(...messages);
  }
  assert.equal(all.length, count);
  return all;
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** Resolves when `value` has not changed for a while, or has reached `enough`. */
async function steady(value: () => number, enough: number): Promise<void> {
  for (let last = -1, same = 0; same < 40 && value() < enough;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = value() === last ? same + 1 : 0;
    last = value();
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: "echoes messages of every size class",
    async run(context) {
      const transport = await open(context, context.server.port, "/echo");
      for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
        const message = Uint8Array.from({ length: size }, (_, i) => i * 7);
        transport.send(message);
        const [echo] = await take(transport, 1);
        assert.deepEqual(echo, message, `size ${size}`);
      }
      await transport.close();
    },
  },
  {
    name: "carries text both ways as UTF-8 bytes",
    async run(context) {
      const transport = await open(context, context.server.port, "/echo");
      transport.sendText('{"TokenValue":"é€𝄞"}');
      const [echo] = await take(transport, 1);
      assert.equal(text(echo), '{"TokenValue":"é€𝄞"}');
      await transport.close();
    },
  },
  {
    name: "keeps the order of 1000 messages, text and binary mixed",
    async run(context) {
      const transport = await open(context, context.server.port, "/echo");
      for (let i = 0; i < 1000; i++) {
        if (i % 10 === 0) transport.sendText(String(i));
        else transport.send(new TextEncoder().encode(String(i)));
      }
      const messages = await take(transport, 1000);
      assert.deepEqual(
        messages.map((message) => Number(text(message))),
        Array.from({ length: 1000 }, (_, i) => i),
      );
      await transport.close();
    },
  },
  {
    name: "reports the server's close code and reason",
    async run(context) {
      const transport = await open(context, context.server.port, "/bye");
      transport.sendText("go");
      assert.equal(await transport.read(), undefined);
      assert.deepEqual(await transport.closed, {
        code: 4001,
        reason: "bye",
        clean: true,
      });
      transport.send(new Uint8Array(10));
      assert.equal(transport.buffered, 0);
      await transport.drained();
      await transport.close();
    },
  },
  {
    name: "closes by itself, and what was sent before arrives first",
    async run(context) {
      await using relay = new Relay(context.server.port);
      const transport = await open(context, relay.port, "/sink");
      for (let i = 0; i < 100; i++) transport.send(new Uint8Array(10_000));
      await transport.close(4000, "done");
      const close = await transport.closed;
      assert.equal(close.clean, true);
      assert.equal(close.code, 4000);
      assert.ok(relay.passed.up > 100 * 10_000);
      assert.equal(await transport.read(), undefined);
    },
  },
  {
    name: "reports a connection that breaks as 1006",
    async run(context) {
      await using relay = new Relay(context.server.port);
      const transport = await open(context, relay.port, "/echo");
      transport.send(Uint8Array.of(1));
      await take(transport, 1);
      relay.cut();
      assert.equal(await transport.read(), undefined);
      const close = await transport.closed;
      assert.equal(close.code, 1006);
      assert.equal(close.clean, false);
      assert.notEqual(close.reason, "");
      await transport.close();
    },
  },
  {
    name: "reports a refused upgrade",
    async run(context) {
      const { kind, server } = context;
      await assert.rejects(
        open(context, server.port, "/refuse"),
        (error: unknown) => {
          assert.ok(error instanceof UpgradeRefusedError);
          assert.equal(error.status, 403);
          if (kind === "native") {
            assert.equal(error.headers["x-reason"], "signature");
            assert.equal(error.body, "no ssmmessages:OpenDataChannel for you");
          } else {
            // The platform tells the status alone.
            assert.deepEqual(error.headers, {});
            assert.equal(error.body, "");
          }
          return true;
        },
      );
    },
  },
  {
    name: "a reader that does not read",
    async run(context) {
      await using relay = new Relay(context.server.port);
      const count = 1024;
      const transport = await open(context, relay.port, `/flood?${count}`);
      const all = count * floodBytes(0).length;
      await steady(() => relay.passed.down, all);
      if (context.kind === "native") {
        // Socket buffers hold some MiB; the rest has to wait at the server.
        assert.ok(relay.passed.down < all, `${relay.passed.down} bytes passed`);
      } else {
        // The platform reads on and keeps everything.
        assert.ok(relay.passed.down >= all);
      }
      const messages = await take(transport, count);
      for (const [i, message] of messages.entries()) {
        assert.deepEqual(message, floodBytes(i));
      }
      await transport.close();
    },
  },
  {
    name: "a server that does not read: buffered grows, drained waits",
    async run(context) {
      await using relay = new Relay(context.server.port);
      const transport = await open(context, relay.port, "/sink");
      relay.hold();
      const size = 64 * 1024;
      for (let i = 0; i < 512; i++) transport.send(new Uint8Array(size));
      await steady(() => -transport.buffered, 0);
      assert.ok(transport.buffered > 1 << 20, `${transport.buffered} buffered`);
      let drained = false;
      const waiting = transport.drained().then(() => drained = true);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(drained, false);
      relay.resume();
      await waiting;
      assert.ok(transport.buffered <= 64 * 1024);
      transport.sendText("count");
      assert.equal(text((await take(transport, 1))[0]), String(512 * size));
      await transport.close();
    },
  },
  {
    name: "sends headers as given and the raw query with + and /",
    async run(context) {
      const target =
        "/request?role=publish_subscribe&cell-number=AAE+k/Nf8Q==&x=%2f+%20~";
      const transport = await open(context, context.server.port, target, {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/x, Signature=0f",
        "X-Amz-Date": "20261121T000000Z",
      });
      const [message] = await take(transport, 1);
      const got = JSON.parse(text(message));
      assert.equal(got.target, target);
      assert.equal(
        got.headers["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKID/x, Signature=0f",
      );
      assert.equal(got.headers["x-amz-date"], "20261121T000000Z");
      assert.equal(got.headers["host"], `127.0.0.1:${context.server.port}`);
      assert.equal(got.headers["sec-websocket-protocol"], undefined);
      assert.equal(got.headers["sec-websocket-extensions"], undefined);
      await transport.close();
    },
  },
];
