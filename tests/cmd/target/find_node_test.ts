import assert from "node:assert/strict";
import { describeError } from "../../../cmd/errors.ts";
import { findNode } from "../../../cmd/target/find_node.ts";
import type { TargetUse } from "../../../cmd/target/target.ts";
import { Places } from "../../../cmd/target/places.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import type { TargetCandidate } from "../../../lib/aws/target.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";
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

function candidate(
  id: string,
  more: Partial<TargetCandidate> = {},
): TargetCandidate {
  return {
    id,
    name: "web",
    state: "Online",
    address: "10.0.0.1",
    computerName: undefined,
    ...more,
  };
}

/** Answers a question in one region, by `kind` or `kind region`. */
function answers(
  context: TestContext,
  known: Readonly<Record<string, readonly TargetCandidate[] | Error>>,
) {
  const asked: string[] = [];
  context.onLookUp = (step, _signal, at) => {
    asked.push(`${step.kind} ${at?.region}`);
    const found = known[`${step.kind} ${at?.region}`] ?? [];
    return found instanceof Error
      ? Promise.reject(found)
      : Promise.resolve({ candidates: found, complete: true });
  };
  return asked;
}

async function find(
  context: TestContext,
  target: string,
  use: Partial<TargetUse> = {},
) {
  const said: string[] = [];
  using places = await Places.open(context, connection, {
    say: (line) => said.push(line),
    detail() {},
  });
  const { place, ...node } = await findNode(context, places, {
    target,
    command: "ssm shell",
    connection,
    ...use,
  }, context.signal);
  return { ...node, region: place.connection.region, said };
}

async function failure(
  context: TestContext,
  target: string,
  use?: Partial<TargetUse>,
) {
  return describeError(
    await find(context, target, use).then(
      ({ id }) => new Error(`found ${id}`),
      (error: unknown) => error,
    ),
  );
}

function unattended(): TestContext {
  return new TestContext(new MemoryTerminal({ interactive: false }));
}

const denied = new AwsCallError({
  action: "ssm:DescribeInstanceInformation",
  code: "AccessDenied",
  kind: "access-denied",
  reason: "no",
});

Deno.test("a name in one of several regions is found there, after all were asked one thing", async () => {
  const context = unattended();
  const asked = answers(context, {
    "tags eu-west-1": [candidate(A, { platform: "Linux" })],
  });
  const { id, name, platform, region } = await find(context, "web");
  assert.deepEqual([id, name, platform, region], [
    A,
    "web",
    "Linux",
    "eu-west-1",
  ]);
  assert.deepEqual(asked, ["tags us-east-1", "tags eu-west-1"]);
});

Deno.test("a name in two regions is ambiguous, and the hint says which one it means", async () => {
  const context = unattended();
  answers(context, {
    "tags us-east-1": [candidate(A, { state: "ConnectionLost" })],
    "tags eu-west-1": [candidate(B), candidate(A)],
  });
  assert.deepEqual(await failure(context, "web"), {
    message: "Cannot choose a node: 3 have the name web",
    details: [
      `eu-west-1  ${B}  Online          10.0.0.1  -`,
      `eu-west-1  ${A}  Online          10.0.0.1  -`,
      `us-east-1  ${A}  ConnectionLost  10.0.0.1  -`,
    ],
    hints: [`ssm shell ${B} --region eu-west-1`],
    exitCode: 125,
  });
});

Deno.test("in a terminal one of them is chosen, with its Name tag where the lookup does not tell it", async () => {
  const context = new TestContext();
  answers(context, {
    "tags us-east-1": [candidate(A, { name: undefined })],
    "tags eu-west-1": [candidate(B, { name: undefined })],
  });
  context.onNames = (ids) =>
    Promise.resolve(new Map(ids[0] === B ? [[B, "blue"]] : []));
  context.terminal.type("2\n");
  const { id, name, region } = await find(context, "tag:Role=web");
  assert.deepEqual([id, name, region], [B, "blue", "eu-west-1"]);
  assert.match(
    context.terminal.errorText,
    /^2 nodes have the tag Role=web:\n {2}1 {2}us-east-1 {2}- .*\n {2}2 {2}eu-west-1 {2}blue /,
  );
});

