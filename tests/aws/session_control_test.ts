import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import type { Signature } from "../../lib/aws/session_control.ts";
import { StreamUrlError } from "../../lib/aws/stream_url.ts";
import {
  ControlError,
  type SessionControl,
} from "../../lib/session/control.ts";
import {
  type Transport,
  TransportError,
  type TransportRequest,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import {
  AwsHome,
  type AwsHomeOptions,
  PLAIN_ENVIRONMENT,
} from "../testkit/aws_home.ts";
import { FakeAws, type FakeHandler } from "../testkit/fake_aws.ts";

const URL_1 =
  "wss://ssmmessages.eu-central-1.amazonaws.com/v1/data-channel/me-1?role=publish_subscribe";

const transport: Transport = {
  check() {},
  canAsk: true,
  send: () => {},
  sendText: () => {},
  buffered: 0,
  drained: () => Promise.resolve(),
  read: () => Promise.resolve(undefined),
  closed: new Promise(() => {}),
  close: () => Promise.resolve(),
};

interface Scene {
  readonly control: SessionControl;
  readonly fake: FakeAws;
  readonly home: AwsHome;
  /** The upgrades asked for. */
  readonly opened: TransportRequest[];
  readonly notices: string[];
}

async function scene(
  handlers: Record<string, FakeHandler>,
  run: (scene: Scene) => Promise<void>,
  options: {
    readonly home?: AwsHomeOptions;
    readonly profile?: string;
    readonly streamHosts?: readonly string[];
    readonly open?: (request: TransportRequest) => Promise<Transport>;
    readonly signature?: Signature;
  } = {},
): Promise<void> {
  await using fake = new FakeAws(handlers);
  const env = { AWS_MAX_ATTEMPTS: "1" };
  await using home = await AwsHome.create({
    ...options.home,
    env: {
      ...env,
      ...(options.home === undefined ? PLAIN_ENVIRONMENT : {}),
      ...options.home?.env,
    },
  });
  using aws = new Aws({
    endpointUrl: fake.endpoint,
    profile: options.profile,
  });
  const opened: TransportRequest[] = [];
  const notices: string[] = [];
  const control = aws.sessionControl({
    sessionId: "me-1",
    target: "i-0123456789abcdef0",
    openTransport: (request) => {
      opened.push(request);
      return options.open?.(request) ?? Promise.resolve(transport);
    },
    streamHosts: options.streamHosts ?? [],
    notice: (message) => notices.push(message),
    signature: options.signature,
  });
  await run({ control, fake, home, opened, notices });
}

const refused = (status: number) =>
  new UpgradeRefusedError(status, {}, "<no/>");

async function controlError(run: Promise<unknown>): Promise<ControlError> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof ControlError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "It did not fail" });
}

Deno.test("open signs the upgrade for ssmmessages in the session's region, anew each time", () =>
  scene({}, async ({ control, opened }) => {
    assert.equal(await control.open(URL_1), transport);
    const controller = new AbortController();
    await control.open(URL_1, controller.signal);
    assert.equal(opened.length, 2);
    assert.equal(opened[0]?.url, URL_1);
    assert.deepEqual(Object.keys(opened[0]?.headers ?? {}), [
      "Authorization",
      "X-Amz-Date",
    ]);
    assert.match(
      opened[0]?.headers["Authorization"] ?? "",
      /Credential=AKIDENVIRONMENT\/\d{8}\/eu-central-1\/ssmmessages\/aws4_request/,
    );
    assert.equal(opened[1]?.signal, controller.signal);
  }));

Deno.test("open refuses a host that is not Session Manager's before anything is sent", () =>
  scene({}, async ({ control, opened }) => {
    await assert.rejects(control.open("wss://evil.example/x"), StreamUrlError);
    assert.equal(opened.length, 0);
  }));

Deno.test("open goes to a host the user named", () =>
  scene({}, async ({ control, opened }) => {
    await control.open("wss://gate.example/x");
    assert.equal(opened.length, 1);
  }, { streamHosts: ["gate.example"] }));

