import assert from "node:assert/strict";
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  ExecuteCommandCommand,
  type ExecuteCommandCommandInput,
  ListClustersCommand,
  ListServicesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import {
  GetConnectionStatusCommand,
  StartSessionCommand,
} from "@aws-sdk/client-ssm";
import { parseTasks } from "../../../lib/simulator/task_descriptions.ts";
import { startTestSimulator } from "../api_clients.ts";

const task = "0123456789abcdef0123456789abcdef";
const target = `ecs:prod_${task}_${task}-0123456789`;

function refusal(name: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
    assert.match(error.message, message);
    return true;
  };
}

function execute(
  ecs: ECSClient,
  input: Partial<ExecuteCommandCommandInput> = {},
) {
  return ecs.send(
    new ExecuteCommandCommand({
      cluster: "prod",
      task,
      command: "/bin/sh",
      interactive: true,
      ...input,
    }),
  );
}

Deno.test("ExecuteCommand gives a session on the container, its members in lower case", async () => {
  await using t = await startTestSimulator();
  const answer = await execute(t.ecs);
  const { sessionId = "", streamUrl = "", tokenValue = "" } = answer.session ??
    {};
  assert.match(sessionId, /^ecs-execute-command-[a-z0-9]{26}$/);
  assert.ok(streamUrl.endsWith(`/v1/data-channel/${sessionId}`));
  assert.equal(
    answer.clusterArn,
    "arn:aws:ecs:us-east-1:000000000000:cluster/prod",
  );
  assert.equal(
    answer.taskArn,
    `arn:aws:ecs:us-east-1:000000000000:task/prod/${task}`,
  );
  assert.deepEqual([answer.containerName, answer.interactive], ["app", true]);
  const session = t.service.registry.get(sessionId);
  assert.equal(session?.node.id, target);
  assert.equal(session?.node.container, true);
  assert.equal(session?.documentName, "AmazonECS-ExecuteInteractiveCommand");
  assert.deepEqual(session?.parameters, { command: ["/bin/sh"] });
  assert.equal(t.service.registry.takeToken(sessionId, tokenValue), true);
});

Deno.test("ExecuteCommand takes ARNs, and a container where there are several", async () => {
  await using t = await startTestSimulator({
    tasks: parseTasks([`id=${task},container=app+worker`]),
  });
  const arn = "arn:aws:ecs:us-east-1:000000000000:";
  const answer = await execute(t.ecs, {
    cluster: `${arn}cluster/prod`,
    task: `${arn}task/prod/${task}`,
    container: "worker",
  });
  assert.equal(answer.containerName, "worker");
  await assert.rejects(
    execute(t.ecs),
    refusal("InvalidParameterException", /container name is required/),
  );
  await assert.rejects(
    execute(t.ecs, { container: "log" }),
    refusal("InvalidParameterException", /container was not found/),
  );
});

Deno.test("ExecuteCommand says what it lacks as AWS says it", async () => {
  const described = [
    ["no-exec", "InvalidParameterException", /was not enabled when the task/],
    ["agent-stopped", "InvalidParameterException", /agent isn’t running/],
    ["agent-pending", "InvalidParameterException", /agent isn’t running/],
    ["pending", "InvalidParameterException", /agent isn’t running/],
    ["stopped", "InvalidParameterException", /agent isn’t running/],
    ["no-role", "TargetNotConnectedException", /due to an internal error/],
    ["no-permission", "TargetNotConnectedException", /internal error/],
    ["read-only", "TargetNotConnectedException", /internal error/],
  ] as const;
  const tasks = parseTasks(described.map(([word]) => word));
  await using t = await startTestSimulator({ tasks });
  for (const [at, [, name, message]] of described.entries()) {
    await assert.rejects(
      execute(t.ecs, { task: tasks[at]?.id }),
      refusal(name, message),
    );
  }
  for (
    const [input, name, message] of [
      [{ cluster: "no" }, "ClusterNotFoundException", /Cluster not found/],
      [{ cluster: undefined }, "ClusterNotFoundException", /not found/],
      [{ task: "no" }, "InvalidParameterException", /task was not found/],
      [
        { task: tasks[0]?.id, interactive: false },
        "InvalidParameterException",
        /Interactive is the only mode/,
      ],
    ] as const
  ) await assert.rejects(execute(t.ecs, input), refusal(name, message));
  assert.deepEqual(t.simulator.activeSessions(), []);
});

