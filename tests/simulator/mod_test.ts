/**
 * The whole simulator, as somebody on the same machine sees it who has no business there.
 */

import assert from "node:assert/strict";
import {
  DescribeSessionsCommand,
  ResumeSessionCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from "@aws-sdk/client-ssm";
import { systemClock } from "../../lib/io/clock.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import { encodeOpenDataChannel } from "../../lib/protocol/message/open_data_channel.ts";
import {
  type Transport,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { makeCredentials } from "../../lib/simulator/credentials.ts";
import {
  defaultOptions,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../lib/simulator/mod.ts";
import { clientConfiguration } from "./api_clients.ts";
import { type RequestToSign, signRequest } from "./signed_request.ts";

/** A program that waits to be ended. */
const waiting = Deno.build.os === "windows"
  ? ["cmd.exe"]
  : ["/bin/sh", "-c", "sleep 600"];

class World implements AsyncDisposable {
  private constructor(
    readonly simulator: Simulator,
    readonly log: readonly string[],
  ) {
    this.ssm = new SSMClient(clientConfiguration(simulator));
  }

  readonly ssm: SSMClient;

  static async start(options: Partial<SimulatorOptions> = {}) {
    const log: string[] = [];
    const simulator = await startSimulator({
      ...defaultOptions,
      pace: "fast",
      shell: waiting,
      log: (line) => log.push(line),
      ...options,
    });
    return new World(simulator, log);
  }

  async session(): Promise<{ id: string; token: string; url: string }> {
    const answer = await this.ssm.send(
      new StartSessionCommand({ Target: "i-0123456789abcdef0" }),
    );
    const { SessionId: id, TokenValue: token, StreamUrl: url } = answer;
    assert.ok(id !== undefined && token !== undefined && url !== undefined);
    return { id, token, url };
  }

  /** The headers of an upgrade that the simulator's own user signs, with changes. */
  async sign(
    url: string,
    changes: Partial<RequestToSign> = {},
  ): Promise<Record<string, string>> {
    const { host, pathname, searchParams } = new URL(url);
    const { credentials, region } = clientConfiguration(this.simulator);
    const signed = await signRequest({
      method: "GET",
      service: "ssmmessages",
      region,
      credentials,
      time: Date.now(),
      host,
      path: pathname,
      // searchParams reads the query as a form: a raw "+" is a space (data-channel.md §1.2).
      query: Object.fromEntries(searchParams),
      ...changes,
    });
    const headers = Object.fromEntries(signed.headers);
    delete headers["host"];
    return headers;
  }

  async status(id: string): Promise<string | undefined> {
    const answer = await this.ssm.send(
      new DescribeSessionsCommand({
        State: "Active",
        Filters: [{ key: "SessionId", value: id }],
      }),
    );
    return answer.Sessions?.[0]?.Status;
  }

  async [Symbol.asyncDispose]() {
    this.ssm.destroy();
    await this.simulator.close();
  }
}

const open = openTransport({
  kind: "native",
  clock: systemClock,
  env: () => undefined,
});

async function refused(
  url: string,
  headers: Record<string, string>,
): Promise<number> {
  const outcome = await open({ url, headers }).then(
    async (transport) => {
      await transport.close();
      return undefined;
    },
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof UpgradeRefusedError, "the upgrade is refused");
  return outcome.status;
}

function openInput(tokenValue: string): string {
  return encodeOpenDataChannel({
    requestId: crypto.randomUUID(),
    tokenValue,
    clientId: crypto.randomUUID(),
    clientVersion: "1.2.896.0",
  });
}

/** Brings a token and says what becomes of the connection: a frame, or its close code. */
async function bring(transport: Transport, token: string) {
  transport.sendText(openInput(token));
  const frames = await transport.read();
  const outcome = frames === undefined
    ? (await transport.closed).code
    : "served";
  return outcome;
}

Deno.test("the run's own user gets a data channel, so the refusals below mean something", async () => {
  await using world = await World.start();
  const { id, token, url } = await world.session();
  assert.match(
    url,
    /^ws:\/\/127\.0\.0\.1:\d+\/v1\/data-channel\/simulator-[a-z0-9]{26}\?role=publish_subscribe&cell-number=[^&]*\+[^&]*$/,
  );
  const transport = await open({ url, headers: await world.sign(url) });
  assert.equal(await bring(transport, token), "served");
  assert.equal(await world.status(id), "Connected");
  await transport.close();
});

Deno.test("an upgrade that this run's user did not sign for this session is refused with 403", async () => {
  await using world = await World.start();
  const { id, url } = await world.session();
  const other = await world.session();
  const own = clientConfiguration(world.simulator).credentials;
  const wrong: [string, Record<string, string>][] = [
    ["unsigned", {}],
    [
      "another run's credentials",
      await world.sign(url, { credentials: makeCredentials() }),
    ],
    [
      "a guessed secret",
      await world.sign(url, {
        credentials: { ...own, secretAccessKey: "a".repeat(40) },
      }),
    ],
    ["signed for the API", await world.sign(url, { service: "ssm" })],
    ["signed for another session", await world.sign(other.url)],
    ["signed for POST", await world.sign(url, { method: "POST" })],
    ["signed long ago", await world.sign(url, { time: Date.now() - 301_000 })],
    [
      "signed for another host",
      await world.sign(url, { host: "attacker.example" }),
    ],
  ];
  for (const [name, headers] of wrong) {
    assert.equal(await refused(url, headers), 403, name);
  }
  assert.equal(await world.status(id), "Connecting");
});

Deno.test("no web page opens a data channel, signed or not", async () => {
  for (const allowUnsignedUpgrade of [false, true]) {
    await using world = await World.start({ allowUnsignedUpgrade });
    const { url } = await world.session();
    const signed = await world.sign(url);
    for (
      const origin of ["https://attacker.example", "null", new URL(url).origin]
    ) {
      assert.equal(await refused(url, { ...signed, origin }), 403, origin);
      assert.equal(await refused(url, { origin }), 403, origin);
    }
  }
});

Deno.test("a token is good once, for its own session, until the next one", async () => {
  await using world = await World.start();
  const one = await world.session();
  const two = await world.session();
  const attempt = async (url: string, token: string) => {
    const transport = await open({ url, headers: await world.sign(url) });
    const outcome = await bring(transport, token);
    await transport.close();
    return outcome;
  };
  assert.equal(await attempt(one.url, two.token), 1008, "another session's");
  assert.equal(await attempt(one.url, ""), 1008, "none");
  assert.equal(await attempt(one.url, "A".repeat(64)), 1008, "a guess");
  assert.equal(await attempt(one.url, one.token), "served");
  assert.equal(await attempt(one.url, one.token), 1008, "used before");
  const resumed = await world.ssm.send(
    new ResumeSessionCommand({ SessionId: two.id }),
  );
  assert.equal(await attempt(two.url, two.token), 1008, "an older one");
  assert.equal(await attempt(two.url, resumed.TokenValue ?? ""), "served");
});

Deno.test("without a signature the token is still required, where unsigned upgrades are let in", async () => {
  await using world = await World.start({ allowUnsignedUpgrade: true });
  const { url, token } = await world.session();
  const guess = await open({ url, headers: {} });
  assert.equal(await bring(guess, "A".repeat(64)), 1008);
  await guess.close();
  const wrong = await world.sign(url, { credentials: makeCredentials() });
  assert.equal(await refused(url, wrong), 403, "a wrong signature is wrong");
  const transport = await open({ url, headers: {} });
  assert.equal(await bring(transport, token), "served");
  await transport.close();
});

Deno.test("a session that somebody terminated is closed to everyone", async () => {
  await using world = await World.start();
  const { id, url, token } = await world.session();
  await world.ssm.send(new TerminateSessionCommand({ SessionId: id }));
  assert.deepEqual(world.simulator.activeSessions(), []);
  assert.equal(await refused(url, await world.sign(url)), 410);
  assert.equal(await refused(url, {}), 403, "and does not tell strangers");
  assert.ok(token !== "");
});

Deno.test("the log of a whole session holds no secret", async () => {
  await using world = await World.start({ kmsKeyId: "alias/a" });
  const { url, token } = await world.session();
  const transport = await open({ url, headers: await world.sign(url) });
  await bring(transport, token);
  await transport.close();
  await refused(url, {});
  await world.simulator.close();
  assert.ok(world.log.length > 2);
  const text = world.log.join("\n");
  const { credentials } = clientConfiguration(world.simulator);
  for (const secret of [token, ...Object.values(credentials)]) {
    assert.ok(!text.includes(secret));
  }
});

Deno.test("after the close nothing listens and no session lives", async () => {
  const world = await World.start();
  const { url } = await world.session();
  const transport = await open({ url, headers: await world.sign(url) });
  await world[Symbol.asyncDispose]();
  await transport.closed;
  await transport.close();
  assert.deepEqual(world.simulator.activeSessions(), []);
  for (const address of [url, world.simulator.endpoint]) {
    const port = Number(new URL(address).port);
    await assert.rejects(async () => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      return connection;
    });
  }
});
