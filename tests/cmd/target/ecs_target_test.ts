import assert from "node:assert/strict";
import { Places } from "../../../cmd/target/places.ts";
import { findTarget } from "../../../cmd/target/find_target.ts";
import { describeError } from "../../../cmd/errors.ts";
import type { EcsSpec } from "../../../lib/aws/ecs_spec.ts";
import {
  AmbiguousContainerError,
  ContainerNotFoundError,
  ContainerNotReadyError,
  type EcsCandidate,
  type EcsProblem,
} from "../../../lib/aws/ecs_target_errors.ts";
import { TestContext } from "../../testkit/context.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const connection = {
  profile: undefined,
  region: "eu-west-1",
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;

const use = {
  target: "ecs:prod/web",
  command: "ssm forward",
  rest: "--remote 80",
  connection,
};

const A = "a".repeat(32);
const B = "b".repeat(32);
const spec: EcsSpec = {
  cluster: "prod",
  service: "web",
  task: undefined,
  container: undefined,
};

function candidate(id: string, more: Partial<EcsCandidate> = {}): EcsCandidate {
  return {
    id,
    spec: { ...spec, task: id },
    service: "web",
    state: "RUNNING",
    exec: "agent RUNNING",
    startedAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
    ...more,
  };
}

const tasks = new AmbiguousContainerError("ecs:prod/web", "task", [
  candidate(A),
  candidate(B, { exec: "exec off", startedAt: undefined }),
], false);

const containers = new AmbiguousContainerError(
  `ecs:prod/web/${B}`,
  "container",
  ["app", "lo\x1b[2Jg"].map((name) =>
    candidate(name, {
      spec: { ...spec, task: B, container: name },
      service: undefined,
      startedAt: undefined,
    })
  ),
  false,
);

async function find(context: TestContext, target = use.target) {
  using places = await Places.open(context, connection);
  return await findTarget(context, places, { ...use, target }, context.signal);
}

