import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { AwsClients } from "../../lib/aws/client.ts";
import { CredentialSource } from "../../lib/aws/credentials.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { createRequestHandler } from "../../lib/aws/request_handler.ts";
import type { AwsSettings } from "../../lib/aws/settings.ts";
import { AwsHome } from "../testkit/aws_home.ts";
import { assumedRole, FakeAws } from "../testkit/fake_aws.ts";

/** The child's home is not ours, but its module cache is. */
const denoDir: string = JSON.parse(
  new TextDecoder().decode(
    new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .outputSync().stdout,
  ),
).denoDir;

const HOUR = 3_600_000;
const later = (milliseconds = HOUR) => new Date(Date.now() + milliseconds);

/** Credentials by way of the clients, which close what they opened. */
async function withSource<Result>(
  settings: AwsSettings,
  run: (source: CredentialSource) => Promise<Result>,
): Promise<Result> {
  const clients = new AwsClients(settings);
  try {
    return await run(clients.credentials);
  } finally {
    clients.close();
  }
}

const keyOf = (settings: AwsSettings = {}) =>
  withSource(settings, async (source) => (await source.get()).accessKeyId);

async function failure(settings: AwsSettings = {}): Promise<AwsCallError> {
  try {
    await keyOf(settings);
  } catch (error) {
    assert.ok(error instanceof AwsCallError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "There were credentials" });
}

Deno.test("credentials of the environment", async () => {
  await using _home = await AwsHome.create({
    env: {
      AWS_ACCESS_KEY_ID: "AKIDENV",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    },
  });
  const credentials = await withSource({}, (source) => source.get());
  assert.equal(credentials.accessKeyId, "AKIDENV");
  assert.equal(credentials.secretAccessKey, "secret");
  assert.equal(credentials.sessionToken, "token");
});

Deno.test("the environment comes before AWS_PROFILE, and --profile before both", async () => {
  await using _home = await AwsHome.create({
    credentials: "[dev]\naws_access_key_id=AKIDDEV\naws_secret_access_key=s\n",
    env: {
      AWS_PROFILE: "dev",
      AWS_ACCESS_KEY_ID: "AKIDENV",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
  });
  assert.equal(await keyOf(), "AKIDENV");
  assert.equal(await keyOf({ profile: "dev" }), "AKIDDEV");
});

Deno.test("keys of a profile, the default one too", async () => {
  await using _home = await AwsHome.create({
    config: "[profile dev]\naws_access_key_id=AKIDDEV\naws_secret_access_key=s",
    credentials:
      "[default]\naws_access_key_id=AKIDDEFAULT\naws_secret_access_key=s",
  });
  assert.equal(await keyOf(), "AKIDDEFAULT");
  assert.equal(await keyOf({ profile: "dev" }), "AKIDDEV");
});

Deno.test({
  name: "credential_process, and its reason when it fails",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const answer = JSON.stringify({
      Version: 1,
      AccessKeyId: "AKIDPROCESS",
      SecretAccessKey: "s",
      Expiration: later().toISOString(),
    });
    await using _home = await AwsHome.create({
      config: `[profile good]\ncredential_process = printf '%s' '${answer}'\n` +
        "[profile bad]\ncredential_process = echo the-reason >&2; false\n",
    });
    assert.equal(await keyOf({ profile: "good" }), "AKIDPROCESS");
    const error = await failure({ profile: "bad" });
    assert.equal(error.kind, "no-credentials");
    assert.match(error.message, /the profile bad gives none: .*the-reason/);
  },
});

