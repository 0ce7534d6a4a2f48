import assert from "node:assert/strict";
import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeVpcsCommand,
  type Filter,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { makeNodes, parseNodes } from "../../../lib/simulator/fleet.ts";
import { startTestSimulator, type TestSimulator } from "../api_clients.ts";

const nodes = parseNodes([
  "id=i-00000000000000001,name=web <1> & \\, co,address=10.1.1.1,public=203.0.113.9",
  "id=i-00000000000000002,name=web-2,stopped,platform=Windows",
  "id=i-00000000000000003,name=ghost,unregistered,computer=ghost.internal",
  "id=i-00000000000000004,name=gone,terminated",
  "id=mi-00000000000000005,name=rack",
]);

async function ids(
  t: TestSimulator,
  input: DescribeInstancesCommandInput,
): Promise<string[]> {
  const answer = await t.ec2.send(new DescribeInstancesCommand(input));
  return (answer.Reservations ?? []).flatMap((reservation) =>
    (reservation.Instances ?? []).map((instance) =>
      (instance.InstanceId ?? "").replace(/-0+/, "-")
    )
  );
}

Deno.test("DescribeInstances tells EC2's side of a node", async () => {
  await using t = await startTestSimulator({ nodes });
  const answer = await t.ec2.send(new DescribeInstancesCommand({}));
  const instances = (answer.Reservations ?? []).flatMap((r) =>
    r.Instances ?? []
  );
  assert.equal(instances.length, 4, "all but the mi- node");
  const [web, stopped, ghost, gone] = instances;
  assert.ok(web && stopped && ghost && gone);
  assert.deepEqual(web.State, { Code: 16, Name: "running" });
  assert.deepEqual(web.Tags, [{ Key: "Name", Value: "web <1> & , co" }]);
  assert.equal(web.PrivateIpAddress, "10.1.1.1");
  assert.ok(web.LaunchTime instanceof Date);
  assert.equal(stopped.State?.Name, "stopped");
  assert.equal(stopped.Platform?.toLowerCase(), "windows");
  assert.match(ghost.PrivateDnsName ?? "", /^ip-10(-\d+){3}\.ec2\.internal$/);
  assert.deepEqual([web.PublicIpAddress, web.PublicDnsName], [
    "203.0.113.9",
    "ec2-203-0-113-9.compute-1.amazonaws.com",
  ]);
  assert.equal(gone.State?.Name, "terminated");
  assert.equal(gone.PrivateIpAddress, undefined);
});

Deno.test("EC2 filters choose instances, with wildcards", async () => {
  await using t = await startTestSimulator({ nodes });
  const filtered = (...Filters: Filter[]) => ids(t, { Filters });
  const by = (Name: string, ...Values: string[]) => ({ Name, Values });
  assert.deepEqual(await filtered(by("tag:Name", "web-2")), ["i-2"]);
  assert.deepEqual(await filtered(by("tag:Name", "web*")), ["i-1", "i-2"]);
  assert.deepEqual(await filtered(by("tag:Name", "web??")), ["i-2"]);
  assert.deepEqual(await filtered(by("tag:Name", "web\\*")), []);
  assert.deepEqual(await filtered(by("tag:Name", "web.2", "WEB-2")), []);
  assert.deepEqual(await filtered(by("tag:Owner", "*")), []);
  assert.deepEqual(await filtered(by("tag-key", "Name")), [
    "i-1",
    "i-2",
    "i-3",
    "i-4",
  ]);
  assert.deepEqual(await filtered(by("private-ip-address", "10.1.1.1")), [
    "i-1",
  ]);
  for (
    const [name, value] of [
      ["private-dns-name", "ip-10-1-1-1.ec2.internal"],
      ["ip-address", "203.0.113.9"],
      ["dns-name", "ec2-203-0-113-9.*"],
    ] as const
  ) assert.deepEqual(await filtered(by(name, value)), ["i-1"], name);
  assert.deepEqual(
    await filtered(
      by("instance-state-name", "running", "stopped"),
      by("instance-id", "i-00000000000000002", "i-00000000000000004"),
    ),
    ["i-2"],
  );
  assert.deepEqual(
    await ids(t, { InstanceIds: ["i-00000000000000003"] }),
    ["i-3"],
  );
});

Deno.test("EC2's own errors come in EC2's own shape", async () => {
  await using t = await startTestSimulator({ nodes });
  const refused: [DescribeInstancesCommandInput, string, RegExp][] = [
    [
      { InstanceIds: ["i-00000000000000009"] },
      "InvalidInstanceID.NotFound",
      /'i-00000000000000009' does not exist/,
    ],
    [{ InstanceIds: ["<web>"] }, "InvalidInstanceID.Malformed", /"<web>"/],
    [
      { Filters: [{ Name: "colour", Values: ["red"] }] },
      "InvalidParameterValue",
      /'colour' is invalid/,
    ],
    [{ MaxResults: 4 }, "InvalidParameterValue", /between 5 and 1000/],
    [
      { MaxResults: 5, InstanceIds: ["i-00000000000000001"] },
      "InvalidParameterCombination",
      /maxResults/,
    ],
    [{ NextToken: "x" }, "InvalidParameterValue", /token/],
  ];
  for (const [input, name, message] of refused) {
    await assert.rejects(
      t.ec2.send(new DescribeInstancesCommand(input)),
      { name, message },
    );
  }
  await assert.rejects(
    t.ec2.send(new DescribeVpcsCommand({})),
    { name: "InvalidAction" },
  );
});

Deno.test("EC2 pages hold each instance once", async () => {
  const many = makeNodes(60);
  await using t = await startTestSimulator({ nodes: many });
  const seen: string[] = [];
  for await (
    const page of paginateDescribeInstances(
      { client: t.ec2, pageSize: 25 },
      {},
    )
  ) {
    for (const reservation of page.Reservations ?? []) {
      for (const instance of reservation.Instances ?? []) {
        seen.push(instance.InstanceId ?? "");
      }
    }
  }
  assert.deepEqual(
    seen,
    many.map((node) => node.id).filter((id) => id.startsWith("i-")),
  );
});