Deno.test("a container has two sessions at once, and IAM may deny them all", async () => {
  await using t = await startTestSimulator();
  await execute(t.ecs);
  await execute(t.ecs);
  await assert.rejects(
    execute(t.ecs),
    refusal("ClientException", /maximum session limit of 2 has been reached/),
  );
  await using denied = await startTestSimulator({
    denyDocuments: ["AmazonECS-ExecuteInteractiveCommand"],
  });
  await assert.rejects(
    execute(denied.ecs),
    refusal(
      "AccessDeniedException",
      /not authorized to perform: ecs:ExecuteCommand on resource: arn:aws:ecs:.*task\/prod\//,
    ),
  );
});

Deno.test("a container is a target of StartSession as far as its agent is connected", async () => {
  const tasks = parseTasks([`id=${task}`, "no-role"]);
  await using t = await startTestSimulator({ tasks });
  const [one, two] = tasks.map((each) =>
    `ecs:prod_${each.id}_${each.containers[0]?.runtimeId}`
  );
  const { SessionId = "" } = await t.ssm.send(
    new StartSessionCommand({
      Target: one,
      DocumentName: "AWS-StartPortForwardingSession",
      Parameters: { portNumber: ["80"] },
    }),
  );
  assert.equal(t.service.registry.get(SessionId)?.node.id, one);
  await assert.rejects(
    t.ssm.send(new StartSessionCommand({ Target: two })),
    refusal("TargetNotConnected", /^ecs:.* is not connected\.$/),
  );
  const status = async (Target = "") =>
    (await t.ssm.send(new GetConnectionStatusCommand({ Target }))).Status;
  assert.deepEqual([await status(one), await status(two)], [
    "connected",
    "notconnected",
  ]);
});

Deno.test("lists come in pages, tasks by service, family and desired status", async () => {
  const tasks = parseTasks([
    ...Array.from({ length: 5 }, () => "service=web"),
    "service=api,pending",
    "service=web,stopped",
    "alone,family=job",
    "cluster=test,service=web",
  ]);
  await using t = await startTestSimulator({ tasks });
  const clusters = await t.ecs.send(new ListClustersCommand({}));
  assert.deepEqual(
    clusters.clusterArns?.map((arn) => arn.split("/")[1]),
    ["prod", "test"],
  );
  const services = await t.ecs.send(
    new ListServicesCommand({ cluster: "prod" }),
  );
  assert.deepEqual(
    services.serviceArns?.map((arn) => arn.split("/").slice(1).join()),
    ["prod,web", "prod,api"],
  );
  const ids = async (
    input: ConstructorParameters<typeof ListTasksCommand>[0],
  ) =>
    ((await t.ecs.send(new ListTasksCommand({ cluster: "prod", ...input })))
      .taskArns ?? []).map((arn) =>
        tasks.findIndex(({ id }) => arn.endsWith(`/${id}`))
      );
  assert.deepEqual(await ids({}), [0, 1, 2, 3, 4, 5, 7]);
  assert.deepEqual(await ids({ serviceName: "web" }), [0, 1, 2, 3, 4]);
  assert.deepEqual(await ids({ serviceName: "api" }), [5]);
  assert.deepEqual(await ids({ family: "job" }), [7]);
  assert.deepEqual(await ids({ desiredStatus: "STOPPED" }), [6]);
  assert.deepEqual(await ids({ launchType: "EC2" }), []);
  const first = await t.ecs.send(
    new ListTasksCommand({ cluster: "prod", maxResults: 4 }),
  );
  assert.equal(first.taskArns?.length, 4);
  const second = await t.ecs.send(
    new ListTasksCommand({
      cluster: "prod",
      maxResults: 4,
      nextToken: first.nextToken,
    }),
  );
  assert.deepEqual(
    [second.taskArns?.length, second.nextToken],
    [3, undefined],
  );
  await assert.rejects(
    ids({ serviceName: "no" }),
    refusal("ServiceNotFoundException", /Service not found/),
  );
  await assert.rejects(
    ids({ nextToken: first.nextToken, serviceName: "web" }),
    refusal("InvalidParameterException", /token is not valid/),
  );
  await assert.rejects(
    ids({ maxResults: 101 }),
    refusal("InvalidParameterException", /between 1 and 100/),
  );
});

