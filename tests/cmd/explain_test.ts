import assert from "node:assert/strict";
import type { Command, RouteMap } from "@stricli/core";
import { root } from "../../cmd/commands.ts";
import type { CommandWorld } from "../../cmd/context.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import { plannedCommands } from "../../lib/aws/permissions.ts";
import { AwsHome } from "../testkit/aws_home.ts";
import { TestContext } from "../testkit/context.ts";

/** Every command with the words that lead to it. */
function* commands(
  routes: RouteMap<CommandWorld>,
  path: readonly string[] = [],
): Generator<[path: string, command: Command<CommandWorld>]> {
  for (const { name, target } of routes.getAllEntries()) {
    const next = [...path, name["convert-camel-to-kebab"]];
    if ("parameters" in target) yield [next.join(" "), target];
    else yield* commands(target, next);
  }
}

async function explain(...args: string[]) {
  const context = new TestContext();
  const code = await runCommandLine(args, context);
  const { outputText: out, errorText: err } = context.terminal;
  // Nothing is called, nothing is started.
  assert.deepEqual(context.connections, []);
  assert.deepEqual(context.children, []);
  return { code, out, err };
}

interface Explanation {
  readonly region: string;
  readonly account: string;
  readonly calls: readonly { readonly action: string; readonly need: string }[];
  readonly policy: {
    readonly Statement: readonly {
      readonly Sid: string;
      readonly Action: readonly string[];
      readonly Resource: readonly string[];
      readonly Condition?: unknown;
    }[];
  };
}

async function explained(
  command: string,
  ...args: string[]
): Promise<Explanation> {
  const { code, out, err } = await explain(
    command,
    "--output",
    "json",
    ...args,
  );
  assert.deepEqual([code, err], [0, ""]);
  return JSON.parse(out);
}

function statement({ policy }: Explanation, action: string, at = 0) {
  return policy.Statement.filter(({ Action }) => Action.includes(action))[at];
}

Deno.test("explain: every command that calls AWS is in the table", () => {
  for (const [path, { parameters }] of commands(root)) {
    const { explain } = parameters.flags ?? {};
    if (explain === undefined) continue;
    assert(plannedCommands.includes(path), path);
  }
});

Deno.test("explain: an id is named by its ARN, in the region and account that are known", async () => {
  await using _home = await AwsHome.create({
    config:
      "[profile prod]\nregion = eu-west-1\nsso_account_id = 123456789012\n" +
      "sso_role_name = Ops\nsso_session = corp\n[sso-session corp]\n" +
      "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n",
  });
  const found = await explained(
    "shell",
    "i-0123456789abcdef0",
    "--profile",
    "prod",
    "--explain",
  );
  assert.deepEqual([found.region, found.account], [
    "eu-west-1",
    "123456789012",
  ]);
  assert.deepEqual(
    [0, 1].map((at) => statement(found, "ssm:StartSession", at)?.Resource),
    [
      ["arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"],
      [
        "arn:aws:ssm:eu-west-1:123456789012:document/SSM-SessionManagerRunShell",
      ],
    ],
  );
  assert.deepEqual(statement(found, "ssm:TerminateSession"), {
    Sid: "OpenDataChannel",
    Effect: "Allow",
    Action: [
      "ssm:ResumeSession",
      "ssm:TerminateSession",
      "ssmmessages:OpenDataChannel",
    ],
    Resource: ["arn:aws:ssm:*:*:session/${aws:userid}-*"],
  });
  assert.equal(statement(found, "ssm:DescribeInstanceInformation"), undefined);
});

Deno.test("explain: a name becomes a condition on the node's tag", async () => {
  await using _home = await AwsHome.create({
    env: { AWS_REGION: "us-gov-west-1" },
  });
  for (
    const [target, condition] of [
      ["web-server", { "ssm:resourceTag/Name": "web-server" }],
      ["tag:role=web", { "ssm:resourceTag/role": "web" }],
    ] as const
  ) {
    const found = await explained("shell", target, "--explain");
    const start = statement(found, "ssm:StartSession");
    assert.deepEqual(start?.Resource, [
      "arn:aws-us-gov:ec2:us-gov-west-1:*:instance/*",
      "arn:aws-us-gov:ssm:us-gov-west-1:*:managed-instance/*",
    ]);
    assert.deepEqual(start?.Condition, { StringEquals: condition });
    assert.notEqual(
      statement(found, "ssm:DescribeInstanceInformation"),
      undefined,
    );
  }
});

