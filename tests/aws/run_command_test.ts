import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { runNodeCommand } from "../../lib/aws/node_command.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { parseNodes } from "../../lib/simulator/fleet.ts";
import type { SimulatorOptions } from "../../lib/simulator/options.ts";
import { startTestSimulator } from "../simulator/api_clients.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws, type FakeHandler } from "../testkit/fake_aws.ts";

const web = "i-00000000000000001";
const nodes = parseNodes([
  `id=${web},name=web,tag:role=web,computer=web.internal`,
  "id=i-00000000000000002,name=win,tag:role=web,platform=Windows",
  "id=i-00000000000000003,name=gone,tag:role=web,offline",
]);
const shell = { documentName: "AWS-RunShellScript" } as const;

async function withSimulator(
  options: Partial<SimulatorOptions>,
  run: (aws: Aws, log: readonly string[]) => Promise<void>,
): Promise<void> {
  await using t = await startTestSimulator({
    nodes,
    pace: "fast",
    scripts: "imitated",
    ...options,
  });
  await using _home = await AwsHome.create({ env: t.simulator.environment });
  using aws = new Aws();
  await run(aws, t.log);
}

async function withFake(
  handlers: Record<string, FakeHandler>,
  run: (aws: Aws, fake: FakeAws) => Promise<void>,
): Promise<void> {
  await using fake = new FakeAws(handlers);
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  await run(aws, fake);
}

Deno.test("a script on one node: its code and what it wrote", () =>
  withSimulator({}, async (aws) => {
    const result = await runNodeCommand(
      {
        ...shell,
        nodeId: web,
        script: ["hostname", "echo no >&2", "exit 7"],
      },
      aws.runCommand,
      systemClock,
      new AbortController().signal,
    );
    assert.match(result.commandId, /^[0-9a-f-]{36}$/);
    assert.deepEqual({ ...result, commandId: "" }, {
      commandId: "",
      state: "ended",
      code: 7,
      output: {
        stdout: "web.internal\n",
        stderr: "no\n",
        truncated: { stdout: false, stderr: false },
      },
      aborted: false,
    });
  }));

Deno.test("a command on many: how far it is, and its nodes in pages", () =>
  withSimulator({}, async (aws) => {
    const id = await aws.runCommand.send({
      ...shell,
      script: ["echo $HOSTNAME"],
      on: { targets: [{ key: "tag:role", values: ["web"] }] },
      maxErrors: "100%",
    });
    let progress;
    do {
      progress = await aws.runCommand.progress(id);
    } while (!progress?.over);
    assert.deepEqual(progress, {
      nodes: 3,
      completed: 3,
      errors: 0,
      over: true,
      noNodes: false,
    });
    const { invocations, nextToken } = await aws.runCommand.page(id, undefined);
    assert.equal(nextToken, undefined);
    assert.deepEqual(
      invocations.map(({ nodeId, state, code, output }) => [
        nodeId.slice(-1),
        state,
        code,
        output?.stdout,
      ]),
      [
        ["1", "ended", 0, "web.internal\n"],
        ["2", "invalid-platform", -1, ""],
        ["3", "undeliverable", -1, ""],
      ],
    );
    assert.equal(invocations[0]?.hostName, "web.internal");
  }));

Deno.test("no node with that tag is told apart from all having ended", () =>
  withSimulator({}, async (aws) => {
    const id = await aws.runCommand.send({
      ...shell,
      script: ["true"],
      on: { targets: [{ key: "tag:role", values: ["nobody"] }] },
    });
    const progress = await aws.runCommand.progress(id);
    assert.equal(progress?.noNodes, true);
    assert.equal(progress?.over, true);
  }));

Deno.test("above the API's limit calls are made again, more slowly", () =>
  withSimulator({ apiRate: 2 }, async (aws, log) => {
    const { runCommand } = aws;
    const id = await runCommand.send({
      ...shell,
      script: ["true"],
      on: { ids: [web] },
    });
    for (let i = 0; i < 5; i++) await runCommand.progress(id);
    const lines = log.filter((line) => line.includes("ListCommands"));
    assert.equal(lines.filter((line) => !line.includes(":", 5)).length, 5);
    assert.ok(lines.length < 12, lines.join("\n"));
  }));

Deno.test("SendCommand is not made again when it is not known what became of it", () =>
  withFake({
    "ssm:SendCommand": () => ({
      error: "InternalServerError",
      message: "sorry",
      status: 500,
    }),
  }, async (aws, fake) => {
    await assert.rejects(
      aws.runCommand.send({ ...shell, script: ["true"], on: { ids: [web] } }),
      (error: unknown) => {
        assert.ok(error instanceof AwsCallError);
        assert.match(error.message, /^Cannot send command: /);
        return true;
      },
    );
    assert.equal(fake.requests.length, 1);
  }));

Deno.test("what is wrong is not asked for again", () =>
  withSimulator({}, async (aws) => {
    await assert.rejects(
      aws.runCommand.send({
        ...shell,
        script: ["true"],
        on: { ids: ["i-00000000000000002"] },
      }),
      /UnsupportedPlatformType/,
    );
    await assert.rejects(
      aws.runCommand.cancel("00000000-0000-4000-8000-000000000000"),
      { kind: "not-found" },
    );
    assert.equal(
      await aws.runCommand.invocation(
        "00000000-0000-4000-8000-000000000000",
        web,
      ),
      undefined,
    );
  }));
