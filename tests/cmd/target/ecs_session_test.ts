import assert from "node:assert/strict";
import {
  containerFailure,
  containerShell,
  startEcsCommand,
} from "../../../cmd/target/ecs_session.ts";
import { describeError } from "../../../cmd/errors.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import type { ResolvedContainer } from "../../../lib/aws/mod.ts";
import { TestContext } from "../../testkit/context.ts";

const connection = {
  profile: "p",
  region: undefined,
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;
const use = { target: "ecs:prod/web", command: "ssm shell", connection };

async function found(): Promise<ResolvedContainer> {
  const context = new TestContext();
  return await context.onContainer({
    cluster: "prod",
    service: "web",
    task: undefined,
    container: undefined,
  }, context.signal);
}

Deno.test("a command is started in the container that was found", async () => {
  const context = new TestContext();
  const container = await found();
  using aws = await context.aws(connection);
  const started = await startEcsCommand(container, containerShell(container), {
    ...use,
    rest: "--x",
  }, { aws, notice: () => {}, signal: context.signal });
  assert.equal(started.control, context.control);
  assert.deepEqual(context.containerCommands, [{
    container,
    commandLine: "/bin/sh",
    command: "ssm shell",
    target: "ecs:prod/web",
    rest: "--x",
  }]);
});

Deno.test("an agent that cannot be reached comes with what it needs", async () => {
  const context = new TestContext();
  const error = new AwsCallError({
    action: "ecs:ExecuteCommand",
    code: "TargetNotConnectedException",
    kind: "not-connected",
    reason: "The execute command failed due to an internal error",
  });
  context.onExecute = () => Promise.reject(error);
  const container = { ...await found(), readOnly: true };
  using aws = await context.aws(connection);
  const failure = await startEcsCommand(container, "sh", use, {
    aws,
    notice: () => {},
    signal: context.signal,
  }).then(() => assert.fail("it started"), describeError);
  assert.match(
    failure.message ?? "",
    /^Cannot start session in ecs:prod\/web\/\w+\/app: ECS counts the agent as running, yet/,
  );
  assert.match(failure.details[0] ?? "", /read-only/);
  assert.match(failure.details[1] ?? "", /role\/web has to allow ssmmessages:/);
  assert.deepEqual(failure.hints.map((hint) => hint.slice(0, 44)), [
    "aws ecs describe-task-definition --task-defi",
    "aws iam simulate-principal-policy --policy-s",
  ]);
  for (const hint of failure.hints) assert.match(hint, / --profile p$/);

  const plain = describeError(
    containerFailure(error, {
      ...container,
      readOnly: false,
      roleArn: undefined,
    }, use),
  );
  assert.match(plain.details[0] ?? "", /^the role it runs with has to allow/);
  assert.deepEqual(plain.hints, []);
});

Deno.test("a container with all its sessions says how to see them", async () => {
  const container = await found();
  const failure = describeError(containerFailure(
    new AwsCallError({
      action: "ecs:ExecuteCommand",
      code: "ClientException",
      kind: "invalid",
      reason: "the maximum session limit of 2 has been reached",
    }),
    container,
    use,
  ));
  assert.match(failure.message ?? "", /has as many sessions as it may have$/);
  assert.deepEqual(failure.hints, [
    "aws ssm describe-sessions --state Active --filters " +
    `key=Target,value=${container.id} --profile p`,
  ]);
});

Deno.test("what else fails comes through", async () => {
  const container = await found();
  for (
    const error of [
      new TypeError("x"),
      new AwsCallError({
        action: "ecs:ExecuteCommand",
        code: "AccessDeniedException",
        kind: "access-denied",
        reason: "no",
      }),
    ]
  ) assert.equal(containerFailure(error, container, use), error);
});
