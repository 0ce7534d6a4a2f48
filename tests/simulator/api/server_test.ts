import assert from "node:assert/strict";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { SSMClient, StartSessionCommand } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { bodyLimit } from "../../../lib/simulator/api/server.ts";
import { makeCredentials } from "../../../lib/simulator/credentials.ts";
import { defaultOptions } from "../../../lib/simulator/options.ts";
import {
  assembleSimulator,
  systemParts,
} from "../../../lib/simulator/simulator.ts";
import { clientConfiguration, startTestSimulator } from "../api_clients.ts";
import {
  assertNoSession,
  credentialsOf,
  post,
  signedStart,
  startSession,
} from "../raw_requests.ts";

Deno.test("a signed StartSession by hand is answered, so the refusals below mean something", async () => {
  await using t = await startTestSimulator();
  const answer = await post(t, await signedStart(t));
  assert.equal(answer.status, 200);
  assert.equal(
    answer.headers.get("content-type"),
    "application/x-amz-json-1.1",
  );
  assert.match(answer.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(t.simulator.activeSessions().length, 1);
});

Deno.test("without a signature nothing is answered, whatever the API", async () => {
  await using t = await startTestSimulator();
  const unsigned = await post(t, {
    target: "/",
    headers: new Headers({ "x-amz-target": "AmazonSSM.StartSession" }),
    body: new TextEncoder().encode(startSession),
  });
  assert.equal(unsigned.status, 400);
  assert.deepEqual(JSON.parse(unsigned.text), {
    __type: "MissingAuthenticationTokenException",
    message: "Missing Authentication Token",
  });
  const form = async (body: string) => {
    const answer = await post(t, {
      target: "/",
      headers: new Headers({
        "content-type": "application/x-www-form-urlencoded",
      }),
      body: new TextEncoder().encode(body),
    });
    return [
      answer.status,
      /<Code>(.*?)<\/Code>/.exec(answer.text)?.[1],
    ];
  };
  assert.deepEqual(await form("Action=DescribeInstances&Version=2016-11-15"), [
    401,
    "AuthFailure",
  ]);
  assert.deepEqual(await form("Action=GetCallerIdentity&Version=2011-06-15"), [
    403,
    "MissingAuthenticationToken",
  ]);
  assertNoSession(t);
});

Deno.test("credentials of another run are refused by every API, each in its own words", async () => {
  await using t = await startTestSimulator();
  const own = clientConfiguration(t.simulator);
  const stranger = { ...own, credentials: { ...makeCredentials() } };
  const guesser = {
    ...own,
    credentials: { ...own.credentials, secretAccessKey: "a".repeat(40) },
  };
  const outcomes = async (configuration: typeof own) => {
    const names: string[] = [];
    const ssm = new SSMClient(configuration);
    const kms = new KMSClient(configuration);
    const ec2 = new EC2Client(configuration);
    const sts = new STSClient(configuration);
    for (
      const call of [
        () => ssm.send(new StartSessionCommand({ Target: "i-1" })),
        () => kms.send(new ListKeysCommand({})),
        () => ec2.send(new DescribeInstancesCommand({})),
        () => sts.send(new GetCallerIdentityCommand({})),
      ]
    ) {
      const error = await call().then(() => undefined, (e: unknown) => e);
      assert.ok(error instanceof Error);
      names.push(error.name);
    }
    return names;
  };
  assert.deepEqual(await outcomes(stranger), [
    "UnrecognizedClientException",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidClientTokenId",
  ]);
  assert.deepEqual(await outcomes(guesser), [
    "InvalidSignatureException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "SignatureDoesNotMatch",
  ]);
  assertNoSession(t);
});

Deno.test("a signature that is old, for another service, or under another body is refused", async () => {
  await using t = await startTestSimulator();
  const old = await post(
    t,
    await signedStart(t, { time: Date.now() - 301_000 }),
  );
  assert.equal(old.code, "InvalidSignatureException");
  assert.match(old.text, /Signature expired/);
  const wrong = await post(t, await signedStart(t, { service: "kms" }));
  assert.equal(wrong.code, "InvalidSignatureException");
  const signed = await signedStart(t, { body: "{}" });
  const swapped = await post(t, {
    ...signed,
    body: new TextEncoder().encode(startSession),
  });
  assert.equal(swapped.code, "InvalidSignatureException");
  const torn = await post(t, signed, { authorization: "AWS4-HMAC-SHA256 x" });
  assert.equal(torn.code, "IncompleteSignatureException");
  assertNoSession(t);
});

Deno.test("only POST, only bodies of bounded length, only calls that are known", async () => {
  await using t = await startTestSimulator();
  const get = await fetch(t.simulator.endpoint);
  assert.equal(get.status, 405);
  await get.body?.cancel();
  const signed = await signedStart(t);
  const long = await post(t, {
    ...signed,
    body: new Uint8Array(bodyLimit + 1),
  });
  assert.equal(long.status, 413);
  for (
    const headers of [
      {},
      { "x-amz-target": "AmazonSSM" },
      { "x-amz-target": "constructor.StartSession" },
      { "x-amz-target": "DynamoDB_20120810.ListTables" },
      { "x-amz-target": "AmazonSSM.<b>" },
    ]
  ) {
    const unknown = await post(t, {
      target: "/",
      headers: new Headers(headers),
      body: new Uint8Array(),
    });
    assert.equal(unknown.status, 404, JSON.stringify(headers));
    assert.equal(unknown.code, "UnknownOperationException");
  }
});

Deno.test("a body that is no JSON object, or of wrong types, is a serialization error", async () => {
  await using t = await startTestSimulator();
  for (
    const body of [
      "{",
      "[]",
      "null",
      "7",
      '{"Target":7}',
      '{"Target":["i-1"]}',
      '{"Target":"i-1","Parameters":[]}',
      '{"Target":"i-1","Parameters":{"portNumber":"22"}}',
      '{"Target":"i-1","Parameters":{"portNumber":[22]}}',
    ]
  ) {
    const answer = await post(t, await signedStart(t, { body }));
    assert.equal(answer.status, 400, body);
    assert.equal(answer.code, "SerializationException", body);
  }
  assertNoSession(t);
});

Deno.test("a failure of the simulator itself is a 500 without detail, and is logged", async () => {
  const log: string[] = [];
  await using simulator = await assembleSimulator(
    { ...defaultOptions, log: (line) => log.push(line) },
    {
      ...systemParts,
      startService: () =>
        Promise.resolve({
          url: (id) => {
            if (id === "") return "ws://127.0.0.1:1/";
            throw new Error("inner detail");
          },
          close: () => Promise.resolve(),
        }),
    },
  );
  const ssm = new SSMClient(clientConfiguration(simulator));
  await assert.rejects(
    ssm.send(new StartSessionCommand({ Target: "i-0123456789abcdef0" })),
    { name: "InternalServerError", message: "The simulator failed" },
  );
  assert.ok(log.some((line) => line.includes("inner detail")));
  assert.deepEqual(simulator.activeSessions(), []);
});

Deno.test("the log names calls and outcomes, and no secret", async () => {
  await using t = await startTestSimulator({ kmsKeyId: "a-key" });
  const answer = await post(t, await signedStart(t));
  const { TokenValue } = JSON.parse(answer.text) as { TokenValue: string };
  await post(t, await signedStart(t, { service: "kms" }));
  await post(t, await signedStart(t), { origin: "https://attacker.example" });
  assert.equal(t.log.length, 3);
  assert.equal(t.log[0], "api: ssm StartSession");
  assert.equal(t.log[1], "api: ssm StartSession: InvalidSignatureException");
  const text = t.log.join("\n");
  for (const secret of [TokenValue, ...Object.values(credentialsOf(t))]) {
    assert.ok(!text.includes(secret));
  }
});

Deno.test("it listens on 127.0.0.1 alone", async () => {
  await using t = await startTestSimulator();
  const port = Number(new URL(t.simulator.endpoint).port);
  const others = Deno.networkInterfaces()
    .map(({ address }) => address)
    // A link-local address needs a zone; 127.0.0.1 is where it should be.
    .filter((address) => address !== "127.0.0.1" && !/^fe80:/i.test(address));
  // The whole of 127/8 is local on Linux alone.
  if (Deno.build.os === "linux") others.push("127.0.0.2");
  for (const hostname of others) {
    await assert.rejects(
      async () => {
        using connection = await Deno.connect({ hostname, port });
        return connection;
      },
      Error,
      hostname,
    );
  }
});

Deno.test("closing drops a request that never ends, and the port is free", async () => {
  const t = await startTestSimulator();
  const port = Number(new URL(t.simulator.endpoint).port);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    new TextEncoder().encode(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 9\r\n\r\n{`,
    ),
  );
  await t[Symbol.asyncDispose]();
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  assert.equal((listener.addr as Deno.NetAddr).port, port);
});
