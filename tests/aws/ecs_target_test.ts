import assert from "node:assert/strict";
import { type EcsSpec, parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import {
  type EcsTargetCalls,
  resolveContainer,
} from "../../lib/aws/ecs_target.ts";
import {
  AmbiguousContainerError,
  ContainerNotFoundError,
  ContainerNotReadyError,
} from "../../lib/aws/ecs_target_errors.ts";
import type {
  EcsContainer,
  EcsTask,
  EcsTaskDefinition,
} from "../../lib/aws/ecs_task.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";

const arn = "arn:aws:ecs:us-east-1:000000000000:";
const idOf = (digit: string) => digit.repeat(32);
const A = idOf("a");
const B = idOf("b");

function container(
  name: string,
  more: Partial<EcsContainer> = {},
): EcsContainer {
  return {
    name,
    runtimeId: `${name}-1`,
    lastStatus: "RUNNING",
    agent: { status: "RUNNING" },
    ...more,
  };
}

function task(id: string, more: Partial<EcsTask> = {}): EcsTask {
  return {
    taskArn: `${arn}task/prod/${id}`,
    clusterArn: `${arn}cluster/prod`,
    definitionArn: `${arn}task-definition/web:1`,
    group: "service:web",
    lastStatus: "RUNNING",
    executeCommandEnabled: true,
    launchType: "FARGATE",
    platformVersion: "1.4.0",
    platformFamily: "Linux",
    containers: [container("app")],
    ...more,
  };
}

const definition: EcsTaskDefinition = {
  roleArn: "arn:aws:iam::000000000000:role/web",
  containers: [{ name: "app", essential: true, readOnly: false }],
};

interface World {
  readonly tasks: readonly EcsTask[];
  readonly definition?: EcsTaskDefinition | AwsCallError;
  readonly failure?: AwsCallError;
  readonly names?: readonly string[] | AwsCallError;
}

function callsOf(world: World) {
  const log: string[] = [];
  async function* names(what: string) {
    log.push(what);
    await Promise.resolve();
    if (world.names instanceof AwsCallError) throw world.names;
    yield* world.names ?? [];
  }
  const calls: EcsTargetCalls = {
    async *listTasks(cluster, service) {
      log.push(`list ${cluster} ${service}`);
      await Promise.resolve();
      if (world.failure !== undefined) throw world.failure;
      yield* world.tasks.map(({ taskArn }) => taskArn);
    },
    describeTasks(cluster, ids) {
      log.push(`describe ${cluster} ${ids.length}`);
      return Promise.resolve(
        world.tasks.filter(({ taskArn }) =>
          ids.some((id) => taskArn.endsWith(id))
        ),
      );
    },
    describeTaskDefinition(name) {
      log.push(`definition ${name.split("/")[1]}`);
      const found = world.definition ?? definition;
      return found instanceof AwsCallError
        ? Promise.reject(found)
        : Promise.resolve(found);
    },
    listServices: (cluster) => names(`services of ${cluster}`),
    listClusters: () => names("clusters"),
  };
  return { calls, log };
}

function spec(text: string): EcsSpec {
  const parsed = parseEcsSpec(`ecs:${text}`);
  assert.ok(parsed);
  return parsed;
}

async function failure<E extends Error>(
  text: string,
  world: World,
  kind: new (...args: never[]) => E,
): Promise<E> {
  try {
    await resolveContainer(spec(text), callsOf(world).calls);
  } catch (error) {
    assert.ok(error instanceof kind, String(error));
    return error;
  }
  assert.fail("it was found");
}

function aws(code: string, kind: AwsCallError["kind"]): AwsCallError {
  return new AwsCallError({ action: "ecs:X", code, kind, reason: "said" });
}

Deno.test("the only task of a service is found with three calls", async () => {
  const { calls, log } = callsOf({ tasks: [task(A)] });
  assert.deepEqual(await resolveContainer(spec("prod/web"), calls), {
    id: `ecs:prod_${A}_app-1`,
    clusterArn: `${arn}cluster/prod`,
    taskArn: `${arn}task/prod/${A}`,
    spec: { cluster: "prod", service: "web", task: A, container: "app" },
    platform: "Linux",
    definitionArn: `${arn}task-definition/web:1`,
    roleArn: "arn:aws:iam::000000000000:role/web",
    readOnly: false,
  });
  assert.deepEqual(log, [
    "list prod web",
    "describe prod 1",
    "definition web:1",
  ]);
});

Deno.test("a task by its id is not listed, and must be of the service", async () => {
  const world = { tasks: [task(A), task(B, { group: "family:job" })] };
  const { calls, log } = callsOf(world);
  const one = await resolveContainer(spec(`prod/web/${A}`), calls);
  assert.equal(one.spec.task, A);
  const two = await resolveContainer(spec(`prod/${B}`), calls);
  assert.deepEqual([two.spec.service, two.spec.task], [undefined, B]);
  assert.deepEqual(log.filter((call) => call.startsWith("list")), []);
  for (
    const [text, message] of [
      [
        `prod/web/${B}`,
        /^Cannot find task b+ in service web of cluster prod: /,
      ],
      [`prod/${idOf("c")}`, /^Cannot find task c+ in cluster prod: /],
    ] as const
  ) {
    assert.match(
      (await failure(text, world, ContainerNotFoundError)).message,
      message,
    );
  }
});

Deno.test("of several tasks none is taken; those that take commands come first", async () => {
  const ids = ["a", "b", "c", "d"].map(idOf);
  const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
  const error = await failure("prod/web/app", {
    tasks: [
      task(idOf("a"), { startedAt: at(1), executeCommandEnabled: false }),
      task(idOf("b"), { startedAt: at(2) }),
      task(idOf("c"), { startedAt: at(3) }),
      task(idOf("d"), {
        containers: [container("app", { agent: { status: "PENDING" } })],
      }),
      task(idOf("e"), { lastStatus: "PENDING" }),
    ],
  }, AmbiguousContainerError);
  assert.equal(error.message, "Cannot choose a task: ecs:prod/web/app has 4");
  assert.equal(error.kind, "task");
  assert.deepEqual(
    error.candidates.map(({ id, exec }) => [id.slice(0, 1), exec]),
    [
      ["c", "agent RUNNING"],
      ["b", "agent RUNNING"],
      ["a", "exec off"],
      ["d", "agent PENDING"],
    ],
  );
  assert.deepEqual(error.candidates[0]?.spec, {
    cluster: "prod",
    service: "web",
    task: ids[2],
    container: "app",
  });
});

Deno.test("more tasks than a call describes are said to be more", async () => {
  const tasks = Array.from(
    { length: 120 },
    (_, at) => task(String(at).padStart(32, "0")),
  );
  const error = await failure("prod", { tasks }, AmbiguousContainerError);
  assert.deepEqual([error.candidates.length, error.more], [99, true]);
  assert.match(error.message, /ecs:prod has more than 99$/);
});

Deno.test("a task that runs is meant before one on its way", async () => {
  const pending = task(A, { lastStatus: "PENDING" });
  const { calls } = callsOf({ tasks: [pending, task(B)] });
  assert.equal((await resolveContainer(spec("prod/web"), calls)).spec.task, B);
  const error = await failure(
    "prod/web",
    { tasks: [pending] },
    ContainerNotReadyError,
  );
  assert.match(error.message, /\/a+\/app: the task is PENDING$/);
  assert.match(
    (await failure("prod/web", { tasks: [] }, ContainerNotFoundError)).message,
    /^Cannot find a task that runs in service web of cluster prod$/,
  );
});

Deno.test("of several containers the only essential one is meant, or the one that is named", async () => {
  const world = {
    tasks: [task(A, { containers: [container("log"), container("app")] })],
    definition: {
      ...definition,
      containers: [
        { name: "app", essential: true, readOnly: true },
        { name: "log", essential: false, readOnly: false },
      ],
    },
  };
  const { calls } = callsOf(world);
  const main = await resolveContainer(spec("prod/web"), calls);
  assert.deepEqual([main.spec.container, main.readOnly], ["app", true]);
  const side = await resolveContainer(spec("prod/web/log"), calls);
  assert.deepEqual([side.spec.container, side.readOnly], ["log", false]);
  const missing = await failure("prod/web/lg", world, ContainerNotFoundError);
  assert.match(
    missing.message,
    /^Cannot find container lg in ecs:prod\/web\/a+$/,
  );
  assert.deepEqual(missing.suggestions.map(({ name }) => name), ["log", "app"]);

  const denied = aws("AccessDeniedException", "access-denied");
  const error = await failure(
    "prod/web",
    { ...world, definition: denied },
    AmbiguousContainerError,
  );
  assert.equal(error.kind, "container");
  assert.deepEqual(error.candidates.map(({ id }) => id), ["app", "log"]);
  assert.match(
    error.message,
    /^Cannot choose a container: ecs:prod\/web\/a+ has 2$/,
  );
});

Deno.test("what is missing is named before a container is chosen", async () => {
  const error = await failure("prod/web", {
    tasks: [task(A, {
      executeCommandEnabled: false,
      containers: [container("a"), container("b")],
    })],
  }, ContainerNotReadyError);
  assert.match(
    error.message,
    /^Cannot start session in ecs:prod\/web\/a+: execute command was not enabled/,
  );
});

Deno.test("everything that is missing is named", async () => {
  const stopped = { status: "STOPPED", reason: "it \x1b[2J died" };
  for (
    const [more, without, kinds, message] of [
      [
        { executeCommandEnabled: false },
        definition,
        ["exec-disabled"],
        /not enabled/,
      ],
      [{}, { containers: [] }, ["no-role"], /has no task role/],
      [
        { platformVersion: "1.3.0", executeCommandEnabled: false },
        { containers: [] },
        ["platform-version", "exec-disabled", "no-role"],
        /version 1\.3\.0 has no execute command; 1\.4\.0 or later has; execute .*; the task has no/,
      ],
      [
        { lastStatus: "STOPPED", stoppedReason: "as wished" },
        definition,
        ["task-state"],
        /the task is STOPPED \(as wished\)$/,
      ],
      [
        { containers: [container("app", { lastStatus: "STOPPED" })] },
        definition,
        ["container-state"],
        /the container is STOPPED$/,
      ],
      [
        { containers: [{ name: "app" }] },
        definition,
        ["container-state"],
        /the container is not started yet$/,
      ],
      [
        { containers: [container("app", { agent: stopped })] },
        definition,
        ["agent-state"],
        /takes commands is STOPPED \(it \\x1b\[2J died\)$/,
      ],
    ] as const
  ) {
    const error = await failure(
      `prod/${A}`,
      { tasks: [task(A, more)], definition: without },
      ContainerNotReadyError,
    );
    assert.deepEqual(error.problems.map(({ kind }) => kind), kinds);
    assert.match(error.message, message);
    assert.equal(error.spec.task, A);
  }
});

Deno.test("what may do is not refused", async () => {
  const bare = { containers: [] };
  for (
    const [more, definition] of [
      // The instance's role stands in for the task's.
      [{ launchType: "EC2" }, bare],
      // The role was given when it was started.
      [{ roleArn: "arn:aws:iam::1:role/r" }, bare],
      [{ platformVersion: "1.10.0" }, { ...bare, roleArn: "r" }],
      [{ platformVersion: "LATEST" }, { ...bare, roleArn: "r" }],
      [
        {
          platformFamily: "Windows_Server_2022_Core",
          platformVersion: "1.0.0",
        },
        { ...bare, roleArn: "r" },
      ],
      // Nothing is known of the definition.
      [{}, aws("AccessDeniedException", "access-denied")],
    ] as const
  ) {
    const { calls } = callsOf({ tasks: [task(A, more)], definition });
    assert.equal(
      (await resolveContainer(spec(`prod/${A}`), calls)).spec.container,
      "app",
    );
  }
});

Deno.test("Windows is told by the task, or by its definition", async () => {
  for (
    const [more, operatingSystem, platform] of [
      [{ platformFamily: "Windows_Server_2022_Core" }, undefined, "Windows"],
      [{ launchType: "EC2" }, "WINDOWS_SERVER_2022_CORE", "Windows"],
      [{ launchType: "EC2" }, "LINUX", "Linux"],
    ] as const
  ) {
    const { platformFamily: _, ...ec2 } = task(A);
    const { calls } = callsOf({
      tasks: [{ ...ec2, ...more }],
      definition: {
        ...definition,
        ...(operatingSystem === undefined ? {} : { operatingSystem }),
      },
    });
    const found = await resolveContainer(spec(`prod/${A}`), calls);
    assert.equal(found.platform, platform);
  }
});

Deno.test("a cluster or service that is not there brings names like it, or all of a few", async () => {
  const noCluster = await failure("prd/web/app", {
    tasks: [],
    failure: aws("ClusterNotFoundException", "not-found"),
    names: ["prod", "other"],
  }, ContainerNotFoundError);
  assert.match(noCluster.message, /^Cannot find cluster prd in this account/);
  assert.deepEqual(noCluster.suggestions, [{
    name: "prod",
    spec: spec("prod/web/app"),
  }]);
  const noService = await failure("prod/xyz", {
    tasks: [],
    failure: aws("ServiceNotFoundException", "not-found"),
    names: ["web", "api"],
  }, ContainerNotFoundError);
  assert.match(noService.message, /^Cannot find service xyz in cluster prod$/);
  assert.deepEqual(
    [noService.suggestions, noService.known],
    [[], ["web", "api"]],
  );
  const unknown = await failure("prod/xyz", {
    tasks: [],
    failure: aws("ServiceNotFoundException", "not-found"),
    names: aws("AccessDeniedException", "access-denied"),
  }, ContainerNotFoundError);
  assert.deepEqual([unknown.suggestions, unknown.known], [[], []]);
});

Deno.test("other failures of AWS come through as they are", async () => {
  const denied = aws("AccessDeniedException", "access-denied");
  assert.equal(
    await failure("prod/web", { tasks: [], failure: denied }, AwsCallError),
    denied,
  );
  const network = aws("NetworkError", "network");
  assert.equal(
    await failure(
      "prod/web",
      { tasks: [task(A)], definition: network },
      AwsCallError,
    ),
    network,
  );
});
