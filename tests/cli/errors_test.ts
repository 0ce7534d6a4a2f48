import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import {
  type FakeAnswer,
  FakeAws,
  type FakeHandler,
  instances,
} from "../testkit/fake_aws.ts";

const node = "i-0123456789abcdef0";
const keys = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX",
  AWS_SECRET_ACCESS_KEY: "secret",
};

/** `ssm shell TARGET` against a scripted AWS; what it says must be an error of before a session. */
async function shellFails(
  aws: FakeAws,
  target: string,
  options: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(
    ["shell", target, ...options.args ?? []],
    { env: { ...keys, AWS_ENDPOINT_URL: aws.endpoint, ...options.env } },
  );
  assert.deepEqual([code, stdout], [125, ""], stderr);
  assert.doesNotMatch(stderr, /at async|\.ts:|secret/);
  return stderr;
}

/** AWS's own words (IAM user guide, "access denied error messages"). */
function denied(action: string): FakeAnswer {
  return {
    error: "AccessDeniedException",
    message: `User: arn:aws:iam::123456789012:user/me is not authorized to ` +
      `perform: ${action} because no identity-based policy allows the action`,
  };
}

Deno.test("cli: a denied call names its action", async () => {
  const none: FakeHandler = () => ({ json: { InstanceInformationList: [] } });
  for (
    const [target, action, handlers] of [
      [node, "ssm:StartSession", {
        "ssm:StartSession": () => denied("ssm:StartSession"),
      }],
      ["web", "ssm:DescribeInstanceInformation", {
        "ssm:DescribeInstanceInformation": () =>
          denied("ssm:DescribeInstanceInformation"),
        "ec2:DescribeInstances": () => ({
          error: "UnauthorizedOperation",
          message: "You are not authorized to perform this operation",
          status: 403,
        }),
      }],
      ["web", "ec2:DescribeInstances", {
        "ssm:DescribeInstanceInformation": none,
        "ec2:DescribeInstances": () => ({
          error: "UnauthorizedOperation",
          message: "You are not authorized to perform this operation",
          status: 403,
        }),
      }],
    ] as const
  ) {
    await using aws = new FakeAws(handlers);
    const text = await shellFails(aws, target);
    assert.match(text, new RegExp(`^ssm: Cannot .*${action}`), text);
  }
});