Deno.test("assume-role signs with the source profile, in the profile's region", async () => {
  await using fake = new FakeAws({
    "sts:AssumeRole": () => assumedRole("AssumeRole", "ASIAROLE", later()),
  });
  await using _home = await AwsHome.create({
    config: "[profile base]\naws_access_key_id=AKIDBASE\n" +
      "aws_secret_access_key=s\n" +
      "[profile role]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=base\n" +
      "region=eu-west-2\nrole_session_name=me@home\n",
    env: { AWS_ENDPOINT_URL_STS: fake.endpoint },
  });
  assert.equal(await keyOf({ profile: "role" }), "ASIAROLE");
  const [call] = fake.of("sts:AssumeRole");
  assert.equal(call?.accessKeyId, "AKIDBASE");
  assert.equal(call?.input["RoleSessionName"], "me@home");
  assert.match(call?.headers.get("authorization") ?? "", /\/eu-west-2\/sts\//);
});

const MFA_CONFIG = "[profile base]\naws_access_key_id=AKIDBASE\n" +
  "aws_secret_access_key=s\n" +
  "[profile role]\nregion=eu-west-2\nrole_arn=arn:aws:iam::1:role/r\n" +
  "source_profile=base\nmfa_serial=arn:aws:iam::1:mfa/me\n";

Deno.test("assume-role asks for an MFA code, and not again while it need not", async () => {
  await using fake = new FakeAws({
    "sts:AssumeRole": () => assumedRole("AssumeRole", "ASIAMFA", later()),
  });
  await using _home = await AwsHome.create({
    config: MFA_CONFIG,
    env: { AWS_ENDPOINT_URL_STS: fake.endpoint },
  });
  const asked: string[] = [];
  const handler = await createRequestHandler();
  let now = Date.now();
  const source = new CredentialSource(
    {
      profile: "role",
      mfaCode: (serial) => {
        asked.push(serial);
        return Promise.resolve("123456");
      },
    },
    () => Promise.resolve(handler.handler),
    () => now,
  );
  try {
    assert.equal((await source.get()).accessKeyId, "ASIAMFA");
    now += HOUR / 2;
    await source.refresh();
    await source.get();
    assert.deepEqual(asked, ["arn:aws:iam::1:mfa/me"]);
    await source.refresh({ force: true });
    assert.equal(asked.length, 2);
    const [call] = fake.of("sts:AssumeRole");
    assert.equal(call?.input["TokenCode"], "123456");
    assert.equal(call?.input["SerialNumber"], "arn:aws:iam::1:mfa/me");
  } finally {
    handler.close();
  }
});

Deno.test("MFA without anybody to ask, or with a user who gives up, says so", async () => {
  await using _home = await AwsHome.create({ config: MFA_CONFIG });
  const nobody = await failure({ profile: "role" });
  assert.equal(nobody.kind, "no-credentials");
  assert.match(nobody.message, /the profile role requires an MFA code/);
  const given = new Error("No code was given");
  const error = await failure({
    profile: "role",
    mfaCode: () => Promise.reject(given),
  });
  assert.match(error.message, /No code was given/);
  assert.equal(error.cause, given);
});

Deno.test("STS's refusal keeps its own kind", async () => {
  await using fake = new FakeAws({
    "sts:AssumeRole": () => ({
      error: "AccessDenied",
      message: "User x is not authorized to perform: sts:AssumeRole",
      status: 403,
    }),
  });
  await using _home = await AwsHome.create({
    config: MFA_CONFIG.replace(/mfa_serial.*/, ""),
    env: { AWS_ENDPOINT_URL_STS: fake.endpoint },
  });
  const error = await failure({ profile: "role" });
  assert.equal(error.kind, "access-denied");
  assert.match(error.message, /sts:AssumeRole/);
});

Deno.test("web identity, from the environment and from a profile", async () => {
  await using fake = new FakeAws({
    "sts:AssumeRoleWithWebIdentity": () =>
      assumedRole("AssumeRoleWithWebIdentity", "ASIAWEB", later()),
  });
  await using home = await AwsHome.create({
    env: { AWS_ENDPOINT_URL_STS: fake.endpoint, AWS_REGION: "eu-west-1" },
  });
  const file = await home.write("token", "the-web-token");
  await home.write(
    ".aws/config",
    "[profile web]\nrole_arn=arn:aws:iam::1:role/p\n" +
      `web_identity_token_file=${file}\n`,
  );
  assert.equal(await keyOf({ profile: "web" }), "ASIAWEB");
  Deno.env.set("AWS_WEB_IDENTITY_TOKEN_FILE", file);
  Deno.env.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/e");
  assert.equal(await keyOf(), "ASIAWEB");
  assert.deepEqual(
    fake.requests.map((each) => [
      each.input["RoleArn"],
      each.input["WebIdentityToken"],
    ]),
    [
      ["arn:aws:iam::1:role/p", "the-web-token"],
      ["arn:aws:iam::1:role/e", "the-web-token"],
    ],
  );
});

Deno.test("the container's credentials, with its token", async () => {
  await using fake = new FakeAws({
    "GET /creds": ({ headers }) =>
      headers.get("authorization") === "the-token"
        ? {
          json: {
            AccessKeyId: "ASIAECS",
            SecretAccessKey: "s",
            Token: "t",
            Expiration: later().toISOString(),
          },
        }
        : { text: "no", status: 401 },
  });
  await using _home = await AwsHome.create({
    env: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${fake.endpoint}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "the-token",
    },
  });
  // The SDK asks with node:http, which under Deno 2.6 keeps its connection to the process's end.
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--config",
      fileURLToPath(new URL("../../deno.json", import.meta.url)),
      fileURLToPath(new URL("../testkit/print_access_key.ts", import.meta.url)),
    ],
    env: { DENO_DIR: denoDir, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stdout), "ASIAECS\n", decoder.decode(stderr));
});

