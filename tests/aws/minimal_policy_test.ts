import assert from "node:assert/strict";
import { minimalPolicy } from "../../lib/aws/minimal_policy.ts";
import {
  type PlanFacts,
  type PlannedCall,
  plannedCalls,
  plannedCommands,
} from "../../lib/aws/permissions.ts";
import { permissionGroups } from "../../lib/aws/permission_groups.ts";
import {
  documentArn,
  nodeArns,
  partitionOf,
} from "../../lib/aws/resource_arns.ts";

const place = { partition: "aws", region: "eu-west-1", account: "1" };

function call(
  action: string,
  need: PlannedCall["need"],
  ...resources: string[]
): PlannedCall {
  return { action, need, purpose: "", resources };
}

Deno.test("policy: what is not needed is not in it, and the same resources share a statement", () => {
  const { Version, Statement } = minimalPolicy([
    call("ssm:B", "always", "x"),
    call("ssm:A", "maybe", "x"),
    call("ssm:A", "always", "x"),
    call("ssm:B", "always", "y"),
    call("ec2:C", "helps", "*"),
    { ...call("ssm:B", "always", "x"), condition: { Bool: { k: "true" } } },
  ]);
  assert.equal(Version, "2012-10-17");
  assert.deepEqual(Statement, [
    { Sid: "B", Effect: "Allow", Action: ["ssm:A", "ssm:B"], Resource: ["x"] },
    { Sid: "B2", Effect: "Allow", Action: ["ssm:B"], Resource: ["y"] },
    {
      Sid: "B3",
      Effect: "Allow",
      Action: ["ssm:B"],
      Resource: ["x"],
      Condition: { Bool: { k: "true" } },
    },
  ]);
});

Deno.test("policy: every command's has statements that IAM takes", () => {
  const facts: PlanFacts = {
    place,
    targets: [{ kind: "id", id: "i-0123456789abcdef0" }, {
      kind: "ecs",
      cluster: "arn:aws:ecs:eu-west-1:1:cluster/prod",
      service: "web",
      task: undefined,
    }],
    documentName: undefined,
    given: () => true,
    value: () => undefined,
    arguments: [],
  };
  for (const command of plannedCommands) {
    const calls = plannedCalls(command, facts) ?? [];
    const { Statement } = minimalPolicy(calls);
    const ids = Statement.map(({ Sid }) => Sid);
    assert.deepEqual(ids, [...new Set(ids)], command);
    for (const { Sid, Action, Resource } of Statement) {
      assert.match(Sid, /^[A-Za-z0-9]+$/);
      assert(Action.length > 0 && Resource.length > 0, command);
      for (const action of Action) {
        assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/);
      }
      for (const arn of Resource) {
        assert.match(arn, /^(\*|arn:aws:[a-z0-9]+:.*)$/);
      }
    }
  }
  assert.equal(plannedCalls("toString", facts), undefined);
});

Deno.test("arns: partitions, nodes, and documents that AWS owns", () => {
  assert.deepEqual(
    ["eu-west-1", "cn-north-1", "us-gov-west-1", "us-isob-east-1", "*"].map(
      partitionOf,
    ),
    ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws"],
  );
  assert.deepEqual(nodeArns(place, "mi-0123456789abcdef0"), [
    "arn:aws:ssm:eu-west-1:1:managed-instance/mi-0123456789abcdef0",
  ]);
  assert.equal(
    documentArn(place, "AWS-StartSSHSession"),
    "arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession",
  );
  assert.equal(
    documentArn(place, "Mine"),
    "arn:aws:ssm:eu-west-1:1:document/Mine",
  );
  assert.equal(
    documentArn(place, "arn:aws:ssm:eu-west-1:2:document/Shared"),
    "arn:aws:ssm:eu-west-1:2:document/Shared",
  );
});

Deno.test("groups: each action once, on resources that IAM can decide about", () => {
  const groups = permissionGroups(
    { ...place, account: "123456789012" },
    "i-0123456789abcdef0",
    "Mine",
    { name: "me", userId: "AROA:me" },
  );
  const all = groups.flatMap(({ actions }) => [...actions.keys()]);
  assert.deepEqual(all, [...new Set(all)]);
  const [sessions] = groups;
  assert.deepEqual(sessions?.required, true);
  const session = (name: string) =>
    `arn:aws:ssm:eu-west-1:123456789012:session/${name}-0123456789abcdef0`;
  const own = {
    arns: [session("me")],
    instead: [session("AROA:me")],
    vague: false,
  };
  assert.deepEqual(Object.fromEntries(sessions.actions), {
    "ssm:StartSession": {
      arns: [
        "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
        "arn:aws:ssm:eu-west-1:123456789012:document/Mine",
      ],
      instead: [],
      vague: false,
    },
    "ssmmessages:OpenDataChannel": own,
    "ssm:ResumeSession": own,
    "ssm:TerminateSession": own,
  });
  const containers = groups.find(({ what }) => what === "containers of ECS");
  assert.deepEqual(containers?.actions.get("ecs:ExecuteCommand"), {
    arns: ["*"],
    instead: [],
    vague: true,
  });
  assert.deepEqual(groups.map(({ actions }) => actions.size > 0), [
    true,
    true,
    true,
    true,
    true,
    true,
    true,
  ]);
});
