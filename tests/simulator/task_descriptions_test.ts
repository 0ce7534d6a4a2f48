import assert from "node:assert/strict";
import { FleetError } from "../../lib/simulator/fleet.ts";
import {
  checkTasks,
  parseTasks,
} from "../../lib/simulator/task_descriptions.ts";
import { containerTarget, defaultTasks } from "../../lib/simulator/tasks.ts";

const id = "0123456789abcdef0123456789abcdef";

Deno.test("a description says everything about a task", () => {
  const [task] = parseTasks([
    `cluster=live,service=api,family=api-v2,id=${id},container=app+worker,sidecar=log,` +
    "launch=ec2,platform=windows,version=1.3.0,no-exec,no-role,no-permission,read-only," +
    "agent-stopped,stopped",
  ]);
  assert.ok(task);
  const { containers, ...rest } = task;
  assert.deepEqual(rest, {
    id,
    cluster: "live",
    service: "api",
    family: "api-v2",
    status: "STOPPED",
    execEnabled: false,
    agent: "STOPPED",
    role: false,
    permitted: false,
    launchType: "EC2",
    platform: "Windows",
    platformVersion: "1.3.0",
  });
  assert.deepEqual(
    containers.map(({ name, essential, readOnly }) => [
      name,
      essential,
      readOnly,
    ]),
    [["app", true, true], ["worker", true, true], ["log", false, true]],
  );
  for (const { runtimeId } of containers) {
    assert.match(runtimeId, /^[0-9a-f]{64}$/);
  }
  assert.equal(new Set(containers.map((each) => each.runtimeId)).size, 3);
});

Deno.test("what a description leaves out is made up, the same for the same seed", () => {
  const texts = ["service=web", "service=web", "alone"];
  const tasks = parseTasks(texts);
  assert.deepEqual(parseTasks(texts), tasks);
  assert.notDeepEqual(parseTasks(texts, 2), tasks);
  const [one, two, alone] = tasks;
  assert.ok(one && two && alone);
  assert.match(one.id, /^[0-9a-f]{32}$/);
  assert.notEqual(one.id, two.id);
  assert.deepEqual(
    [one.cluster, one.service, one.platformVersion, one.agent],
    ["prod", "web", "1.4.0", "RUNNING"],
  );
  assert.deepEqual([alone.service, alone.family], [undefined, "task"]);
  const [container] = one.containers;
  assert.ok(container);
  assert.match(
    containerTarget(one, container),
    new RegExp(`^ecs:prod_${one.id}_${one.id}-\\d{10}$`),
  );
});

Deno.test("a description that makes no sense says what would", () => {
  for (
    const [text, message] of [
      ["", /a part between commas is empty/],
      ["service", /service has no value, write service=…/],
      ["color=red", /unknown 'color', known are cluster=…, .* and alone, /],
      ["red", /unknown 'red'/],
      ["cluster=a b", /cluster must be letters/],
      ["cluster=", /cluster must be letters/],
      ["id=123", /id must be 32 hex digits/],
      ["container=a+", /container must be a name, or several as app\+worker/],
      ["container=a+a", /container a is named twice/],
      ["container=a,sidecar=a", /container a is named twice/],
      ["launch=moon", /launch must be FARGATE or EC2/],
      ["platform=MacOS", /platform must be Linux or Windows/],
      ["version=1.4", /version must be Fargate's, as 1\.4\.0/],
      ["stopped,pending", /the task has one state/],
      ["agent-stopped,agent-pending", /the agent has one state/],
      ["alone,service=a", /a task of a service is not alone/],
      ["alone,alone", /'alone' is given twice/],
    ] as const
  ) {
    assert.throws(() => parseTasks([text]), (error) => {
      assert.ok(error instanceof FleetError, text);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`Cannot read task '${text}': `));
      return true;
    });
  }
});

Deno.test("an id is given once, and a task has containers", () => {
  assert.throws(() => parseTasks([`id=${id}`, `id=${id}`]), /'0123.*' twice/);
  assert.throws(
    () => checkTasks(defaultTasks.map((task) => ({ ...task, containers: [] }))),
    /it needs containers/,
  );
  checkTasks(defaultTasks);
});