Deno.test("what no region knows is asked everywhere, and near names are suggested once", async () => {
  const context = unattended();
  const asked = answers(context, {});
  context.onNearNames = () => Promise.resolve(["web"]);
  assert.deepEqual(await failure(context, "wob"), {
    message: "Cannot find a node named wob: none of 2 regions searched has " +
      "one; did you mean web?",
    details: [],
    hints: ["ssm shell web --region us-east-1 --all-regions"],
    exitCode: 125,
  });
  assert.deepEqual(
    asked,
    ["tags", "instances", "scan"].flatMap((kind) => [
      `${kind} us-east-1`,
      `${kind} eu-west-1`,
    ]),
  );
});

Deno.test("an id is found where Session Manager knows it", async () => {
  const context = unattended();
  const asked = answers(context, { "id eu-west-1": [candidate(A)] });
  for (const target of [A, `id:${A}`]) {
    const { id, region } = await find(context, target);
    assert.deepEqual([id, region], [A, "eu-west-1"]);
  }
  assert.equal(asked.length, 4);
  assert.match(
    (await failure(unattended(), B)).message ?? "",
    /^Cannot find a node with the id i-0b+: none of 2 regions searched has one$/,
  );
});

Deno.test("a region that refuses hides no find, and does not count as searched", async () => {
  const context = unattended();
  answers(context, {
    "tags us-east-1": [candidate(A)],
    "tags eu-west-1": denied,
  });
  const { id, said } = await find(context, "web");
  assert.equal(id, A);
  assert.deepEqual(said, [
    "Not searched: eu-west-1: Cannot look up nodes: no",
  ]);
  answers(context, { "tags eu-west-1": denied });
  assert.match(
    (await failure(context, "nope")).message ?? "",
    /none of 1 region searched has one$/,
  );
});

Deno.test("EC2's refusal does not matter where Session Manager answers", async () => {
  const context = unattended();
  answers(context, {
    "instances us-east-1": denied,
    "instances eu-west-1": denied,
    "scan eu-west-1": [candidate(A)],
  });
  const { id, said } = await find(context, "web");
  assert.equal(id, A);
  assert.deepEqual(said, []);
});

Deno.test("what was not looked at unasked can be asked for", async () => {
  const context = unattended();
  context.onLookUp = ({ kind }) =>
    Promise.resolve({ candidates: [], complete: kind !== "scan" });
  assert.deepEqual((await failure(context, "web")).hints, [
    "ssm shell host:web --region us-east-1 --all-regions",
  ]);
});

Deno.test("where tags need their prefix, a name that looks like one says so", async () => {
  const context = unattended();
  const asked = answers(context, {});
  const { hints } = await failure(context, "Role=web", {
    command: "ssm forward",
    rest: "--remote 80",
    grammar: { bareTags: false },
  });
  assert.deepEqual(hints, [
    "ssm forward tag:Role=web --remote 80 --region us-east-1 --all-regions",
  ]);
  assert.equal(asked.filter((each) => each.startsWith("tags")).length, 2);
  // One that is there is not said twice.
  const there = await failure(context, "tag:Role=web", {
    command: "ssm forward",
    rest: "--remote 80",
    grammar: { bareTags: false },
  });
  assert.doesNotMatch(there.hints.join(), /tag:tag:/);
});

Deno.test("several nodes with a tag may be meant, all of them, where a command takes many", async () => {
  const context = unattended();
  answers(context, { "tags us-east-1": [candidate(A), candidate(B)] });
  for (const target of ["Role=web app", "tag:Role:web app"]) {
    const { hints } = await failure(context, target, {
      command: "ssm exec",
      rest: "-- …",
    });
    assert.deepEqual(hints, [
      `ssm exec ${A} --region us-east-1 -- …`,
      "ssm exec --tag 'Role=web app' --region us-east-1 --all-regions -- …",
    ]);
  }
  assert.equal((await failure(context, "tag:Role=web")).hints.length, 1);
});
