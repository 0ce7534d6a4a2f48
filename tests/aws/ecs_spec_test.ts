import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatEcsSpec,
  isSessionTarget,
  parseEcsSpec,
} from "../../lib/aws/ecs_spec.ts";
import { InvalidTargetError } from "../../lib/aws/target.ts";

const task = "0123456789abcdef0123456789abcdef";
const old = "01234567-89ab-cdef-0123-456789abcdef";
const none = { service: undefined, task: undefined, container: undefined };

Deno.test("a service, a task and a container are told apart by the task's id", () => {
  for (
    const [text, spec] of [
      ["prod", {}],
      ["prod/", {}],
      ["my_big_cluster/", { cluster: "my_big_cluster" }],
      ["prod/web", { service: "web" }],
      ["prod/web/", { service: "web" }],
      ["prod/web/app", { service: "web", container: "app" }],
      [`prod/web/${task}`, { service: "web", task }],
      [`prod/web/${task}/app`, { service: "web", task, container: "app" }],
      [`prod/${task}`, { task }],
      [`prod/${task}/app`, { task, container: "app" }],
      [`prod/${old}`, { task: old }],
      [`arn:aws:ecs:us-east-1:123456789012:task/prod/${task}`, { task }],
      [
        `arn:aws-cn:ecs:cn-north-1:123456789012:task/prod/${task}/app`,
        { task, container: "app" },
      ],
      ["arn:aws:ecs:us-east-1:123456789012:service/prod/web", {
        service: "web",
      }],
    ] as const
  ) {
    assert.deepEqual(
      parseEcsSpec(`ecs:${text}`),
      { ...none, cluster: "prod", ...spec },
      text,
    );
  }
});

Deno.test("what is not meant for ECS, and what StartSession takes as it is, is left alone", () => {
  for (
    const text of [
      "web",
      "i-0123456789abcdef0",
      "ECS:prod/web",
      "name:ecs:prod",
      `ecs:prod_${task}_${task}-0123456789`,
      `ecs:my_prod_${task}_${task}-0123456789`,
    ]
  ) assert.equal(parseEcsSpec(text), undefined, text);
});

Deno.test("what has no such form is refused, and says what would do", () => {
  for (
    const [text, message] of [
      ["", /ecs:: it is ecs:cluster\/service, with/],
      ["/web", /it is ecs:cluster\/service/],
      ["prod//app", /it is ecs:cluster\/service/],
      ["a b/web", /it is ecs:cluster\/service/],
      ["prod/web/x/app", /: x is no task: a task's id has 32 hex digits$/],
      ["prod/web/x/y/z", /: x is no task/],
      [`prod/web/${task}/app/more`, /it is ecs:cluster\/service/],
      [`prod/${task}/${task}/${task}`, /it is ecs:cluster\/service/],
      ["prod/we\x1b[2Jb", /Cannot use ecs:prod\/we\\x1b\[2Jb: /],
      ["arn:aws:ecs:us-east-1:123456789012:cluster/prod", /it is ecs:/],
    ] as const
  ) {
    assert.throws(() => parseEcsSpec(`ecs:${text}`), (error) => {
      assert.ok(error instanceof InvalidTargetError, text);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("what is written is read as the same", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
    .filter((text) => !/^[0-9a-f]{8}-/.test(text));
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.option(arbitrary, { nil: undefined });
  const id = fc.stringMatching(/^[0-9a-f]{32}$/);
  fc.assert(
    fc.property(
      name,
      maybe(name),
      maybe(id),
      maybe(name),
      (cluster, service, task, container) => {
        // A container needs something before it that tells it from a service.
        const spec = {
          cluster,
          service,
          task,
          container: service === undefined && task === undefined
            ? undefined
            : container,
        };
        const text = formatEcsSpec(spec);
        assert.equal(isSessionTarget(text), false);
        assert.deepEqual(parseEcsSpec(text), spec);
      },
    ),
  );
});