Deno.test("explain: in several places region and account are any", async () => {
  await using _home = await AwsHome.create({
    config: "[profile a]\nregion = eu-west-1\nsso_account_id = 123456789012\n" +
      "[profile b]\nregion = eu-north-1\n",
  });
  const place = async (...flags: string[]) => {
    const { region, account } = await explained(
      "shell",
      "web",
      "--explain",
      ...flags,
    );
    return [region, account];
  };
  assert.deepEqual(await place("--profile", "a"), [
    "eu-west-1",
    "123456789012",
  ]);
  assert.deepEqual(await place("--profile", "a,b"), ["*", "*"]);
  assert.deepEqual(await place("--profile", "a,b", "--region", "us-east-1"), [
    "us-east-1",
    "*",
  ]);
  assert.deepEqual(await place("--profile", "a", "--all-regions"), [
    "*",
    "123456789012",
  ]);
});

Deno.test("explain: documents are those that the flags lead to", async () => {
  await using _home = await AwsHome.create({
    env: { AWS_REGION: "eu-west-1" },
  });
  const documents = async (command: string, ...args: string[]) =>
    statement(await explained(command, ...args), "ssm:StartSession", 1)
      ?.Resource
      .map((arn) => arn.replace(/^.*document\//, ""));
  assert.deepEqual(await documents("forward", "web", "80", "--explain"), [
    "AWS-StartPortForwardingSession",
  ]);
  assert.deepEqual(
    await documents("forward", "web", "--remote", "db:5432", "--explain"),
    [
      "AWS-StartPortForwardingSession",
      "AWS-StartPortForwardingSessionToRemoteHost",
    ],
  );
  assert.deepEqual(await documents("ssh", "--explain", "ubuntu@web", "ls"), [
    "AWS-StartSSHSession",
  ]);
  assert.deepEqual(
    await documents("shell", "web", "--document-name", "Mine", "--explain"),
    ["Mine"],
  );
  assert.deepEqual(await documents("exec", "web", "--explain", "--", "ls"), [
    "AWS-StartNonInteractiveCommand",
    "AWS-StartInteractiveCommand",
  ]);
});

Deno.test("explain: a container takes ECS's actions, and no node's", async () => {
  await using _home = await AwsHome.create({
    env: { AWS_REGION: "eu-west-1" },
  });
  const found = await explained("shell", "ecs:prod/web", "--explain");
  assert.deepEqual(statement(found, "ecs:ExecuteCommand")?.Resource, [
    "arn:aws:ecs:eu-west-1:*:cluster/prod",
    "arn:aws:ecs:eu-west-1:*:task/prod/*",
  ]);
  assert.equal(statement(found, "ssm:StartSession"), undefined);
  assert.deepEqual(statement(found, "ssmmessages:OpenDataChannel")?.Resource, [
    "arn:aws:ssm:eu-west-1:*:session/ecs-execute-command-*",
  ]);
});

Deno.test("explain: as text it says calls, what they are for, and the policy", async () => {
  await using _home = await AwsHome.create();
  const { code, out, err } = await explain("shell", "web-server", "--explain");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(
    out,
    /^Calls:\n {2}ssm:DescribeInstanceInformation +find the node\n/,
  );
  assert.match(out, /\nCalls, if need be:\n {2}ssm:ResumeSession /);
  assert.match(out, /\n {6}"Action": \["ssm:StartSession"\],\n/);
  assert.match(
    out,
    /\nNothing was called, so region and account stand as \*\.\n$/,
  );
  assert.deepEqual(out.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("explain: mistakes are mistakes, and --output belongs to --explain", async () => {
  await using _home = await AwsHome.create();
  for (
    const [args, message] of [
      [
        ["shell", "web", "--explain", "--wrong"],
        /Unknown flag for ssm shell: --wrong/,
      ],
      [
        ["shell", "web", "--output", "json"],
        /Unknown flag for ssm shell: --output/,
      ],
      [
        ["shell", "web", "--explain", "--profile", "no"],
        /--profile names "no"/,
      ],
    ] as const
  ) {
    const { code, out, err } = await explain(...args);
    assert.deepEqual([code, out], [125, ""]);
    assert.match(err, message);
  }
});
