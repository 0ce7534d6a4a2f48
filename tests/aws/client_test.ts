import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { createRequestHandler } from "../../lib/aws/request_handler.ts";
import type { AwsSettings } from "../../lib/aws/settings.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws } from "../testkit/fake_aws.ts";
import { testCertificates } from "../io/test_certificates.ts";

const connected = () => ({ json: { Target: "i-1", Status: "connected" } });

async function status(settings: AwsSettings = {}): Promise<string> {
  using aws = new Aws(settings);
  return await aws.ssm.getConnectionStatus("i-0123456789abcdef0");
}

async function failure(settings: AwsSettings = {}): Promise<AwsCallError> {
  try {
    await status(settings);
  } catch (error) {
    assert.ok(error instanceof AwsCallError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "It did not fail" });
}

Deno.test("a call is signed for the region, and says who we are", async () => {
  await using fake = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  assert.equal(
    await status({ endpointUrl: fake.endpoint, version: "1.2.3" }),
    "connected",
  );
  const [call] = fake.requests;
  assert.equal(call?.accessKeyId, "AKIDENVIRONMENT");
  assert.match(
    call?.headers.get("authorization") ?? "",
    /\/eu-central-1\/ssm\/aws4_request/,
  );
  assert.match(call?.headers.get("user-agent") ?? "", /\bssm\/1\.2\.3\b/);
});

Deno.test("the endpoint of the SSM calls alone leads no others there, and is known after a call", async () => {
  await using ssm = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using common = new FakeAws({
    "kms:GenerateDataKey": () => ({ error: "NotFoundException" }),
  });
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_ENDPOINT_URL: common.endpoint },
  });
  using aws = new Aws({ ssmEndpointUrl: ssm.endpoint });
  assert.equal(aws.ssmEndpoint, undefined);
  await aws.ssm.getConnectionStatus("i-0123456789abcdef0");
  assert.equal(aws.ssmEndpoint, ssm.endpoint);
  await assert.rejects(
    aws.kms.generateDataKey("alias/k", {}),
    { code: "NotFoundException" },
  );
  assert.deepEqual(
    [ssm, common].map(({ requests }) => requests[0]?.operation),
    ["ssm:GetConnectionStatus", "kms:GenerateDataKey"],
  );
  using plain = new Aws({
    endpointUrl: ssm.endpoint,
    ssmEndpointUrl: common.endpoint,
  });
  await plain.ssm.getConnectionStatus("i-0123456789abcdef0");
  assert.equal(plain.ssmEndpoint, ssm.endpoint, "the flag wins");
});

Deno.test("endpoints: the flag, the service's variable, the common one, the profile", async () => {
  await using flag = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using service = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using common = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using inServices = new FakeAws({
    "ssm:GetConnectionStatus": connected,
  });
  await using inProfile = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using _home = await AwsHome.create({
    config: `[profile plain]\nendpoint_url = ${inProfile.endpoint}\n` +
      `[profile fine]\nservices = local\nendpoint_url = ${inProfile.endpoint}\n` +
      `[services local]\nssm =\n  endpoint_url = ${inServices.endpoint}\n`,
    env: {
      ...PLAIN_ENVIRONMENT,
      AWS_PROFILE: "plain",
      AWS_ENDPOINT_URL: common.endpoint,
      AWS_ENDPOINT_URL_SSM: service.endpoint,
    },
  });
  await status({ endpointUrl: flag.endpoint });
  assert.equal(flag.requests.length, 1);
  await status();
  assert.equal(service.requests.length, 1);
  Deno.env.delete("AWS_ENDPOINT_URL_SSM");
  await status();
  assert.equal(common.requests.length, 1);
  Deno.env.delete("AWS_ENDPOINT_URL");
  await status();
  assert.equal(inProfile.requests.length, 1);
  Deno.env.set("AWS_PROFILE", "fine");
  await status();
  assert.equal(inServices.requests.length, 1);
});

Deno.test("a given endpoint holds even where FIPS and dual-stack are asked for", async () => {
  await using fake = new FakeAws({ "ssm:GetConnectionStatus": connected });
  await using _home = await AwsHome.create({
    env: {
      ...PLAIN_ENVIRONMENT,
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_USE_DUALSTACK_ENDPOINT: "true",
    },
  });
  await status({ endpointUrl: fake.endpoint });
  assert.equal(fake.requests.length, 1);
});

