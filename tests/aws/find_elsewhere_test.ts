import assert from "node:assert/strict";
import {
  type ElsewhereCalls,
  findElsewhere,
  soughtBy,
} from "../../lib/aws/find_elsewhere.ts";
import type { NodeInformation } from "../../lib/aws/ssm.ts";

const id = "i-0123456789abcdef0";
const sought = [{ key: "InstanceIds", values: [id] }];

/** What a region answers. */
type Region = "has it" | "has it not" | "denied" | "silent";

function account(
  regions: Readonly<Record<string, Region>>,
): ElsewhereCalls & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    regions: () =>
      Promise.resolve({ own: "us-east-1", regions: Object.keys(regions) }),
    async *nodes(region, filters, signal): AsyncGenerator<NodeInformation> {
      asked.push(region);
      assert.deepEqual(filters, sought);
      const answer = regions[region];
      if (answer === "denied") throw new Error("AccessDenied");
      if (answer === "silent") {
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
      }
      if (answer === "has it") yield { id, ping: "Online" };
    },
  };
}

const never = new AbortController().signal;

Deno.test("elsewhere: all regions but the own are asked, and refusals say nothing", async () => {
  const calls = account({
    "us-east-1": "has it",
    "eu-west-1": "has it",
    "eu-north-1": "denied",
    "eu-central-1": "has it not",
    "ap-south-1": "has it",
  });
  assert.deepEqual(await findElsewhere(sought, calls, never), [
    "eu-west-1",
    "ap-south-1",
  ]);
  assert.deepEqual(calls.asked, [
    "eu-west-1",
    "eu-north-1",
    "eu-central-1",
    "ap-south-1",
  ]);
});

Deno.test("elsewhere: a region that is silent is not waited for longer than the limit", async () => {
  const calls = account({ "eu-west-1": "silent", "eu-north-1": "has it" });
  assert.deepEqual(await findElsewhere(sought, calls, never, 20), [
    "eu-north-1",
  ]);
});

Deno.test("elsewhere: where the regions are not told there is nothing, and no error", async () => {
  const calls: ElsewhereCalls = {
    ...account({}),
    regions: () => Promise.reject(new Error("AccessDenied")),
  };
  assert.deepEqual(await findElsewhere(sought, calls, never), []);
  const gone = AbortSignal.abort(new Error("gone"));
  assert.deepEqual(
    await findElsewhere(sought, account({ "eu-west-1": "silent" }), gone),
    [],
  );
});

Deno.test("elsewhere: what a target's text looks for", () => {
  const tag = (key: string, ...values: string[]) => [{ key, values }];
  for (
    const [text, expected] of [
      [id, tag("InstanceIds", id)],
      [`id:${id}`, tag("InstanceIds", id)],
      ["web-server", tag("tag:Name", "web-server")],
      ["name:i-am-no-id", tag("tag:Name", "i-am-no-id")],
      ["tag:Env=prod", tag("tag:Env", "prod")],
      ["asg:workers", tag("tag:aws:autoscaling:groupName", "workers")],
      ["10.0.0.5", undefined],
      ["i-xyz", tag("tag:Name", "i-xyz")],
      ["i-0123", undefined],
      ["ecs:prod/web", undefined],
    ] as const
  ) assert.deepEqual(soughtBy(text), expected, text);
});
