import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { browserUrl } from "../../lib/aws/sso.ts";
import { SsoCache } from "../../lib/aws/sso_cache.ts";
import {
  type DeviceCalls,
  signIn,
  type TokenAnswer,
} from "../../lib/aws/sso_login.ts";
import type { SsoLogin } from "../../lib/aws/sso_profile.ts";

const start = Date.UTC(2026, 0, 1);

const login: SsoLogin = {
  sessionName: "corp",
  startUrl: "https://corp/start",
  region: "eu-west-1",
  scopes: ["sso:account:access"],
};

const token: TokenAnswer = {
  kind: "token",
  accessToken: "access",
  refreshToken: "refresh",
  expiresIn: 3600,
};

/** A sign-in whose service gives these answers, in virtual time. */
class Bench implements AsyncDisposable {
  now = start;
  readonly sleeps: number[] = [];
  readonly registered: unknown[] = [];
  readonly pending: string[] = [];
  refuseClient = 0;
  readonly cache: SsoCache;

  private constructor(
    readonly folder: string,
    readonly answers: TokenAnswer[],
    readonly interval: number | undefined,
  ) {
    this.cache = new SsoCache(`${folder}/cache`);
  }

  static async create(
    answers: TokenAnswer[],
    interval?: number,
  ): Promise<Bench> {
    const folder = await Deno.makeTempDir({ prefix: "ssm_sso_" });
    return new Bench(folder, answers, interval);
  }

  readonly calls: DeviceCalls = {
    register: (name, scopes) => {
      this.registered.push([name, scopes]);
      return Promise.resolve({
        clientId: `client-${this.registered.length}`,
        clientSecret: "secret",
        expiresAt: this.now + 90 * 86_400_000,
      });
    },
    authorize: () => {
      if (this.refuseClient-- > 0) {
        return Promise.reject(
          new AwsCallError({
            action: "sso-oidc:StartDeviceAuthorization",
            code: "InvalidClientException",
            kind: "service",
            reason: "unknown client",
          }),
        );
      }
      return Promise.resolve({
        deviceCode: "device",
        userCode: "ABCD-EFGH",
        verificationUri: "https://device",
        verificationUriComplete: "https://device?user_code=ABCD-EFGH",
        expiresIn: 60,
        interval: this.interval,
      });
    },
    token: () => Promise.resolve(this.answers.shift() ?? { kind: "pending" }),
  };

  signIn(signal = new AbortController().signal, of: SsoLogin = login) {
    return signIn({
      login: of,
      calls: this.calls,
      cache: this.cache,
      now: () => this.now,
      sleep: (milliseconds) => {
        this.sleeps.push(milliseconds);
        this.now += milliseconds;
        return Promise.resolve();
      },
      onPending: ({ userCode }) => this.pending.push(userCode),
    }, signal);
  }