Deno.test("cli: an expired SSO login says how to log in", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/config`;
    await Deno.writeTextFile(
      file,
      "[profile team]\nregion=eu-central-1\nsso_session=corp\n" +
        "sso_account_id=1\nsso_role_name=Admin\n[sso-session corp]\n" +
        "sso_region=us-east-1\nsso_start_url=https://c.awsapps.com/start\n",
    );
    const { code, stdout, stderr } = await runProgram(
      ["shell", node, "--profile", "team"],
      { env: { AWS_CONFIG_FILE: file } },
    );
    assert.deepEqual([code, stdout], [125, ""]);
    assert.equal(
      stderr,
      "ssm: Cannot load credentials: the SSO login of the profile team is " +
        "missing or has expired\nhint: ssm login --profile team\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What Session Manager and EC2 say about a node, and what is made of it. */
const disconnected: readonly [string, RegExp, FakeHandler, FakeHandler][] = [
  [
    "stopped",
    /is not connected: the instance is stopped\n/,
    () => ({ json: { InstanceInformationList: [] } }),
    () => instances({ id: node, state: "stopped" }),
  ],
  [
    "offline",
    /is not connected: the agent is offline since 2026-11-20T08:30:00\.000Z\n/,
    () => ({
      json: {
        InstanceInformationList: [{
          InstanceId: node,
          PingStatus: "ConnectionLost",
          LastPingDateTime: Date.UTC(2026, 10, 20, 8, 30) / 1000,
        }],
      },
    }),
    () => instances({ id: node, state: "running", profile: "arn:p" }),
  ],
  [
    "never registered",
    /never registered .*; the instance has no instance profile\n/,
    () => ({ json: { InstanceInformationList: [] } }),
    () => instances({ id: node, state: "running" }),
  ],
  [
    "offline, EC2 not permitted",
    /is not connected: the agent is offline since 2026-/,
    () => ({
      json: {
        InstanceInformationList: [{
          InstanceId: node,
          PingStatus: "ConnectionLost",
          LastPingDateTime: Date.UTC(2026, 10, 20) / 1000,
        }],
      },
    }),
    () => ({ error: "UnauthorizedOperation", status: 403 }),
  ],
  [
    "nothing permitted",
    /ssm:DescribeInstanceInformation and ec2:DescribeInstances could not be asked/,
    () => ({ error: "AccessDeniedException" }),
    () => ({ error: "UnauthorizedOperation", status: 403 }),
  ],
];

for (const [what, text, information, ec2] of disconnected) {
  Deno.test(`cli: a node that is not connected: ${what}`, async () => {
    await using aws = new FakeAws({
      "ssm:StartSession": () => ({
        error: "TargetNotConnected",
        message: `${node} is not connected.`,
      }),
      "ssm:DescribeInstanceInformation": information,
      "ec2:DescribeInstances": ec2,
    });
    const stderr = await shellFails(aws, node);
    assert.match(stderr, text);
    assert.match(
      stderr,
      /\nhint: ssm doctor i-0123456789abcdef0\n$/,
    );
  });
}

/** An AWS whose sessions lead to a server that answers the upgrade with a status. */
function refusing(status: number, streamUrl?: string): FakeAws {
  const aws: FakeAws = new FakeAws({
    "ssm:StartSession": () => ({
      json: {
        SessionId: "me-0123456789abcdef0",
        TokenValue: "secret-token",
        StreamUrl: streamUrl ?? aws.endpoint.replace("http:", "ws:") + "/data",
      },
    }),
    "ssm:TerminateSession": () => ({ json: {} }),
    "GET /data": () => ({ text: "no\x1b[2Jthanks", status }),
  });
  return aws;
}

Deno.test("cli: a refused upgrade shows the status and what it means, and ends the session", async () => {
  for (
    const [status, meaning] of [
      [403, "403: the signature or the session's token is not accepted"],
      [410, "410: the session is over"],
      [407, "407: the proxy wants a password"],
      [302, "302: something on the way redirects"],
    ] as const
  ) {
    await using aws = refusing(status);
    const stderr = await shellFails(aws, node);
    assert.ok(
      stderr.includes(`server answered the upgrade with status ${status}\n`),
      stderr,
    );
    assert.ok(stderr.includes(`\n  ${meaning}`), stderr);
    assert.ok(
      stderr.includes("\n  the server says: no\\x1b[2Jthanks\n"),
      stderr,
    );
    assert.deepEqual(aws.of("ssm:TerminateSession").map((each) => each.input), [
      { SessionId: "me-0123456789abcdef0" },
    ]);
  }
});

Deno.test("cli: a session at a foreign host is ended, and the host named with what allows it", async () => {
  await using aws = refusing(404, "wss://ssm.evil.example/v1/data-channel/x");
  const stderr = await shellFails(aws, node);
  assert.match(
    stderr,
    /host ssm\.evil\.example is no Session Manager endpoint/,
  );
  assert.match(stderr, /\nhint: export SSM_STREAM_HOST=ssm\.evil\.example\n$/);
  assert.equal(aws.of("ssm:TerminateSession").length, 1);
});

Deno.test("cli: a session that is refused by the service gives its words", async () => {
  await using aws = new FakeAws({
    "ssm:StartSession": () => ({
      error: "InvalidDocument",
      message: "Document with name \x1b[31mDoc does not exist.",
    }),
  });
  const text = await shellFails(aws, node, {
    args: ["--document-name", "Doc"],
  });
  assert.equal(
    text,
    "ssm: Cannot start session: InvalidDocument: Document with name \\x1b[31mDoc does not exist\n",
  );
});
