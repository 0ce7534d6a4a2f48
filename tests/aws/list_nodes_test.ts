import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError, type AwsErrorKind } from "../../lib/aws/errors.ts";
import { listNodes, type NodeListCalls } from "../../lib/aws/list_nodes.ts";
import type { NodeInformation } from "../../lib/aws/ssm.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws, instances } from "../testkit/fake_aws.ts";

const A = "i-0aaaaaaaaaaaaaaaa";
const B = "i-0bbbbbbbbbbbbbbbb";
const C = "i-0cccccccccccccccc";
const M = "mi-0ddddddddddddddddd";

function failure(kind: AwsErrorKind): AwsCallError {
  return new AwsCallError({ action: "a:B", code: "C", kind, reason: "said" });
}

function callsOf(
  nodes: readonly NodeInformation[],
  names: Record<string, string> | AwsCallError = {},
): NodeListCalls & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    async *describeInstanceInformation() {
      for (const node of nodes) {
        log.push(node.id);
        yield node;
      }
    },
    namesOf(ids) {
      log.push(`names ${ids.join()}`);
      return names instanceof AwsCallError
        ? Promise.reject(names)
        : Promise.resolve(new Map(Object.entries(names)));
    },
  };
}

Deno.test("those online come first, then by name; nameless ones last", async () => {
  const calls = callsOf([
    { id: M, ping: "Online", name: "activation" },
    { id: A, ping: "ConnectionLost" },
    { id: C, ping: "Online", address: "10.0.0.3", computerName: "c" },
    { id: B, ping: "Online" },
  ], { [A]: "a", [B]: "web", [C]: "db" });
  const { nodes, more } = await listNodes(calls, 10);
  assert.deepEqual(
    nodes.map(({ id, name, state }) => [id, name, state]),
    [
      [C, "db", "Online"],
      [B, "web", "Online"],
      [M, undefined, "Online"],
      [A, "a", "ConnectionLost"],
    ],
  );
  assert.deepEqual(nodes[0], {
    id: C,
    name: "db",
    state: "Online",
    address: "10.0.0.3",
    computerName: "c",
  });
  assert.equal(more, false);
  assert.equal(calls.log.at(-1), `names ${A},${C},${B}`);
});

Deno.test("no more are fetched than one over the limit", async () => {
  const nodes = [A, B, C].map((id) => ({ id, ping: "Online" }));
  const calls = callsOf(nodes);
  const list = await listNodes(calls, 1);
  assert.deepEqual(list.nodes.map(({ id }) => id), [A]);
  assert.equal(list.more, true);
  assert.deepEqual(calls.log, [A, B, `names ${A}`]);
  assert.equal((await listNodes(callsOf(nodes), 3)).more, false);
});

Deno.test("EC2 is asked for names only where there are instances, and may refuse", async () => {
  const managed = callsOf([{ id: M, ping: "Online" }]);
  assert.equal((await listNodes(managed, 9)).nodes.length, 1);
  assert.deepEqual(managed.log, [M]);
  assert.deepEqual(await listNodes(callsOf([]), 9), { nodes: [], more: false });

  for (const kind of ["access-denied", "network"] as const) {
    const calls = callsOf([{ id: A, ping: "Online" }], failure(kind));
    const { nodes } = await listNodes(calls, 9);
    assert.deepEqual(nodes.map(({ id, name }) => [id, name]), [[A, undefined]]);
  }
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assert.rejects(
    listNodes(
      callsOf([{ id: A, ping: "Online" }], failure("network")),
      9,
      controller.signal,
    ),
    /enough/,
  );
});

Deno.test("AWS is asked for a page of nodes and for the names of those", async () => {
  await using fake = new FakeAws({
    "ssm:DescribeInstanceInformation": () => ({
      json: {
        InstanceInformationList: [
          { InstanceId: A, PingStatus: "Online", IPAddress: "10.0.0.1" },
          { InstanceId: B, PingStatus: "Online" },
        ],
      },
    }),
    "ec2:DescribeInstances": () =>
      instances(
        { id: A, state: "running", name: "web" },
        { id: B, state: "running" },
      ),
  });
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  const { nodes } = await aws.listNodes(50);
  assert.deepEqual(nodes.map(({ id, name }) => [id, name]), [
    [A, "web"],
    [B, undefined],
  ]);
  const input = fake.of("ec2:DescribeInstances")[0]?.input ?? {};
  assert.equal(input["Filter.1.Name"], "instance-id");
  assert.equal(input["Filter.1.Value.1"], A);
  assert.equal(input["Filter.1.Value.2"], B);
});