Deno.test("a presigned URL is not signed again, and cannot be resumed", () =>
  scene({}, async ({ control, opened, fake }) => {
    await control.open(`${URL_1}&X-Amz-Signature=abc`);
    assert.deepEqual(opened[0]?.headers, {});
    const error = await controlError(control.resume());
    assert.equal(error.final, true);
    assert.match(error.message, /presigned/);
    assert.equal(fake.requests.length, 0);
  }));

Deno.test("after a 403 the upgrade is tried once without a signature, and that is said", () =>
  scene({}, async ({ control, opened, notices }) => {
    assert.equal(await control.open(URL_1), transport);
    assert.deepEqual(
      opened.map((each) => Object.keys(each.headers).length > 0),
      [true, false],
    );
    assert.equal(notices.length, 1);
    assert.match(notices[0]!, /ssmmessages:OpenDataChannel/);
  }, {
    open: ({ headers }) =>
      headers["Authorization"] === undefined
        ? Promise.resolve(transport)
        : Promise.reject(refused(403)),
  }));

Deno.test("when both are refused the signed one's answer is told", () =>
  scene({}, async ({ control, opened, notices }) => {
    await assert.rejects(
      control.open(URL_1),
      (error: unknown) =>
        error instanceof UpgradeRefusedError && error.status === 403,
    );
    assert.equal(opened.length, 2);
    assert.deepEqual(notices, []);
  }, {
    open: ({ headers }) =>
      Promise.reject(
        refused(headers["Authorization"] === undefined ? 400 : 403),
      ),
  }));

Deno.test("any other failure of the upgrade is the caller's", async () => {
  for (const error of [refused(400), refused(0), new TransportError("lost")]) {
    await scene({}, async ({ control, opened }) => {
      await assert.rejects(
        control.open(URL_1),
        (thrown: unknown) => thrown === error,
      );
      assert.equal(opened.length, 1);
    }, { open: () => Promise.reject(error) });
  }
});

const resumed = (extra: Record<string, string> = {}) => () => ({
  json: { SessionId: "me-1", TokenValue: "second", ...extra },
});

Deno.test("resume gives the new token and URL, or keeps the old URL", async () => {
  const other = URL_1.replace("me-1", "me-2");
  await scene(
    { "ssm:ResumeSession": resumed({ StreamUrl: other }) },
    async ({ control }) => {
      await control.open(URL_1);
      assert.deepEqual(await control.resume(), {
        sessionId: "me-1",
        tokenValue: "second",
        streamUrl: other,
      });
    },
  );
  await scene({ "ssm:ResumeSession": resumed() }, async ({ control }) => {
    await control.open(URL_1);
    assert.equal((await control.resume())?.streamUrl, URL_1);
  });
});

Deno.test("resume without a token means that the session has timed out", () =>
  scene(
    { "ssm:ResumeSession": () => ({ json: { SessionId: "me-1" } }) },
    async ({ control }) => {
      assert.equal(await control.resume(), undefined);
    },
  ));

Deno.test("resume that points elsewhere is final", () =>
  scene(
    { "ssm:ResumeSession": resumed({ StreamUrl: "wss://evil.example/x" }) },
    async ({ control }) => {
      const error = await controlError(control.resume());
      assert.equal(error.final, true);
      assert.match(error.message, /^Cannot resume session: .*evil\.example/);
    },
  ));

