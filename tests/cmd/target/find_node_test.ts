import assert from "node:assert/strict";
import { describeError } from "../../../cmd/errors.ts";
import { findNode } from "../../../cmd/target/find_node.ts";
import { Places } from "../../../cmd/target/places.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import {
  AmbiguousTargetError,
  TargetNotFoundError,
} from "../../../lib/aws/target.ts";
import { TestContext } from "../../testkit/context.ts";

const connection = {
  profile: undefined,
  region: "us-east-1",
  allRegions: true,
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;
const A = "i-0aaaaaaaaaaaaaaaa";
const B = "i-0bbbbbbbbbbbbbbbb";

const none = (text: string, near: readonly string[] = []) =>
  Promise.reject(new TargetNotFoundError(text, near, "nowhere"));

function candidate(id: string) {
  return {
    id,
    name: "web",
    state: "Online",
    address: "10.0.0.1",
    computerName: undefined,
  };
}

async function find(context: TestContext, target: string) {
  using places = await Places.open(context, connection);
  const use = { target, command: "ssm shell", connection };
  const { place, ...node } = await findNode(places, use, context.signal);
  return { ...node, region: place.connection.region };
}

async function failure(context: TestContext, target: string) {
  return describeError(
    await find(context, target).then(
      ({ id }) => new Error(`found ${id}`),
      (error: unknown) => error,
    ),
  );
}

Deno.test("a name in one of several regions is found there, after all were asked", async () => {
  const context = new TestContext();
  const asked: (string | undefined)[] = [];
  context.onResolve = (text, _signal, at) => {
    asked.push(at?.region);
    return at?.region === "eu-west-1"
      ? Promise.resolve({ id: A, name: text })
      : none(text);
  };
  assert.deepEqual(await find(context, "web"), {
    id: A,
    name: "web",
    region: "eu-west-1",
  });
  assert.deepEqual(asked, ["us-east-1", "eu-west-1"]);
});

Deno.test("a name in two regions is ambiguous, and the hint says which one it means", async () => {
  const context = new TestContext();
  context.onResolve = (text, _signal, at) =>
    at?.region === "us-east-1"
      ? Promise.resolve({ id: A, name: text })
      : Promise.reject(
        new AmbiguousTargetError(text, [candidate(B), candidate(A)]),
      );
  assert.deepEqual(await failure(context, "web"), {
    message: "Cannot choose a node: 3 are web",
    details: [
      `us-east-1  ${A}  -       -         -`,
      `eu-west-1  ${B}  Online  10.0.0.1  -`,
      `eu-west-1  ${A}  Online  10.0.0.1  -`,
    ],
    hints: [`ssm shell ${A} --region us-east-1`],
    exitCode: 125,
  });
});

Deno.test("a name that no region knows is looked for everywhere, and near ones are suggested once", async () => {
  const context = new TestContext();
  context.onResolve = (text) => none(text, ["web"]);
  assert.deepEqual(await failure(context, "wob"), {
    message: "Cannot find a node named wob: none of 2 regions searched has " +
      "one; did you mean web?",
    details: [],
    hints: ["ssm shell web --region us-east-1 --all-regions"],
    exitCode: 125,
  });
});

Deno.test("an id is found where Session Manager knows it, without a lookup of names", async () => {
  const context = new TestContext();
  context.onResolve = () => assert.fail("looked up by name");
  const asked: unknown[] = [];
  context.onNodes = async function* (filters, _signal, at) {
    asked.push([at?.region, filters]);
    if (at?.region === "eu-west-1") {
      yield { id: A, ping: "Online", platform: "Linux", agentVersion: "3.3" };
    }
  };
  for (const target of [A, `id:${A}`]) {
    assert.deepEqual(await find(context, target), {
      id: A,
      name: undefined,
      platform: "Linux",
      agentVersion: "3.3",
      region: "eu-west-1",
    });
  }
  assert.equal(asked.length, 4);
  assert.deepEqual(asked[0], [
    "us-east-1",
    [{ key: "InstanceIds", values: [A] }],
  ]);
  assert.match(
    (await failure(context, B)).message ?? "",
    /^Cannot find i-0b+: none of 2 regions searched has one$/,
  );
});

Deno.test("a region that refuses does not count as searched", async () => {
  const context = new TestContext();
  context.onResolve = (text, _signal, at) =>
    at?.region === "us-east-1" ? none(text) : Promise.reject(
      new AwsCallError({
        action: "ssm:DescribeInstanceInformation",
        code: "AccessDenied",
        kind: "access-denied",
        reason: "no",
      }),
    );
  assert.match(
    (await failure(context, "web")).message ?? "",
    /none of 1 regions searched has one$/,
  );
});