Deno.test("HTTPS_PROXY carries the calls, to FIPS and dual-stack hosts too", async () => {
  // A proxy that notes whom it is asked for and refuses.
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(4096);
      const count = await connection.read(buffer);
      const head = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
      asked.push(head.split("\r\n")[0]!);
      await connection.write(
        new TextEncoder().encode("HTTP/1.1 403 Forbidden\r\n\r\n"),
      );
      connection.close();
    }
  })();
  await using _home = await AwsHome.create({
    env: {
      ...PLAIN_ENVIRONMENT,
      AWS_MAX_ATTEMPTS: "1",
      HTTPS_PROXY: `http://127.0.0.1:${listener.addr.port}`,
    },
  });
  try {
    const error = await failure();
    assert.equal(error.kind, "network");
    assert.match(
      error.message,
      /^Cannot get connection status: cannot reach ssm\.eu-central-1\.amazonaws\.com: the proxy/,
    );
    Deno.env.set("AWS_USE_FIPS_ENDPOINT", "true");
    await failure({ region: "us-east-1" });
    Deno.env.set("AWS_USE_DUALSTACK_ENDPOINT", "true");
    await failure({ region: "us-east-1" });
    Deno.env.delete("AWS_USE_FIPS_ENDPOINT");
    await failure({ region: "us-east-1" });
    assert.deepEqual(asked, [
      "CONNECT ssm.eu-central-1.amazonaws.com:443 HTTP/1.1",
      "CONNECT ssm-fips.us-east-1.amazonaws.com:443 HTTP/1.1",
      "CONNECT ssm-fips.us-east-1.api.aws:443 HTTP/1.1",
      "CONNECT ssm.us-east-1.api.aws:443 HTTP/1.1",
    ]);
  } finally {
    listener.close();
    await serving;
  }
});

Deno.test("throttling and trouble of the service are tried again", async () => {
  let count = 0;
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": () =>
      ++count === 1
        ? { error: "ThrottlingException", message: "Rate exceeded" }
        : count === 2
        ? { error: "InternalServerError", status: 500 }
        : connected(),
  });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  assert.equal(await status({ endpointUrl: fake.endpoint }), "connected");
  assert.equal(count, 3);
});

Deno.test("a connection that breaks is tried again, and named when it stays so", async () => {
  let count = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      count++;
      connection.close();
    }
  })();
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  try {
    const { port } = listener.addr;
    const error = await failure({ endpointUrl: `http://127.0.0.1:${port}` });
    assert.equal(error.kind, "network");
    assert.match(error.message, new RegExp(`cannot reach 127.0.0.1:${port}: `));
    assert.equal(count, 3);
  } finally {
    listener.close();
    await serving;
  }
});

Deno.test("a refused connection and an unknown name are told as such", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  const refused = await failure({ endpointUrl: `http://127.0.0.1:${port}` });
  assert.match(refused.message, /: connection refused$/);
  assert.equal(refused.retryable, true);
  // A label too long to be asked for: the lookup fails without leaving the machine.
  const unknown = await failure({
    endpointUrl: `http://${"x".repeat(64)}.invalid`,
  });
  assert.equal(unknown.kind, "network");
  assert.match(
    unknown.message,
    /x\.invalid: its name cannot be resolved$/,
  );
});

Deno.test("a server that never answers is given up", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => promise,
  );
  const handler = await createRequestHandler({ timeout: 20 });
  try {
    const { HttpRequest } = await import("@smithy/protocol-http");
    await assert.rejects(
      handler.handler.handle(
        new HttpRequest({
          protocol: "http:",
          hostname: "127.0.0.1",
          port: server.addr.port,
          method: "GET",
          path: "/",
        }),
      ),
      { name: "NetworkError", reason: "no answer in time" },
    );
  } finally {
    handler.close();
    resolve(new Response(null, { status: 204 }));
    await server.shutdown();
  }
});

Deno.test("close() ends calls under way", async () => {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": async () => {
      asked.resolve();
      await release.promise;
      return connected();
    },
  });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  const aws = new Aws({ endpointUrl: fake.endpoint });
  const call = aws.ssm.getConnectionStatus("i-1");
  await asked.promise;
  aws.close();
  aws.close();
  await assert.rejects(call);
  release.resolve();
});

Deno.test("an aborted call rejects with the caller's reason", async () => {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": async () => {
      asked.resolve();
      await release.promise;
      return connected();
    },
  });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  const controller = new AbortController();
  const call = aws.ssm.getConnectionStatus("i-1", controller.signal);
  await asked.promise;
  const reason = new Error("the user left");
  controller.abort(reason);
  await assert.rejects(call, (error: unknown) => error === reason);
  release.resolve();
  await assert.rejects(
    aws.ssm.getConnectionStatus("i-1", controller.signal),
    (error: unknown) => error === reason,
  );
});

