import assert from "node:assert/strict";
import { diagnoseTarget, type TargetVerdict } from "../../lib/aws/diagnose.ts";
import type { Ec2Instance } from "../../lib/aws/ec2.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import type { NodeInformation } from "../../lib/aws/ssm.ts";

const ID = "i-0123456789abcdef0";
const denied = new AwsCallError({
  action: "ec2:DescribeInstances",
  code: "UnauthorizedOperation",
  kind: "access-denied",
  reason: "no",
});
const since = new Date("2026-11-20T10:00:00Z");

type Node = Omit<NodeInformation, "id"> | undefined | Error;
type Machine = Omit<Ec2Instance, "id"> | undefined | Error;

function diagnose(node: Node, machine: Machine, id = ID) {
  return diagnoseTarget(id, {
    async *describeInstanceInformation(filters) {
      assert.deepEqual(filters, [{ key: "InstanceIds", values: [id] }]);
      if (node instanceof Error) throw node;
      // A service that ignores the filter must not make us talk of another node.
      yield { id: "i-other", ping: "Online" };
      if (node !== undefined) yield { id, ...node };
    },
    describeInstance: (asked) => {
      assert.equal(asked, id);
      return machine instanceof Error
        ? Promise.reject(machine)
        : Promise.resolve(machine && { id, ...machine });
    },
  });
}

const TABLE: readonly [string, Node, Machine, TargetVerdict, RegExp][] = [
  [
    "stopped",
    { ping: "ConnectionLost", lastPing: since },
    { state: "stopped" },
    "not-running",
    /^the instance is stopped$/,
  ],
  [
    "terminated",
    { ping: "Inactive" },
    { state: "terminated" },
    "terminated",
    /^the instance is terminated$/,
  ],
  [
    "offline since",
    { ping: "ConnectionLost", lastPing: since },
    { state: "running" },
    "offline",
    /^the agent is offline since 2026-11-20T10:00:00\.000Z$/,
  ],
  [
    "offline, EC2 denied",
    { ping: "ConnectionLost", lastPing: since },
    denied,
    "offline",
    /offline since/,
  ],
  [
    "never registered, without a profile",
    undefined,
    { state: "running" },
    "never-registered",
    /never registered .* in this account and region; the instance has no instance profile$/,
  ],
  [
    "never registered, with a profile",
    undefined,
    { state: "running", instanceProfile: "arn" },
    "never-registered",
    /never registered .* in this account and region$/,
  ],
  [
    "never registered, EC2 denied",
    undefined,
    denied,
    "never-registered",
    /never registered .* in this account and region$/,
  ],
  ["nowhere", undefined, undefined, "no-such-node", /no such node$/],
  [
    "online",
    { ping: "Online" },
    { state: "running" },
    "online",
    /counts the agent as online/,
  ],
  [
    "Session Manager denied, EC2 knows",
    denied,
    { state: "stopping" },
    "not-running",
    /^the instance is stopping$/,
  ],
  ["both denied", denied, denied, "unknown", /could not be asked/],
  [
    "anything thrown",
    new TypeError("broken"),
    { state: "running" },
    "unknown",
    /could not be asked/,
  ],
];

for (const [name, node, machine, verdict, phrase] of TABLE) {
  Deno.test(`why a node does not answer: ${name}`, async () => {
    const facts = await diagnose(node, machine);
    assert.equal(facts.verdict, verdict);
    assert.match(facts.phrase, phrase);
  });
}

Deno.test("the facts themselves are there", async () => {
  const facts = await diagnose(
    {
      ping: "ConnectionLost",
      lastPing: since,
      platform: "Linux",
      agentVersion: "3.3.987.0",
    },
    { state: "running", instanceProfile: "arn" },
  );
  assert.deepEqual(facts, {
    id: ID,
    verdict: "offline",
    registered: true,
    ping: "ConnectionLost",
    lastPing: since,
    platform: "Linux",
    agentVersion: "3.3.987.0",
    ec2State: "running",
    instanceProfile: true,
    phrase: "the agent is offline since 2026-11-20T10:00:00.000Z",
  });
});

Deno.test("EC2 is not asked about a managed instance", async () => {
  const facts = await diagnoseTarget("mi-0123456789abcdef0", {
    async *describeInstanceInformation() {},
    describeInstance: () => {
      throw new assert.AssertionError({ message: "EC2 was asked" });
    },
  });
  assert.equal(facts.verdict, "never-registered");
  assert.equal(facts.ec2State, undefined);
});

Deno.test("only the caller's own signal rejects a diagnosis", async () => {
  const controller = new AbortController();
  const reason = new Error("the user left");
  controller.abort(reason);
  await assert.rejects(
    diagnoseTarget(ID, {
      async *describeInstanceInformation() {},
      describeInstance: () => Promise.resolve(undefined),
    }, controller.signal),
    (error: unknown) => error === reason,
  );
});