Deno.test("the instance's credentials, with IMDSv2", async () => {
  const withToken = (answer: { json: unknown } | { text: string }) =>
  (
    { headers }: { headers: Headers },
  ) =>
    headers.get("x-aws-ec2-metadata-token") === "imds-token"
      ? answer
      : { text: "", status: 401 };
  const path = "GET /latest/meta-data/iam/security-credentials/";
  await using fake = new FakeAws({
    "PUT /latest/api/token": () => ({ text: "imds-token" }),
    [path]: withToken({ text: "node-role" }),
    [`${path}node-role`]: withToken({
      json: {
        Code: "Success",
        AccessKeyId: "ASIAIMDS",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: later().toISOString(),
      },
    }),
  });
  await using _home = await AwsHome.create({
    env: {
      AWS_EC2_METADATA_DISABLED: "false",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: fake.endpoint,
    },
  });
  assert.equal(await keyOf(), "ASIAIMDS");
});

const SSO_CONFIG = "[profile sso]\nsso_session=corp\nsso_account_id=1\n" +
  "sso_role_name=Admin\nregion=eu-west-1\n" +
  "[sso-session corp]\nsso_region=us-east-1\n" +
  "sso_start_url=https://corp.awsapps.com/start\n";

/** Where the AWS CLI keeps the token of a session. */
const tokenFile = (session: string) =>
  `.aws/sso/cache/${createHash("sha1").update(session).digest("hex")}.json`;

function ssoToken(expires: Date, accessToken = "access"): string {
  return JSON.stringify({
    accessToken,
    expiresAt: expires.toISOString(),
    region: "us-east-1",
    startUrl: "https://corp.awsapps.com/start",
  });
}

const roleCredentials = (accessKeyId: string) => ({
  json: {
    roleCredentials: {
      accessKeyId,
      secretAccessKey: "s",
      sessionToken: "t",
      expiration: later().getTime(),
    },
  },
});

Deno.test("SSO, and a renewed login is noticed by a refresh", async () => {
  await using fake = new FakeAws({
    "GET /federation/credentials": ({ headers }) =>
      roleCredentials(`ASIA${headers.get("x-amz-sso_bearer_token")}`),
  });
  await using home = await AwsHome.create({
    config: SSO_CONFIG,
    env: { AWS_ENDPOINT_URL_SSO: fake.endpoint },
  });
  await home.write(tokenFile("corp"), ssoToken(later(), "first"));
  await withSource({ profile: "sso" }, async (source) => {
    assert.equal((await source.get()).accessKeyId, "ASIAfirst");
    await home.write(tokenFile("corp"), ssoToken(later(), "second"));
    assert.equal((await source.get()).accessKeyId, "ASIAfirst");
    await source.refresh({ force: true });
    assert.equal((await source.get()).accessKeyId, "ASIAsecond");
  });
  const [call] = fake.of("GET /federation/credentials");
  assert.equal(call?.url.searchParams.get("role_name"), "Admin");
});

Deno.test("an SSO login that is missing, over or refused says how to log in", async () => {
  await using fake = new FakeAws({
    "GET /federation/credentials": () => ({
      error: "UnauthorizedException",
      message: "Session token not found or invalid",
      status: 401,
    }),
  });
  await using home = await AwsHome.create({
    config: SSO_CONFIG,
    env: { AWS_ENDPOINT_URL_SSO: fake.endpoint },
  });
  const check = async (profile: string | undefined, hint: string) => {
    const error = await failure({ profile });
    assert.equal(error.kind, "expired-credentials", error.message);
    assert.equal(
      error.message,
      `Cannot load credentials: the SSO login of the profile ${
        profile ?? "default"
      } is missing or has expired`,
    );
    assert.deepEqual(error.hints, [hint]);
    assert.equal(error.final, true);
  };
  await check("sso", "ssm login --profile sso");
  await home.write(tokenFile("corp"), ssoToken(later(-HOUR)));
  await check("sso", "ssm login --profile sso");
  await home.write(tokenFile("corp"), ssoToken(later()));
  await check("sso", "ssm login --profile sso");
  await home.write(
    ".aws/config",
    SSO_CONFIG.replace("[profile sso]", "[default]"),
  );
  await check(undefined, "ssm login");
  await home.write(
    ".aws/config",
    "[profile old@one]\n" +
      "sso_start_url=https://c.awsapps.com/start\n" +
      "sso_account_id=1\nsso_role_name=Admin\nsso_region=us-east-1\n",
  );
  await check("old@one", "ssm login --profile old@one");
});