async function failure(context: TestContext) {
  try {
    assert.fail(`found: ${(await find(context)).id}`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return describeError(error);
  }
}

function throwing(error: Error, interactive = true): TestContext {
  const context = new TestContext(new MemoryTerminal({ interactive }));
  context.onContainer = () => Promise.reject(error);
  return context;
}

Deno.test("a node and the target of a session are not looked up in ECS", async () => {
  const context = throwing(new Error("asked"));
  const { place: _, ...node } = await find(context, "web");
  assert.deepEqual(node, { id: "i-0123456789abcdef0", name: "web" });
  const target = `ecs:prod_${A}_${A}-1`;
  context.onResolve = (text) => Promise.resolve({ id: text, name: undefined });
  assert.equal((await find(context, target)).container, undefined);
});

Deno.test("in a terminal a task is chosen, and then its container", async () => {
  const context = new TestContext();
  const found = context.onContainer;
  context.onContainer = (spec, signal) =>
    spec.task === undefined
      ? Promise.reject(tasks)
      : spec.container === undefined
      ? Promise.reject(containers)
      : found(spec, signal);
  context.terminal.resize({ cols: 100, rows: 24 });
  context.terminal.type("2\n");
  const finding = find(context);
  await context.terminal.until(({ errorText }) =>
    errorText.includes("Container (")
  );
  context.terminal.type("app\n");
  const { id, container } = await finding;
  assert.equal(id, `ecs:prod_${B}_${B}-1`);
  assert.deepEqual(container?.spec, {
    ...spec,
    task: B,
    container: "app",
  });
  assert.equal(
    context.terminal.errorText,
    `  1  ${A}  RUNNING  agent RUNNING  2026-01-02T03:04:05Z\n` +
      `  2  ${B}  RUNNING  exec off       -\n` +
      "Task (1-2, or q to quit): " +
      "  1  app         RUNNING  agent RUNNING\n" +
      "  2  lo\\x1b[2Jg  RUNNING  agent RUNNING\n" +
      "Container (1-2, or q to quit): ",
  );
});

Deno.test("nothing chosen is nothing done", async () => {
  const context = throwing(tasks);
  context.terminal.type("q\n");
  assert.deepEqual(await failure(context), {
    message: "No task was chosen",
    details: [],
    hints: [],
    exitCode: 125,
  });
});

Deno.test("without a terminal the tasks are part of the error", async () => {
  const several = new AmbiguousContainerError("ecs:prod", "task", [
    candidate(A),
    ...Array.from(
      { length: 20 },
      (_, at) => candidate(String(at).padStart(32, "0"), { service: "api" }),
    ),
  ], true);
  const { details, ...rest } = await failure(throwing(several, false));
  assert.deepEqual(rest, {
    message: "Cannot choose a task: ecs:prod has more than 21",
    hints: [
      `ssm forward ecs:prod/web/${A} --remote 80 --region eu-west-1`,
    ],
    exitCode: 125,
  });
  assert.equal(
    details[0],
    `web  ${A}  RUNNING  agent RUNNING  2026-01-02T03:04:05Z`,
  );
  assert.deepEqual([details.length, details[20]], [21, "… and more"]);
});

Deno.test("a name that is not there brings the command with one like it, or the few there are", async () => {
  const like = new ContainerNotFoundError("service wbe in cluster prod", [
    { name: "web", spec },
  ], ["web", "api"]);
  assert.deepEqual(await failure(throwing(like)), {
    message: "Cannot find service wbe in cluster prod; did you mean web?",
    details: [],
    hints: ["ssm forward ecs:prod/web --remote 80 --region eu-west-1"],
    exitCode: 125,
  });
  const none = new ContainerNotFoundError("service x in cluster prod", [], [
    "web",
    "a\x1b[2J",
  ]);
  assert.deepEqual((await failure(throwing(none))).details, [
    "there is web, a\\x1b[2J",
  ]);
});

Deno.test("what is missing comes with the commands that help", async () => {
  const definition = "arn:aws:ecs:us-east-1:1:task-definition/web:1";
  const missing = async (
    problems: readonly EcsProblem[],
    of: EcsSpec = { ...spec, task: A, container: "app" },
  ) => {
    const { details, hints, exitCode } = await failure(
      throwing(
        new ContainerNotReadyError(of, "ecs:prod/web", problems, definition),
      ),
    );
    assert.equal(exitCode, 125);
    return { details, hints };
  };
  const flags = " --region eu-west-1";
  const update = "aws ecs update-service --cluster prod --service web";
  const force = ` --force-new-deployment${flags}`;
  const describe = `aws ecs describe-tasks --cluster prod --tasks ${A}${flags}`;
  assert.deepEqual(await missing([{ kind: "exec-disabled" }]), {
    details: [],
    hints: [`${update} --enable-execute-command${force}`],
  });
  assert.deepEqual(
    (await missing([{ kind: "exec-disabled" }], {
      ...spec,
      service: undefined,
      task: A,
    })).hints,
    [
      `aws ecs run-task --cluster prod --task-definition ${definition} ` +
      `--enable-execute-command${flags}`,
    ],
  );
  const role = await missing([
    { kind: "platform-version", version: "1.3.0", needed: "1.4.0" },
    { kind: "exec-disabled" },
    { kind: "no-role" },
  ]);
  assert.deepEqual(role.hints, [
    `aws ecs describe-task-definition --task-definition ${definition} ` +
    `--query taskDefinition.taskRoleArn${flags}`,
    `${update} --enable-execute-command --platform-version LATEST${force}`,
  ]);
  assert.match(role.details.join(), /a role that allows ssmmessages:Create/);
  const agent = (status: string) =>
    missing([{ kind: "agent-state", status, reason: undefined }]);
  assert.deepEqual(await agent("STOPPED"), {
    details: ["a new task has a new one"],
    hints: [`${update}${force}`, describe],
  });
  assert.deepEqual(await agent("PENDING"), {
    details: ["it starts right after the container; try again in a moment"],
    hints: [describe],
  });
  assert.deepEqual(
    await missing([{
      kind: "task-state",
      status: "STOPPED",
      reason: undefined,
    }]),
    { details: [], hints: [describe] },
  );
});
