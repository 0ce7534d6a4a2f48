import assert from "node:assert/strict";
import {
  DescribeInstanceInformationCommand,
  type DescribeInstanceInformationCommandInput,
  type InstanceInformationStringFilter,
  paginateDescribeInstanceInformation,
} from "@aws-sdk/client-ssm";
import { makeNodes, parseNodes } from "../../../lib/simulator/fleet.ts";
import { startTestSimulator, type TestSimulator } from "../api_clients.ts";

const nodes = parseNodes([
  "id=i-00000000000000001,name=web,tag:role=front",
  "id=i-00000000000000002,name=db,tag:role=back,platform=Windows,agent=3.1.0.0",
  "id=i-00000000000000003,name=db,tag:role=back,offline",
  "id=i-00000000000000004,name=ghost,unregistered",
  "id=mi-00000000000000005,name=rack",
]);

async function ids(
  t: TestSimulator,
  input: DescribeInstanceInformationCommandInput,
): Promise<string[]> {
  const answer = await t.ssm.send(
    new DescribeInstanceInformationCommand(input),
  );
  return (answer.InstanceInformationList ?? []).map((node) =>
    (node.InstanceId ?? "").replace(/-0+/, "-")
  );
}

Deno.test("DescribeInstanceInformation tells what Session Manager knows of a node", async () => {
  await using t = await startTestSimulator({ nodes });
  const answer = await t.ssm.send(new DescribeInstanceInformationCommand({}));
  const list = answer.InstanceInformationList ?? [];
  assert.equal(list.length, 4, "all but the one that was never registered");
  assert.equal(answer.NextToken, undefined);
  const [web, windows, offline, managed] = list;
  assert.ok(web && windows && offline && managed);
  assert.equal(web.PingStatus, "Online");
  assert.equal(web.PlatformType, "Linux");
  assert.equal(web.ResourceType, "EC2Instance");
  assert.equal(web.Name, undefined);
  assert.equal(web.ComputerName, "web.internal");
  assert.equal(web.IsLatestVersion, true);
  assert.match(web.IPAddress ?? "", /^10\./);
  assert.equal(windows.PlatformType, "Windows");
  assert.equal(windows.AgentVersion, "3.1.0.0");
  assert.equal(windows.IsLatestVersion, false);
  assert.equal(offline.PingStatus, "ConnectionLost");
  const silent = Date.now() - (offline.LastPingDateTime?.getTime() ?? 0);
  assert.ok(silent > 3600_000, "offline since long");
  assert.equal(managed.ResourceType, "ManagedInstance");
  assert.equal(managed.Name, "rack");
  assert.ok(managed.RegistrationDate instanceof Date);
});

Deno.test("filters of both styles choose nodes", async () => {
  await using t = await startTestSimulator({ nodes });
  const filtered = (...Filters: InstanceInformationStringFilter[]) =>
    ids(t, { Filters });
  assert.deepEqual(await filtered({ Key: "tag:Name", Values: ["db"] }), [
    "i-2",
    "i-3",
  ]);
  assert.deepEqual(await filtered({ Key: "tag:Name", Values: ["DB"] }), []);
  assert.deepEqual(await filtered({ Key: "tag:Name", Values: ["d*"] }), []);
  assert.deepEqual(
    await filtered({ Key: "tag:Name", Values: ["ghost"] }),
    [],
  );
  assert.deepEqual(
    await filtered(
      { Key: "tag:Name", Values: ["db", "web"] },
      { Key: "tag:role", Values: ["front"] },
    ),
    ["i-1"],
  );
  assert.deepEqual(await filtered({ Key: "tag-key", Values: ["role"] }), [
    "i-1",
    "i-2",
    "i-3",
  ]);
  assert.deepEqual(
    await filtered({ Key: "tag-key", Values: ["toString"] }),
    [],
  );
  assert.deepEqual(
    await filtered({
      Key: "InstanceIds",
      Values: ["i-00000000000000002", "mi-00000000000000005"],
    }),
    ["i-2", "mi-5"],
  );
  // A well-formed id that nobody has is no error.
  assert.deepEqual(
    await filtered({ Key: "InstanceIds", Values: ["i-0000000a"] }),
    [],
  );
  assert.deepEqual(
    await filtered(
      { Key: "PingStatus", Values: ["Online"] },
      { Key: "PlatformTypes", Values: ["Linux"] },
    ),
    ["i-1", "mi-5"],
  );
  assert.deepEqual(
    await filtered({ Key: "ResourceType", Values: ["ManagedInstance"] }),
    ["mi-5"],
  );
  assert.deepEqual(
    await filtered({ Key: "AgentVersion", Values: ["3.1.0.0"] }),
    ["i-2"],
  );
  assert.deepEqual(
    await ids(t, {
      InstanceInformationFilterList: [
        { key: "PlatformTypes", valueSet: ["Windows"] },
      ],
    }),
    ["i-2"],
  );
});