  file(text: string): Promise<string> {
    const name = createHash("sha1").update(text).digest("hex");
    return Deno.readTextFile(`${this.folder}/cache/${name}.json`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("sign-in: asks in the service's interval, more slowly when told so, until there is a token", async () => {
  await using bench = await Bench.create([
    { kind: "pending" },
    { kind: "slow-down" },
    { kind: "pending" },
    token,
  ], 2);
  const { accessToken, expiresAt } = await bench.signIn();
  assert.deepEqual(bench.sleeps, [2000, 2000, 7000, 7000]);
  assert.deepEqual(bench.pending, ["ABCD-EFGH"]);
  assert.equal(accessToken, "access");
  assert.equal(expiresAt, start + 18_000 + 3_600_000);
});

Deno.test("sign-in: RFC 8628's 5 seconds where the service names none", async () => {
  await using bench = await Bench.create([token]);
  await bench.signIn();
  assert.deepEqual(bench.sleeps, [5000]);
});

Deno.test("sign-in: the files are those that botocore writes", async () => {
  await using bench = await Bench.create([token], 1);
  await bench.signIn();
  assert.equal(
    await bench.file("corp"),
    '{"startUrl": "https://corp/start", "region": "eu-west-1", ' +
      '"accessToken": "access", "expiresAt": "2026-01-01T01:00:01Z", ' +
      '"clientId": "client-1", "clientSecret": "secret", ' +
      '"registrationExpiresAt": "2026-04-01T00:00:00Z", ' +
      '"refreshToken": "refresh"}',
  );
  // json.dumps(args, sort_keys=True) of botocore's _registration_cache_key.
  assert.equal(
    await bench.file(
      '{"region": "eu-west-1", "scopes": ["sso:account:access"], ' +
        '"session_name": "corp", "startUrl": "https://corp/start", ' +
        '"tool": "botocore"}',
    ),
    '{"clientId": "client-1", "clientSecret": "secret", ' +
      '"expiresAt": "2026-04-01T00:00:00Z", "scopes": ["sso:account:access"]}',
  );
  assert.deepEqual(bench.registered, [
    ["ssm-client-corp", ["sso:account:access"]],
  ]);
  if (Deno.build.os !== "windows") {
    const folder = `${bench.folder}/cache`;
    assert.equal(((await Deno.stat(folder)).mode ?? 0) & 0o777, 0o700);
    const names = await Array.fromAsync(Deno.readDir(folder));
    assert.equal(names.length, 2);
    for (const { name } of names) {
      const { mode } = await Deno.stat(`${folder}/${name}`);
      assert.equal((mode ?? 0) & 0o777, 0o600);
    }
  }
});

Deno.test("sign-in: the older form has the start URL's file, and no scopes", async () => {
  const old = { ...login, sessionName: undefined, scopes: [] };
  await using bench = await Bench.create([
    { ...token, refreshToken: undefined },
  ], 1);
  await bench.signIn(undefined, old);
  const file = JSON.parse(await bench.file("https://corp/start"));
  assert.equal(file.accessToken, "access");
  assert.equal("refreshToken" in file, false);
  await bench.file(
    '{"region": "eu-west-1", "scopes": null, "session_name": null, ' +
      '"startUrl": "https://corp/start", "tool": "botocore"}',
  );
  assert.deepEqual(bench.registered, [
    [`ssm-client-${start / 1000}`, []],
  ]);
});

Deno.test("sign-in: a registration is used again, but not a forgotten or an old one", async () => {
  await using bench = await Bench.create([token, token, token, token], 1);
  await bench.signIn();
  await bench.signIn();
  assert.equal(bench.registered.length, 1);
  bench.refuseClient = 1;
  await bench.signIn();
  assert.equal(bench.registered.length, 2);
  bench.now += 90 * 86_400_000 - 60_000;
  await bench.signIn();
  assert.equal(bench.registered.length, 3);
});

Deno.test("sign-in: refused, too late by the service's clock and by ours, given up", async () => {
  const failure = async (answers: TokenAnswer[], reason: RegExp) => {
    await using bench = await Bench.create(answers);
    await assert.rejects(bench.signIn(), reason);
    await assert.rejects(bench.file("corp"), Deno.errors.NotFound);
    return bench.sleeps.length;
  };
  await failure(
    [{ kind: "denied" }],
    /^AwsCallError: Cannot sign in: it was refused in the browser$/,
  );
  await failure([{ kind: "expired" }], /time was over before it was confirmed/);
  assert.equal(await failure([], /time was over before it was confirmed/), 12);
  await using bench = await Bench.create([]);
  const controller = new AbortController();
  bench.calls.token = () => {
    controller.abort(new Error("Ctrl-C"));
    return Promise.reject(controller.signal.reason);
  };
  await assert.rejects(bench.signIn(controller.signal), /Ctrl-C/);
});

Deno.test("cache: another session's token under the same name is none, nor is a broken file", async () => {
  await using bench = await Bench.create([token], 1);
  await bench.signIn();
  assert.equal((await bench.cache.token(login))?.accessToken, "access");
  const moved = { ...login, startUrl: "https://other/start" };
  assert.equal(await bench.cache.token(moved), undefined);
  const name = createHash("sha1").update("corp").digest("hex");
  const path = `${bench.folder}/cache/${name}.json`;
  for (const text of ["{", "[]", "null", '{"accessToken": "x"}']) {
    await Deno.writeTextFile(path, text);
    assert.equal(await bench.cache.token(login), undefined, text);
  }
  // Older AWS CLIs.
  await Deno.writeTextFile(
    path,
    '{"accessToken": "x", "expiresAt": "2026-01-01T01:00:00UTC"}',
  );
  assert.equal(
    (await bench.cache.token(login))?.expiresAt,
    start + 3_600_000,
  );
  assert.equal(await bench.cache.remove(login), true);
  assert.equal(await bench.cache.remove(login), false);
});

Deno.test("browser: HTTPS, or loopback, and nothing that is no web page", () => {
  assert.equal(
    browserUrl("https://device.sso.eu-west-1.amazonaws.com/?user_code=A"),
    "https://device.sso.eu-west-1.amazonaws.com/?user_code=A",
  );
  assert.equal(browserUrl("http://127.0.0.1:1/x"), "http://127.0.0.1:1/x");
  for (
    const text of [
      "http://evil.example/",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "-x",
      "",
      "vscode://x",
    ]
  ) assert.throws(() => browserUrl(text), /no address to sign in at/, text);
});