Deno.test("resume uses credentials newly read", async () => {
  const file = (key: string) =>
    `[default]\naws_access_key_id=${key}\naws_secret_access_key=s\n`;
  await scene({
    "ssm:ResumeSession": ({ accessKeyId }) =>
      accessKeyId === "NEW"
        ? resumed({ StreamUrl: URL_1 })()
        : { error: "ExpiredTokenException", message: "expired" },
  }, async ({ control, opened, home }) => {
    await control.open(URL_1);
    await home.write(".aws/credentials", file("NEW"));
    assert.equal((await control.resume())?.tokenValue, "second");
    await control.open(URL_1);
    assert.match(opened[0]?.headers["Authorization"] ?? "", /=OLD\//);
    assert.match(opened[1]?.headers["Authorization"] ?? "", /=NEW\//);
  }, {
    home: {
      credentials: file("OLD"),
      env: { AWS_REGION: "eu-central-1" },
    },
  });
});

/** data-channel.md §8.3 step 3. */
const RESUME_ERRORS: readonly [string, number, boolean][] = [
  ["DoesNotExistException", 400, true],
  ["AccessDeniedException", 400, true],
  ["TargetNotConnected", 400, true],
  ["ValidationException", 400, true],
  ["ExpiredTokenException", 400, true],
  ["UnrecognizedClientException", 400, true],
  ["ThrottlingException", 400, false],
  ["InternalServerError", 500, false],
  ["ServiceUnavailable", 503, false],
  ["SomethingNew", 400, false],
];

for (const [code, status, final] of RESUME_ERRORS) {
  Deno.test(`resume: ${code} is ${final ? "final" : "to be tried again"}`, () =>
    scene({
      "ssm:ResumeSession": () => ({ error: code, message: "said", status }),
    }, async ({ control }) => {
      const error = await controlError(control.resume());
      assert.equal(error.final, final);
      assert.match(error.message, /^Cannot resume session: .*said/);
      assert.ok(error.cause instanceof AwsCallError);
    }));
}

Deno.test("resume: a lost network is to be tried again", () =>
  scene({}, async ({ control, fake }) => {
    await fake[Symbol.asyncDispose]();
    const error = await controlError(control.resume());
    assert.equal(error.final, false);
    assert.match(error.message, /^Cannot resume session: cannot reach /);
  }));

Deno.test("resume with an expired SSO login says how to log in", () =>
  scene({}, async ({ control }) => {
    const error = await controlError(control.resume());
    assert.equal(error.final, true);
    assert.equal(
      error.message,
      "Cannot load credentials: the SSO login of the profile sso is missing " +
        "or has expired",
    );
    assert.ok(error.cause instanceof AwsCallError);
    assert.deepEqual(error.cause.hints, ["ssm login --profile sso"]);
    // Of these two only the message travels on, as a warning and to the agent's handshake.
    for (const call of [control.terminate(), control.dataKey("k", "c")]) {
      assert.match(
        (await controlError(call)).message,
        / \(renew it with: ssm login --profile sso\)$/,
      );
    }
  }, {
    profile: "sso",
    home: {
      config: "[profile sso]\nregion=eu-central-1\nsso_session=corp\n" +
        "sso_account_id=1\nsso_role_name=Admin\n[sso-session corp]\n" +
        "sso_region=us-east-1\nsso_start_url=https://c.awsapps.com/start\n",
    },
  }));

Deno.test("terminate ends the session, and one that is gone is no failure", async () => {
  let gone = false;
  await scene({
    "ssm:TerminateSession": () =>
      gone
        ? { error: "DoesNotExistException" }
        : { json: { SessionId: "me-1" } },
  }, async ({ control, fake }) => {
    await control.terminate();
    gone = true;
    await control.terminate();
    assert.deepEqual(fake.requests.map((each) => each.input), [
      { SessionId: "me-1" },
      { SessionId: "me-1" },
    ]);
  });
  await scene({
    "ssm:TerminateSession": () => ({ error: "AccessDeniedException" }),
  }, async ({ control }) => {
    const error = await controlError(control.terminate());
    assert.match(
      error.message,
      /^Cannot terminate session: .*ssm:TerminateSession/,
    );
  });
});

const dataKey = () => ({
  json: {
    KeyId: "k",
    Plaintext: new Uint8Array(64).toBase64(),
    CiphertextBlob: "AQID",
  },
});

const CONTEXT = {
  "aws:ssm:SessionId": "me-1",
  "aws:ssm:TargetId": "i-0123456789abcdef0",
};

Deno.test("the data key's context names session and target, and the challenge as it came", () =>
  scene({ "kms:GenerateDataKey": dataKey }, async ({ control, fake }) => {
    const plain = await control.dataKey("alias/k", undefined);
    assert.equal(plain.challengeAcknowledged, false);
    assert.equal(plain.plaintext.length, 64);
    assert.deepEqual([...plain.ciphertextBlob], [1, 2, 3]);
    const challenged = await control.dataKey("alias/k", "q83v+/==");
    assert.equal(challenged.challengeAcknowledged, true);
    assert.deepEqual(
      fake.requests.map((each) => each.input["EncryptionContext"]),
      [CONTEXT, { ...CONTEXT, "aws:ssm:RandomChallenge": "q83v+/==" }],
    );
  }));

Deno.test("a key policy that refuses the challenge gets the context without it, once", async () => {
  await scene({
    "kms:GenerateDataKey": ({ input }) =>
      Object.hasOwn(
          input["EncryptionContext"] as object,
          "aws:ssm:RandomChallenge",
        )
        ? { error: "AccessDeniedException", message: "policy" }
        : dataKey(),
  }, async ({ control, fake }) => {
    const key = await control.dataKey("alias/k", "q83v");
    assert.equal(key.challengeAcknowledged, false);
    assert.equal(fake.requests.length, 2);
  });
  await scene({
    "kms:GenerateDataKey": () => ({
      error: "AccessDeniedException",
      message: "policy",
    }),
  }, async ({ control, fake }) => {
    const error = await controlError(control.dataKey("alias/k", "q83v"));
    assert.equal(error.final, true);
    assert.match(error.message, /kms:GenerateDataKey is denied: policy$/);
    assert.equal(fake.requests.length, 2);
  });
});

Deno.test("another failure of KMS is not tried without the challenge", () =>
  scene({
    "kms:GenerateDataKey": () => ({ error: "DisabledException" }),
  }, async ({ control, fake }) => {
    await controlError(control.dataKey("alias/k", "q83v"));
    assert.equal(fake.requests.length, 1);
  }));

Deno.test("no message holds a token, a key or a signature", () =>
  scene({
    "ssm:ResumeSession": resumed({ StreamUrl: "wss://evil.example/?t=second" }),
  }, async ({ control }) => {
    const error = await controlError(control.resume());
    assert.doesNotMatch(Deno.inspect(error, { depth: 10 }), /second/);
  }));

Deno.test("a user who leaves does not wait for credentials", async () => {
  const asked = Promise.withResolvers<void>();
  await using home = await AwsHome.create({
    config:
      "[profile role]\nregion=eu-west-2\nrole_arn=arn:aws:iam::1:role/r\n" +
      "source_profile=role\naws_access_key_id=A\naws_secret_access_key=s\n" +
      "mfa_serial=arn:aws:iam::1:mfa/me\n",
  });
  assert.ok(home.path);
  using aws = new Aws({
    profile: "role",
    mfaCode: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const control = aws.sessionControl({
    sessionId: "me-1",
    target: "i-0123456789abcdef0",
    openTransport: () => Promise.resolve(transport),
    streamHosts: [],
    notice: () => {},
  });
  const controller = new AbortController();
  const reason = new Error("the user left");
  const resuming = control.resume(controller.signal);
  const opening = control.open(URL_1, controller.signal);
  await asked.promise;
  controller.abort(reason);
  for (const call of [resuming, opening]) {
    await assert.rejects(call, (error: unknown) => error === reason);
  }
});

Deno.test("a session of others is opened without a signature where there are no credentials", async () => {
  await scene({}, async ({ control, opened, notices }) => {
    await control.open(URL_1);
    assert.deepEqual(opened.map(({ headers }) => headers), [{}]);
    assert.equal(notices.length, 1);
    assert.match(
      notices[0]!,
      /^Cannot sign WebSocket upgrade: .*; connected without a signature$/,
    );
  }, {
    home: {
      env: { AWS_REGION: "eu-central-1", AWS_EC2_METADATA_DISABLED: "true" },
    },
    signature: "if possible",
  });
  await scene({}, async ({ control, opened, notices }) => {
    await control.open(URL_1);
    assert.ok("Authorization" in opened[0]!.headers);
    assert.deepEqual(notices, []);
  }, { signature: "if possible" });
  await scene({}, async ({ control, opened }) => {
    await control.open(URL_1);
    assert.deepEqual(opened.map(({ headers }) => headers), [{}]);
  }, { signature: "none" });
});