Deno.test("tasks, their definitions and services are described", async () => {
  const tasks = parseTasks([
    `id=${task},container=app,sidecar=log`,
    "service=web,container=app,sidecar=log",
    "service=web,no-role,read-only,platform=Windows,launch=EC2,no-exec",
    "service=web,pending",
  ]);
  await using t = await startTestSimulator({ tasks });
  const ids = tasks.map(({ id }) => id);
  const answer = await t.ecs.send(
    new DescribeTasksCommand({ cluster: "prod", tasks: [...ids, "no"] }),
  );
  assert.deepEqual(answer.failures, [{ arn: "no", reason: "MISSING" }]);
  const [first, , third, fourth] = answer.tasks ?? [];
  assert.deepEqual(
    [first?.group, first?.lastStatus, first?.platformVersion],
    ["service:web", "RUNNING", "1.4.0"],
  );
  assert.deepEqual(
    first?.containers?.map(({ name, runtimeId, managedAgents }) => [
      name,
      runtimeId?.slice(0, 33),
      managedAgents?.[0]?.lastStatus,
    ]),
    [["app", `${task}-`, "RUNNING"], ["log", `${task}-`, "RUNNING"]],
  );
  assert.deepEqual(
    [third?.launchType, third?.platformVersion, third?.enableExecuteCommand],
    ["EC2", undefined, false],
  );
  assert.equal(third?.containers?.[0]?.managedAgents, undefined);
  assert.equal(fourth?.containers?.[0]?.runtimeId, undefined);

  const definition = async (taskDefinition?: string) =>
    (await t.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })))
      .taskDefinition;
  const one = await definition(first?.taskDefinitionArn);
  assert.match(one?.taskDefinitionArn ?? "", /:task-definition\/web:1$/);
  assert.match(one?.taskRoleArn ?? "", /:role\/web-task$/);
  assert.deepEqual(
    one?.containerDefinitions?.map(({ name, essential }) => [name, essential]),
    [["app", true], ["log", false]],
  );
  const two = await definition("web:2");
  assert.deepEqual(two, await definition(third?.taskDefinitionArn));
  assert.equal(two?.taskRoleArn, undefined);
  assert.equal(two?.containerDefinitions?.[0]?.readonlyRootFilesystem, true);
  assert.match(two?.runtimePlatform?.operatingSystemFamily ?? "", /^WINDOWS/);
  await assert.rejects(
    definition("no"),
    refusal("ClientException", /Unable to describe task definition/),
  );

  const { services } = await t.ecs.send(
    new DescribeServicesCommand({ cluster: "prod", services: ["web"] }),
  );
  assert.deepEqual(
    [services?.[0]?.runningCount, services?.[0]?.pendingCount],
    [3, 1],
  );
});

Deno.test("an ECS call that the simulator does not have is said to be unknown", async () => {
  await using t = await startTestSimulator();
  await assert.rejects(
    t.ecs.send(new ListTaskDefinitionsCommand({})),
    refusal("UnknownOperationException", /ListTaskDefinitions/),
  );
  await assert.rejects(
    t.ecs.send(new DescribeTasksCommand({ cluster: "prod", tasks: [] })),
    refusal("InvalidParameterException", /cannot be empty/),
  );
});
