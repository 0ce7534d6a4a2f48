import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws, type FakeHandler } from "../testkit/fake_aws.ts";

async function withFake(
  handlers: Record<string, FakeHandler>,
  run: (aws: Aws, fake: FakeAws) => Promise<void>,
): Promise<void> {
  await using fake = new FakeAws(handlers);
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  await run(aws, fake);
}

const arn = "arn:aws:ecs:r:1:";
const session = {
  sessionId: "ecs-execute-command-1",
  streamUrl: "wss://ssmmessages.eu-central-1.amazonaws.com/x",
  tokenValue: "t",
};

Deno.test("lists are asked for page by page, and give names", () =>
  withFake({
    "ecs:ListTasks": ({ input }) => ({
      json: input["nextToken"] === undefined
        ? { taskArns: [`${arn}task/c/1`], nextToken: "two" }
        : { taskArns: [`${arn}task/c/2`] },
    }),
    "ecs:ListServices": () => ({
      json: { serviceArns: [`${arn}service/c/web`], nextToken: "" },
    }),
    "ecs:ListClusters": () => ({ json: {} }),
  }, async (aws, fake) => {
    assert.deepEqual(await Array.fromAsync(aws.ecs.listTasks("c", "web")), [
      `${arn}task/c/1`,
      `${arn}task/c/2`,
    ]);
    assert.deepEqual(fake.requests.map(({ input }) => input), [
      {
        cluster: "c",
        serviceName: "web",
        desiredStatus: "RUNNING",
        maxResults: 100,
      },
      {
        cluster: "c",
        serviceName: "web",
        desiredStatus: "RUNNING",
        maxResults: 100,
        nextToken: "two",
      },
    ]);
    assert.deepEqual(await Array.fromAsync(aws.ecs.listServices("c")), ["web"]);
    assert.deepEqual(await Array.fromAsync(aws.ecs.listClusters()), []);
  }));

Deno.test("a task and its definition tell all that a session depends on", () =>
  withFake({
    "ecs:DescribeTasks": () => ({
      json: {
        tasks: [{
          taskArn: `${arn}task/c/t`,
          clusterArn: `${arn}cluster/c`,
          taskDefinitionArn: `${arn}task-definition/web:3`,
          group: "service:web",
          lastStatus: "RUNNING",
          startedAt: 1_700_000_000,
          enableExecuteCommand: true,
          launchType: "FARGATE",
          platformVersion: "1.4.0",
          platformFamily: "Linux",
          overrides: { taskRoleArn: "role" },
          containers: [{
            name: "app",
            runtimeId: "t-1",
            lastStatus: "RUNNING",
            managedAgents: [
              { name: "Other", lastStatus: "STOPPED" },
              {
                name: "ExecuteCommandAgent",
                lastStatus: "STOPPED",
                reason: "it died",
              },
            ],
          }],
        }],
      },
    }),
    "ecs:DescribeTaskDefinition": () => ({
      json: {
        taskDefinition: {
          taskRoleArn: "",
          runtimePlatform: { operatingSystemFamily: "LINUX" },
          containerDefinitions: [
            { name: "app" },
            { name: "log", essential: false, readonlyRootFilesystem: true },
          ],
        },
      },
    }),
  }, async (aws) => {
    assert.deepEqual(await aws.ecs.describeTasks("c", ["t"]), [{
      taskArn: `${arn}task/c/t`,
      clusterArn: `${arn}cluster/c`,
      definitionArn: `${arn}task-definition/web:3`,
      group: "service:web",
      lastStatus: "RUNNING",
      startedAt: new Date(1_700_000_000_000),
      executeCommandEnabled: true,
      launchType: "FARGATE",
      platformVersion: "1.4.0",
      platformFamily: "Linux",
      roleArn: "role",
      containers: [{
        name: "app",
        runtimeId: "t-1",
        lastStatus: "RUNNING",
        agent: { status: "STOPPED", reason: "it died" },
      }],
    }]);
    assert.deepEqual(await aws.ecs.describeTaskDefinition("web:3"), {
      operatingSystem: "LINUX",
      containers: [
        { name: "app", essential: true, readOnly: false },
        { name: "log", essential: false, readOnly: true },
      ],
    });
  }));

Deno.test("a command that is given up while it starts leaves no session", async () => {
  const asked = Promise.withResolvers<void>();
  const given = Promise.withResolvers<void>();
  await withFake({
    "ecs:ExecuteCommand": async () => {
      asked.resolve();
      await given.promise;
      return { json: { session } };
    },
    "ssm:TerminateSession": () => ({ json: { SessionId: session.sessionId } }),
  }, async (aws, fake) => {
    const controller = new AbortController();
    const request = { cluster: "c", task: "t", command: "/bin/sh" };
    const started = aws.ecs.executeCommand(request, controller.signal);
    await asked.promise;
    controller.abort(new Error("enough"));
    given.resolve();
    await assert.rejects(started, /enough/);
    assert.deepEqual(fake.requests.at(-1)?.input, {
      SessionId: session.sessionId,
    });
  });
});

Deno.test("a session that is not complete is ended and refused", () =>
  withFake({
    "ecs:ExecuteCommand": () => ({
      json: { session: { sessionId: session.sessionId } },
    }),
    "ssm:TerminateSession": () => ({ json: {} }),
  }, async (aws, fake) => {
    await assert.rejects(
      aws.ecs.executeCommand({ cluster: "c", task: "t", command: "sh" }),
      /^AwsCallError: Cannot execute command in task: the answer has no complete session$/,
    );
    assert.equal(fake.requests.at(-1)?.operation, "ssm:TerminateSession");
  }));