Deno.test("wrong filters and limits get the errors of the model", async () => {
  await using t = await startTestSimulator({ nodes });
  const one = (Key: string, ...Values: string[]) => ({
    Filters: [{ Key, Values }],
  });
  const old = { key: "InstanceIds" as const, valueSet: ["i-00000000"] };
  const refused: [DescribeInstanceInformationCommandInput, string][] = [
    [one("Colour", "red"), "InvalidFilterKey"],
    [one("tag:", "x"), "InvalidFilterKey"],
    [
      {
        Filters: [
          { Key: "tag:Name", Values: ["db"] },
          { Key: "PingStatus", Values: ["Online"] },
        ],
      },
      "InvalidFilterKey",
    ],
    [one("PingStatus", "Asleep"), "InvalidInstanceInformationFilterValue"],
    [one("InstanceIds", "web-server"), "InvalidInstanceId"],
    [one("tag:Name"), "ValidationException"],
    [one("tag:Name", ""), "ValidationException"],
    [one("tag:Name", ...Array(101).fill("x")), "ValidationException"],
    [
      { ...one("tag:Name", "x"), InstanceInformationFilterList: [old] },
      "ValidationException",
    ],
    [
      {
        InstanceInformationFilterList: [
          { ...old, key: "tag:Name" as "InstanceIds" },
        ],
      },
      "ValidationException",
    ],
    [{ MaxResults: 4 }, "ValidationException"],
    [{ MaxResults: 51 }, "ValidationException"],
    [{ NextToken: "bm90IG91cnM=" }, "InvalidNextToken"],
    [{ NextToken: "" }, "InvalidNextToken"],
  ];
  for (const [input, name] of refused) {
    await assert.rejects(
      t.ssm.send(new DescribeInstanceInformationCommand(input)),
      { name },
      JSON.stringify(input),
    );
  }
});

Deno.test("pages hold what was asked for, each node once, and tokens are bound to their question", async () => {
  const many = makeNodes(123);
  await using t = await startTestSimulator({ nodes: many });
  const seen: string[] = [];
  const sizes: number[] = [];
  for await (
    const page of paginateDescribeInstanceInformation(
      { client: t.ssm, pageSize: 50 },
      {},
    )
  ) {
    const list = page.InstanceInformationList ?? [];
    sizes.push(list.length);
    for (const node of list) seen.push(node.InstanceId ?? "");
  }
  assert.deepEqual(sizes, [50, 50, 23]);
  assert.deepEqual(seen, many.map((node) => node.id));

  const first = await t.ssm.send(new DescribeInstanceInformationCommand({}));
  assert.equal(first.InstanceInformationList?.length, 10, "the default");
  assert.ok(first.NextToken !== undefined);
  await assert.rejects(
    t.ssm.send(
      new DescribeInstanceInformationCommand({
        NextToken: first.NextToken,
        Filters: [{ Key: "PlatformTypes", Values: ["Linux"] }],
      }),
    ),
    { name: "InvalidNextToken" },
  );
});
