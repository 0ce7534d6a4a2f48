import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { UpgradeRefusedError } from "../../lib/session/transport.ts";
import { ConfigHome } from "../testkit/config_home.ts";
import { diagnosisOf, TestContext } from "../testkit/context.ts";

async function hintsOf(
  args: readonly string[],
  arrange: (context: TestContext) => void,
): Promise<readonly string[]> {
  const context = new TestContext();
  arrange(context);
  assert.equal(await runCommandLine(args, context), 125);
  return context.terminal.errorText.split("\n")
    .filter((line) => line.startsWith("hint: "))
    .map((line) => line.slice("hint: ".length));
}

const denied = new AwsCallError({
  action: "ssm:StartSession",
  code: "AccessDeniedException",
  kind: "access-denied",
  reason: "access to ssm:StartSession is denied",
});

Deno.test("next steps: a denied action is explained, without what may be a secret", async () => {
  const fails = (context: TestContext) => {
    context.onStart = () => Promise.reject(denied);
  };
  for (
    const [args, hint] of [
      [
        ["shell", "web server", "--profile", "prod", "--reason", "s3cret"],
        "ssm shell --explain 'web server' --profile prod",
      ],
      [
        ["exec", "web", "--env", "TOKEN=s3cret", "--", "deploy", "s3cret"],
        "ssm exec --explain web",
      ],
      [
        ["shell", "web", "--document-name", "Mine", "--region=eu-west-1"],
        "ssm shell --explain web --document-name Mine --region eu-west-1",
      ],
    ] as const
  ) assert.deepEqual(await hintsOf(args, fails), [hint]);
});

Deno.test("next steps: a refused WebSocket is the doctor's", async () => {
  assert.deepEqual(
    await hintsOf(["shell", "web", "--region", "eu-west-1"], (context) => {
      context.onShell = () =>
        Promise.reject(new UpgradeRefusedError(426, {}, ""));
    }),
    ["ssm doctor --region eu-west-1"],
  );
});

Deno.test("next steps: so is a service that is not reached", async () => {
  assert.deepEqual(
    await hintsOf(["shell", "web", "--profile=prod"], (context) => {
      context.onStart = () =>
        Promise.reject(
          new AwsCallError({
            action: "ssm:StartSession",
            code: "NetworkError",
            kind: "network",
            reason: "cannot reach ssm.eu-west-1.amazonaws.com",
          }),
        );
    }),
    ["ssm doctor --profile prod"],
  );
});

const offline = new AwsCallError({
  action: "ssm:StartSession",
  code: "TargetNotConnected",
  kind: "not-connected",
  reason: "not connected",
});
const id = "i-0123456789abcdef0";

Deno.test("next steps: a node that is not connected comes with what helps", async () => {
  assert.deepEqual(
    await hintsOf(["shell", "web", "--profile", "prod"], (context) => {
      context.onStart = () => Promise.reject(offline);
      context.onDiagnose = (id) =>
        Promise.resolve(diagnosisOf(id, "the instance is stopped", {
          verdict: "not-running",
          ec2State: "stopped",
        }));
    }),
    [
      `aws ec2 start-instances --instance-ids ${id} --profile prod`,
      `ssm doctor ${id} --profile prod`,
    ],
  );
});

Deno.test("next steps: a node in another region is found there", async () => {
  const context = new TestContext();
  context.onStart = () => Promise.reject(offline);
  context.onDiagnose = (id) =>
    Promise.resolve({
      ...diagnosisOf(id, "this account and region have no such node"),
      region: "us-east-1",
      elsewhere: ["eu-west-1"],
    });
  assert.equal(
    await runCommandLine(["shell", id, "--reason", "x y"], context),
    125,
  );
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot find i-\w+: it is not in us-east-1, but found in eu-west-1\nhint: ssm shell i-\w+ --region eu-west-1\n$/m,
  );
});

Deno.test("an error about an alias's node says whose alias it is", async () => {
  await using home = await ConfigHome.create(
    '{ "aliases": { "db": "i-0123456789abcdef0" } }',
  );
  const errorOf = async (target: string) => {
    const context = new TestContext();
    home.useIn(context);
    context.onStart = () =>
      Promise.reject(
        new AwsCallError({
          action: "ssm:StartSession",
          code: "X",
          kind: "invalid",
          reason: "i-0123456789abcdef0 is no good",
        }),
      );
    assert.equal(await runCommandLine(["shell", target], context), 125);
    return context.terminal.errorText;
  };
  assert.match(
    await errorOf("db"),
    /no good\n {2}db is your alias for i-0123456789abcdef0; name:db is the node of that name\n/,
  );
  assert.doesNotMatch(await errorOf("i-0123456789abcdef0"), /alias/);
});
