import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  clockSkewLimit,
  type ExpectedSigner,
  makeUpgradeVerifier,
  type Verdict,
  verifySignature,
} from "../../lib/simulator/sigv4_verify.ts";
import { canonicalRequest } from "../../lib/simulator/sigv4_canonical.ts";
import { makeCredentials } from "../../lib/simulator/credentials.ts";
import { type SignedTestRequest, signRequest } from "./signed_request.ts";

interface UpgradeVector {
  readonly name: string;
  readonly url: string;
  readonly region: string;
  readonly time: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly headersAdded: Readonly<Record<string, string>>;
  readonly signerTrace: string;
  readonly isPresignedURL: boolean;
}

const { vectors } = JSON.parse(
  await Deno.readTextFile(
    new URL("../vectors/sigv4-websocket.json", import.meta.url),
  ),
) as { vectors: readonly UpgradeVector[] };

const now = Date.parse("2026-03-17T12:34:56Z");

function vectorTime(text: string): number {
  return Date.parse(
    text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
}

Deno.test("the official client's signed upgrades are accepted, and only as signed", async (t) => {
  const signed = vectors.filter((v) => "Authorization" in v.headersAdded);
  assert.ok(signed.length >= 6, "the vectors are there");
  for (const vector of signed) {
    await t.step(vector.name, () => {
      const headers = new Headers(vector.headersAdded);
      headers.set("host", new URL(vector.url).host);
      const verify = makeUpgradeVerifier({
        regions: [vector.region],
        now: () => vectorTime(vector.time),
        credentials: {
          accessKeyId: vector.accessKeyId,
          secretAccessKey: vector.secretAccessKey,
          sessionToken: vector.sessionToken ?? "",
        },
      });
      assert.deepEqual(verify(vector.url, headers), { ok: true });
      // The request line's form, as a server sees it, without scheme and host.
      const target = vector.url.replace(/^wss:\/\/[^/]*/, "");
      assert.deepEqual(verify(target, headers), { ok: true });

      assert.deepEqual(verify(target, Object.fromEntries(headers)), {
        ok: true,
      });

      const other = verify(`${target}&x=1`, headers);
      assert.ok(!other.ok && other.status === 403);
      assert.equal(other.code, "InvalidSignatureException");
      const elsewhere = new Headers(headers);
      elsewhere.set("host", "attacker.example");
      assert.equal(verify(target, elsewhere).ok, false);
    });
  }
});

Deno.test("the canonical request equals the official client's, byte for byte", () => {
  for (const vector of vectors) {
    if (!("Authorization" in vector.headersAdded)) continue;
    const lines = vector.signerTrace.split("\n");
    const start = lines.findIndex((line) => line.includes("CANONICAL STRING"));
    const end = lines.findIndex((line) => line.includes("STRING TO SIGN"));
    const expected = lines.slice(start + 1, end).join("\n");
    const headers = new Headers(vector.headersAdded);
    headers.set("host", new URL(vector.url).host);
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(
      vector.headersAdded["Authorization"] ?? "",
    )?.[1]?.split(";") ?? [];
    const actual = canonicalRequest(
      { method: "GET", target: vector.url, headers, body: new Uint8Array() },
      signedHeaders,
      createHash("sha256").digest("hex"),
    );
    assert.equal(actual, expected, vector.name);
  }
});

const credentials = makeCredentials();
const signer: ExpectedSigner = {
  credentials,
  regions: ["eu-west-1"],
  now: () => now,
};

interface Call {
  readonly service?: string;
  readonly region?: string;
  readonly time?: number;
  readonly body?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly credentials?: typeof credentials;
  readonly headers?: Record<string, string>;
}

/** Signs with the signer that the client uses. */
function sign(call: Call): Promise<SignedTestRequest> {
  return signRequest({
    service: "ssm",
    region: "eu-west-1",
    credentials,
    time: now,
    host: "127.0.0.1:4000",
    body: "{}",
    ...call,
    headers: { "x-amz-target": "AmazonSSM.StartSession", ...call.headers },
  });
}

async function check(
  call: Call,
  change?: (signed: SignedTestRequest) =>
    | Partial<{ target: string; body: Uint8Array }>
    | void,
): Promise<Verdict> {
  const signed = await sign(call);
  const changed = { ...signed, ...change?.(signed) };
  return verifySignature({ method: "POST", ...changed }, "ssm", signer);
}

function assertFault(verdict: Verdict, fault: string, message: RegExp): void {
  assert.ok(!verdict.ok, "refused");
  assert.equal(verdict.fault, fault);
  assert.match(verdict.message, message);
  for (const secret of Object.values(credentials)) {
    assert.ok(!verdict.message.includes(secret), "no secret in the message");
  }
}

Deno.test("what the client's signer signs is accepted, whatever path, query and body", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string(),
      fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 3 }),
      fc.dictionary(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.string({ unit: "grapheme" }),
        { maxKeys: 4, noNullPrototype: true },
      ),
      async (body, segments, query) => {
        const path = "/" + segments.map(encodeURIComponent).join("/");
        // The signer removes dot segments, which no HTTP client sends.
        fc.pre(segments.every((s) => !/^\.*$/.test(s)));
        assert.deepEqual(await check({ body, path, query }), {
          ok: true,
          region: "eu-west-1",
        });
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("any change of a signed request is refused", async () => {
  assert.deepEqual(await check({}), { ok: true, region: "eu-west-1" });
  const changes: ((
    signed: SignedTestRequest,
  ) => Partial<{ target: string; body: Uint8Array }> | void)[] = [
    () => ({ target: "/other" }),
    () => ({ target: "/?a=b" }),
    () => ({ body: new TextEncoder().encode('{"Target":"i-1"}') }),
    ({ headers }) => headers.set("x-amz-target", "AmazonSSM.ResumeSession"),
    ({ headers }) => headers.set("host", "attacker.example"),
    ({ headers }) => headers.set("x-amz-date", "20260317T123457Z"),
    ({ headers }) =>
      headers.set(
        "authorization",
        (headers.get("authorization") ?? "").replace(
          /Signature=./,
          (s) => s.endsWith("0") ? "Signature=1" : "Signature=0",
        ),
      ),
    // A header that the service acts on must be signed.
    ({ headers }) => headers.set("x-amz-extra", "1"),
  ];
  for (const change of changes) {
    assertFault(await check({}, change), "mismatch", /./);
  }
});

Deno.test("a body hash that the body does not have is refused", async () => {
  assertFault(
    await check({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } }),
    "mismatch",
    /x-amz-content-sha256/,
  );
});