Deno.test("credentials the service calls expired are replaced once", async () => {
  const file = (key: string) =>
    `[default]\naws_access_key_id=${key}\naws_secret_access_key=s\n`;
  await using home = await AwsHome.create({
    credentials: file("OLD"),
    env: { AWS_REGION: "eu-central-1" },
  });
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": async ({ accessKeyId }) => {
      if (accessKeyId === "NEW") return connected();
      await home.write(".aws/credentials", file("NEW"));
      return { error: "ExpiredTokenException", message: "It is expired" };
    },
  });
  assert.equal(await status({ endpointUrl: fake.endpoint }), "connected");
  assert.equal(fake.requests.length, 2);
});

Deno.test("credentials that are expired and stay the same are not tried twice", async () => {
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": () => ({
      error: "ExpiredTokenException",
      message: "The security token included in the request is expired",
    }),
  });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  const error = await failure({ endpointUrl: fake.endpoint });
  assert.equal(error.kind, "expired-credentials");
  assert.equal(error.final, true);
  assert.equal(fake.requests.length, 1);
  assert.deepEqual(error.hints, [
    "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
  ]);
});

Deno.test("a wrong clock is corrected, and the upgrade's time with it", async () => {
  const ahead = 3 * 3_600_000;
  await using fake = new FakeAws({
    "ssm:GetConnectionStatus": () => ({
      json: { Status: "connected" },
      headers: { date: new Date(Date.now() + ahead).toUTCString() },
    }),
  });
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  const { AwsClients } = await import("../../lib/aws/client.ts");
  const { SsmCalls } = await import("../../lib/aws/ssm.ts");
  const clients = new AwsClients({ endpointUrl: fake.endpoint });
  try {
    const before = (await clients.now()).getTime() - Date.now();
    assert.ok(Math.abs(before) < 60_000);
    await new SsmCalls(clients).getConnectionStatus("i-1");
    const offset = (await clients.now()).getTime() - Date.now();
    assert.ok(Math.abs(offset - ahead) < 60_000, String(offset));
  } finally {
    clients.close();
  }
});

Deno.test("certificates: AWS_CA_BUNDLE, the profile's ca_bundle, the system's store", async () => {
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      cert: testCertificates.certificate,
      key: testCertificates.key,
    },
    async (request) => {
      await request.text();
      return Response.json({ Status: "connected" }, {
        headers: { "content-type": "application/x-amz-json-1.1" },
      });
    },
  );
  const endpointUrl = `https://127.0.0.1:${server.addr.port}`;
  await using home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  try {
    const untrusted = await failure({ endpointUrl });
    assert.equal(untrusted.kind, "network");
    assert.match(untrusted.message, /its certificate is not trusted \(/);
    assert.deepEqual(untrusted.hints, [
      "export AWS_CA_BUNDLE=/path/to/your-ca.pem",
    ]);

    const bundle = await home.write("ca.pem", testCertificates.authority);
    await home.write(
      ".aws/config",
      `[profile own]\nca_bundle = ${bundle}\n`,
    );
    Deno.env.set("AWS_PROFILE", "own");
    assert.equal(await status({ endpointUrl }), "connected");
    Deno.env.delete("AWS_PROFILE");
    Deno.env.set("AWS_CA_BUNDLE", bundle);
    assert.equal(await status({ endpointUrl }), "connected");
    Deno.env.delete("AWS_CA_BUNDLE");

    let asked = 0;
    const system = () => {
      asked++;
      return Promise.resolve([testCertificates.authority]);
    };
    const named = (path: string | undefined) =>
      Promise.resolve(path === undefined ? [] : [testCertificates.authority]);
    using aws = new Aws({ endpointUrl, trust: { named, system } });
    for (let turn = 0; turn < 2; turn++) {
      assert.equal(await aws.ssm.getConnectionStatus("i-1"), "connected");
    }
    assert.equal(asked, 1);
    Deno.env.set("AWS_CA_BUNDLE", "a path that only the function knows");
    assert.equal(
      await status({ endpointUrl, trust: { named, system } }),
      "connected",
    );
    assert.equal(asked, 1);

    Deno.env.set("AWS_CA_BUNDLE", `${home.path}/none.pem`);
    const missing = await failure({ endpointUrl });
    assert.equal(missing.kind, "invalid");
    assert.match(missing.message, /none\.pem \(AWS_CA_BUNDLE or ca_bundle\)/);
    Deno.env.set("AWS_CA_BUNDLE", await home.write("empty.pem", "nothing"));
    assert.match(
      (await failure({ endpointUrl })).message,
      /it holds no PEM certificate/,
    );
  } finally {
    await server.shutdown();
  }
});
