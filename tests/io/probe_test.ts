import assert from "node:assert/strict";
import { systemClock } from "../../lib/io/clock.ts";
import { type Probe, probe } from "../../lib/io/probe.ts";
import { testCertificates } from "./test_certificates.ts";

const { authority, certificate, key } = testCertificates;

interface Server extends AsyncDisposable {
  readonly port: number;
}

/** Answers everything with 404 and a Date. */
function serve(
  options: { tls?: boolean; ahead?: number } = {},
): Server {
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      ...(options.tls ? { cert: certificate, key } : {}),
    },
    () =>
      new Response(null, {
        status: 404,
        headers: {
          date: new Date(Date.now() + (options.ahead ?? 0)).toUTCString(),
        },
      }),
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function ask(
  url: string,
  env: Readonly<Record<string, string>> = {},
  timeout?: number,
): Promise<Probe> {
  return await probe({
    url,
    env: (name) => env[name],
    clock: systemClock,
    signal: new AbortController().signal,
    ...(timeout === undefined ? {} : { timeout }),
  });
}

Deno.test("probe: an answer of any status is one, and tells the server's time", async () => {
  await using server = serve({ ahead: 600_000 });
  const found = await ask(`http://127.0.0.1:${server.port}`);
  assert.deepEqual([found.failedAt, found.trusted, found.proxy], [
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(found.host, `127.0.0.1:${server.port}`);
  assert(Math.abs((found.clockOffset ?? 0) - 600_000) < 5000);
});

Deno.test("probe: an authority that is not trusted is named, and trusted when it is named", async () => {
  await using server = serve({ tls: true });
  const url = `https://localhost:${server.port}`;
  const refused = await ask(url);
  assert.deepEqual([refused.failedAt, refused.trusted], ["tls", undefined]);
  assert.match(refused.reason, /^its certificate comes from an authority/);
  assert.deepEqual(refused.certificate, {
    issuer: "ssm test authority",
    issuerOrganisation: "",
    subject: "ssm test server",
  });
  const bundle = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(bundle, authority);
    const found = await ask(url, { AWS_CA_BUNDLE: bundle });
    assert.deepEqual([found.failedAt, found.trusted], [undefined, "named"]);
    assert.equal(found.certificate?.issuer, "ssm test authority");
  } finally {
    await Deno.remove(bundle);
  }
});

Deno.test("probe: what it fails at is told, with a reason and no password", async () => {
  for (
    const [url, env, stage, reason] of [
      ["https://nowhere.invalid", {}, "name", /^the name was not found$/],
      ["http://127.0.0.1:1", {}, "connect", /^the connection was refused$/],
      [
        "https://nowhere.invalid",
        { HTTPS_PROXY: "http://me:secret@127.0.0.1:1" },
        "connect",
        /^cannot connect to proxy 127\.0\.0\.1:1: the connection was refused$/,
      ],
      [
        "https://nowhere.invalid",
        { HTTPS_PROXY: "::secret" },
        "proxy",
        /HTTPS_PROXY is not a URL/,
      ],
      [
        "http://127.0.0.1:1",
        { AWS_CA_BUNDLE: "/nowhere.pem" },
        "bundle",
        /nowhere\.pem \(AWS_CA_BUNDLE\)/,
      ],
    ] as const
  ) {
    const found = await ask(url, env);
    assert.equal(found.failedAt, stage, found.reason);
    assert.match(found.reason, reason);
    assert(!JSON.stringify(found).includes("secret"));
  }
});

Deno.test("probe: a server that says nothing is not waited for", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  try {
    const found = await ask(
      `http://127.0.0.1:${listener.addr.port}`,
      {},
      50,
    );
    assert.deepEqual([found.failedAt, found.reason], [
      "answer",
      "no answer within 0.05 s",
    ]);
  } finally {
    (await accepted).close();
    listener.close();
  }
});

Deno.test("probe: one that is given up throws the signal's reason", async () => {
  const reason = new Error("gone");
  await assert.rejects(
    probe({
      url: "http://127.0.0.1:1",
      env: () => undefined,
      clock: systemClock,
      signal: AbortSignal.abort(reason),
    }),
    reason,
  );
});