Deno.test("credentials of another run, an old session token or none are unknown", async () => {
  const others = [
    makeCredentials(),
    { ...credentials, sessionToken: makeCredentials().sessionToken },
    { ...credentials, accessKeyId: "ASIAQQQQQQQQQQQQQQQQ" },
    { ...credentials, sessionToken: "" },
  ];
  for (const other of others) {
    assertFault(
      await check({ credentials: other }),
      "unknown-credentials",
      /security token included in the request is invalid/,
    );
  }
  const { secretAccessKey } = makeCredentials();
  assertFault(
    await check({ credentials: { ...credentials, secretAccessKey } }),
    "mismatch",
    /does not match the signature you provided/,
  );
});

Deno.test("region and service of the scope must be the expected ones", async () => {
  assertFault(
    await check({ region: "us-east-1" }),
    "mismatch",
    /valid region.*eu-west-1/,
  );
  assertFault(
    await check({ service: "kms" }),
    "mismatch",
    /correct service: 'ssm'/,
  );
});

Deno.test("a signature is good for five minutes either way", async () => {
  assert.deepEqual(await check({ time: now - clockSkewLimit }), {
    ok: true,
    region: "eu-west-1",
  });
  assert.deepEqual(await check({ time: now + clockSkewLimit }), {
    ok: true,
    region: "eu-west-1",
  });
  assertFault(
    await check({ time: now - clockSkewLimit - 1000 }),
    "expired",
    /^Signature expired: 20260317T122955Z is now earlier than 20260317T122956Z \(20260317T123456Z - 5 min\.\)$/,
  );
  assertFault(
    await check({ time: now + clockSkewLimit + 1000 }),
    "expired",
    /^Signature not yet current/,
  );
});

Deno.test("a request without a signature, or with a torn one, is named as such", async () => {
  assertFault(
    await check({}, ({ headers }) => headers.delete("authorization")),
    "missing",
    /Missing Authentication Token/,
  );
  const torn: [string, RegExp][] = [
    ["Bearer abc", /algorithm 'AWS4-HMAC-SHA256'/],
    ["AWS4-HMAC-SHA256 nonsense", /key=value/],
    ["AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", /'Credential'/],
    ["AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", /5/],
    [
      "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=x;host, Signature=0",
      /alphabetical/,
    ],
    [
      "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host",
      /'Signature'/,
    ],
  ];
  for (const [header, message] of torn) {
    assertFault(
      await check({}, ({ headers }) => headers.set("authorization", header)),
      "incomplete",
      message,
    );
  }
  assertFault(
    await check({}, ({ headers }) => headers.delete("x-amz-date")),
    "incomplete",
    /X-Amz-Date/,
  );
  assertFault(
    await check({}, ({ headers }) => headers.set("x-amz-date", "yesterday")),
    "incomplete",
    /ISO-8601/,
  );
});

Deno.test("an upgrade without a signature, or with a header that is none, gets status 403", () => {
  const verify = makeUpgradeVerifier(signer);
  const missing = verify("/v1/data-channel/x", {});
  assert.ok(!missing.ok);
  assert.equal(missing.status, 403);
  assert.equal(missing.code, "MissingAuthenticationTokenException");
  const torn = verify("/v1/data-channel/x", { authorization: "a\nb" });
  assert.ok(!torn.ok);
  assert.equal(torn.code, "IncompleteSignatureException");
});

Deno.test("no Authorization header, however mutated, makes the check throw", async () => {
  const signed = await sign({});
  const good = signed.headers.get("authorization") ?? "";
  fc.assert(
    fc.property(
      fc.nat(good.length),
      fc.nat(8),
      fc.string({ unit: "binary-ascii", maxLength: 8 }),
      (at, cut, text) => {
        const bad = (good.slice(0, at) + text + good.slice(at + cut))
          .replace(/[^\x20-\x7e]/g, "?");
        fc.pre(bad.trim() !== good);
        const headers = new Headers(signed.headers);
        headers.set("authorization", bad);
        const verdict = verifySignature(
          { method: "POST", ...signed, headers },
          "ssm",
          signer,
        );
        // Blanks around the parameters do not change what was signed.
        if (bad.replaceAll(" ", "") !== good.replaceAll(" ", "")) {
          assert.equal(verdict.ok, false, bad);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