Deno.test("SSO out of reach is a network failure, not the login's end", async () => {
  const gone = new FakeAws();
  await gone[Symbol.asyncDispose]();
  await using home = await AwsHome.create({
    config: SSO_CONFIG,
    env: { AWS_ENDPOINT_URL_SSO: gone.endpoint, AWS_MAX_ATTEMPTS: "1" },
  });
  await home.write(tokenFile("corp"), ssoToken(later()));
  const error = await failure({ profile: "sso" });
  assert.equal(error.kind, "network", error.message);
  assert.equal(error.final, false);
});

Deno.test("no credentials anywhere: the error lists where they could be", async () => {
  await using _home = await AwsHome.create();
  const error = await failure();
  assert.equal(error.kind, "no-credentials");
  assert.match(error.message, /the environment, nor the profile default/);
  assert.deepEqual(error.hints, ["aws configure", "aws configure sso"]);
});

Deno.test("no credentials, but a profile that signs in: the hint is that", async () => {
  await using _home = await AwsHome.create({ config: SSO_CONFIG });
  const error = await failure();
  assert.equal(error.kind, "no-credentials");
  assert.equal(error.hints[0], "ssm login --profile sso");
});

Deno.test("an unknown profile is named by the credentials too", async () => {
  await using _home = await AwsHome.create();
  const error = await failure({ profile: "gone" });
  assert.equal(error.kind, "unknown-profile");
  assert.match(error.message, /"gone"/);
});

Deno.test({
  name:
    "credentials are remembered, renewed before they expire, and kept while nothing better is to be had",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using home = await AwsHome.create({
      config:
        "[default]\ncredential_process = cat ~/next.json; echo x >> ~/asked\n",
    });
    const start = Date.now();
    let now = start;
    const give = (key: string, expires: number) =>
      home.write(
        "next.json",
        JSON.stringify({
          Version: 1,
          AccessKeyId: key,
          SecretAccessKey: "s",
          Expiration: new Date(expires).toISOString(),
        }),
      );
    const asked = async () =>
      (await Deno.readTextFile(`${home.path}/asked`)).length / 2;
    // Opened for STS and SSO; nothing goes through it here.
    const handler = await createRequestHandler();
    handler.close();
    const source = new CredentialSource(
      {},
      () => Promise.resolve(handler.handler),
      () => now,
    );
    const key = async () => (await source.get()).accessKeyId;

    await give("ONE", start + HOUR);
    assert.deepEqual(await Promise.all([key(), key(), key()]), [
      "ONE",
      "ONE",
      "ONE",
    ]);
    await give("TWO", start + 2 * HOUR);
    assert.equal(await key(), "ONE");
    assert.equal(await asked(), 1);
    // A reconnect storm asks no more often than every ten seconds.
    now = start + 5_000;
    assert.equal((await source.refresh()).accessKeyId, "ONE");
    now = start + 20_000;
    assert.equal((await source.refresh()).accessKeyId, "TWO");
    await give("THREE", start + 3 * HOUR);
    // More, then less, than five minutes before the end of TWO.
    now = start + 2 * HOUR - 5 * 60_000 - 1;
    assert.equal(await key(), "TWO");
    now = start + 2 * HOUR - 5 * 60_000;
    assert.equal(await key(), "THREE");
    await home.write("next.json", "nothing of use");
    now = start + 3 * HOUR - 1;
    assert.equal(await key(), "THREE");
    assert.equal((await source.refresh()).accessKeyId, "THREE");
    await assert.rejects(source.refresh({ force: true }), AwsCallError);
    now = start + 3 * HOUR;
    await assert.rejects(key(), AwsCallError);
    await give("LATE", now - 1);
    await assert.rejects(
      key(),
      (error: unknown) =>
        error instanceof AwsCallError && error.kind === "expired-credentials",
    );
    await give("FOUR", start + 9 * HOUR);
    assert.equal(await key(), "FOUR");
  },
});

Deno.test("keys edited in the file during a session count at the next refresh", async () => {
  const file = (key: string) =>
    `[default]\naws_access_key_id=${key}\naws_secret_access_key=s\n`;
  await using home = await AwsHome.create({ credentials: file("OLD") });
  await withSource({}, async (source) => {
    assert.equal((await source.get()).accessKeyId, "OLD");
    await home.write(".aws/credentials", file("NEW"));
    assert.equal((await source.get()).accessKeyId, "OLD");
    assert.equal(
      (await source.refresh({ force: true })).accessKeyId,
      "NEW",
    );
  });
});
