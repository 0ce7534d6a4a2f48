import assert from "node:assert/strict";
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from "@aws-sdk/client-ssm";
import { makeNodes, parseNodes } from "../../../lib/simulator/fleet.ts";
import { startTestSimulator, type TestSimulator } from "../api_clients.ts";

const nodes = parseNodes([
  "id=i-00000000000000001,name=web,tag:role=front,computer=web.internal",
  "id=i-00000000000000002,name=db,tag:role=back,platform=Windows",
  "id=i-00000000000000003,name=old,tag:role=back,offline",
  "id=i-00000000000000004,name=idle,tag:role=back,inactive",
  "id=i-00000000000000005,name=api,tag:role=back",
]);
const web = "i-00000000000000001";

/** POSIX scripts need a shell. */
const ignore = Deno.build.os === "windows";

async function send(
  t: TestSimulator,
  commands: string[],
  more: Partial<SendCommandCommandInput> = { InstanceIds: [web] },
): Promise<string> {
  const { Command } = await t.ssm.send(
    new SendCommandCommand({
      DocumentName: "AWS-RunShellScript",
      ...more,
      Parameters: { commands, ...more.Parameters },
    }),
  );
  return Command?.CommandId ?? "";
}

async function ended(
  t: TestSimulator,
  CommandId: string,
  InstanceId = web,
): Promise<GetCommandInvocationCommandOutput> {
  for (;;) {
    try {
      const answer = await t.ssm.send(
        new GetCommandInvocationCommand({ CommandId, InstanceId }),
      );
      if (!/Pending|InProgress|Cancelling/.test(answer.Status ?? "")) {
        return answer;
      }
    } catch (error) {
      if ((error as Error).name !== "InvocationDoesNotExist") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("a script runs, and its invocation and its command tell how", {
  ignore,
}, async () => {
  await using t = await startTestSimulator({ nodes, pace: "fast" });
  const id = await send(t, ["echo out $HOSTNAME", "echo err >&2", "exit 3"]);
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const answer = await ended(t, id);
  assert.equal(answer.Status, "Failed");
  assert.equal(answer.StatusDetails, "Failed");
  assert.equal(answer.ResponseCode, 3);
  assert.equal(answer.StandardOutputContent, "out web.internal\n");
  assert.equal(
    answer.StandardErrorContent,
    "err\nfailed to run commands: exit status 3",
  );
  assert.equal(answer.PluginName, "aws:runShellScript");
  const list = await t.ssm.send(
    new ListCommandInvocationsCommand({ CommandId: id, Details: true }),
  );
  const [one] = list.CommandInvocations ?? [];
  assert.equal(one?.InstanceName, "web.internal");
  assert.equal(one?.CommandPlugins?.[0]?.ResponseCode, 3);
  assert.equal(
    one?.CommandPlugins?.[0]?.Output,
    "out web.internal\n\n----------ERROR-------\n" +
      "err\nfailed to run commands: exit status 3",
  );
  const commands = await t.ssm.send(new ListCommandsCommand({ CommandId: id }));
  assert.equal(commands.Commands?.[0]?.Status, "Failed");
  assert.equal(commands.Commands?.[0]?.ErrorCount, 1);
});

Deno.test("long output is cut as agent and service cut it", {
  ignore,
}, async () => {
  await using t = await startTestSimulator({ nodes, pace: "fast" });
  const print = (bytes: number) => `head -c ${bytes} /dev/zero | tr '\\0' x`;
  const most = await ended(t, await send(t, [print(23_999)]));
  assert.equal(most.StandardOutputContent, "x".repeat(23_999));
  const id = await send(t, [print(24_000), `{ ${print(9_000)}; } >&2`]);
  const cut = await ended(t, id);
  assert.equal(
    cut.StandardOutputContent,
    "x".repeat(23_980) + "--output truncated--",
  );
  assert.equal(cut.StandardErrorContent, "x".repeat(8_000));
  const list = await t.ssm.send(
    new ListCommandInvocationsCommand({ CommandId: id, Details: true }),
  );
  const output = list.CommandInvocations?.[0]?.CommandPlugins?.[0]?.Output;
  assert.ok((output?.length ?? 0) <= 2500);
  assert.match(
    output ?? "",
    /^x+\n---Output truncated---\n----------ERROR-------\nx+\n---Error truncated----$/,
  );
});

Deno.test("time-outs and cancelling kill the whole script", {
  ignore,
}, async () => {
  await using t = await startTestSimulator({ nodes, pace: "fast" });
  const late = await ended(
    t,
    await send(t, ["echo begun", "sleep 60 & sleep 60"], {
      InstanceIds: [web],
      Parameters: { executionTimeout: ["1"] },
    }),
  );
  assert.equal(late.Status, "TimedOut");
  assert.equal(late.StatusDetails, "ExecutionTimedOut");
  assert.equal(late.ResponseCode, 137);
  assert.equal(late.StandardOutputContent, "begun\n");
  const slow = await send(t, ["echo begun", "sleep 60 & sleep 60"]);
  let begun = false;
  while (!begun) {
    const { CommandInvocations = [] } = await t.ssm.send(
      new ListCommandInvocationsCommand({ CommandId: slow }),
    );
    begun = CommandInvocations[0]?.Status === "InProgress";
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await t.ssm.send(new CancelCommandCommand({ CommandId: slow }));
  const answer = await ended(t, slow);
  assert.equal(answer.Status, "Cancelled");
  assert.equal(answer.ResponseCode, 137);
});

Deno.test("targets choose nodes, and tell why some do not begin", async () => {
  await using t = await startTestSimulator({
    nodes,
    pace: "fast",
    scripts: "imitated",
  });
  const id = await send(t, ["hostname"], {
    Targets: [{ Key: "tag:role", Values: ["back"] }],
    TimeoutSeconds: 30,
  });
  await ended(t, id, "i-00000000000000005");
  const { CommandInvocations = [] } = await t.ssm.send(
    new ListCommandInvocationsCommand({ CommandId: id, Details: true }),
  );
  assert.deepEqual(
    Object.fromEntries(CommandInvocations.map((each) => [
      each.InstanceId?.slice(-1),
      each.StatusDetails,
    ])),
    { 2: "InvalidPlatform", 3: "Undeliverable", 4: "Pending", 5: "Success" },
  );
  const failed = await t.ssm.send(
    new ListCommandInvocationsCommand({
      CommandId: id,
      Filters: [{ key: "Status", value: "Undeliverable" }],
    }),
  );
  assert.equal(failed.CommandInvocations?.length, 1);
  const none = await send(t, ["true"], {
    Targets: [{ Key: "tag:role", Values: ["nobody"] }],
  });
  const commands = await t.ssm.send(
    new ListCommandsCommand({ CommandId: none }),
  );
  assert.equal(commands.Commands?.[0]?.StatusDetails, "NoInstancesInTag");
});

Deno.test("MaxConcurrency and MaxErrors hold", async () => {
  await using t = await startTestSimulator({
    nodes: makeNodes(200).map((node) => ({
      ...node,
      platform: "Linux" as const,
      ping: "Online" as const,
    })),
    pace: "fast",
  });
  const id = await send(t, ["false"], {
    Targets: [{ Key: "tag:role", Values: ["web", "api", "db"] }],
    MaxConcurrency: "10",
    MaxErrors: "5%",
  });
  let command;
  do {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const answer = await t.ssm.send(new ListCommandsCommand({ CommandId: id }));
    command = answer.Commands?.[0];
  } while (command?.Status === "Pending" || command?.Status === "InProgress");
  assert.equal(command?.TargetCount, 120);
  assert.equal(command?.CompletedCount, 120);
  assert.equal(command?.StatusDetails, "Failed");
  // 6 errors are allowed; what runs when the seventh comes ends too.
  const errors = command?.ErrorCount ?? 0;
  assert.ok(errors >= 7 && errors <= 17, String(errors));
});

Deno.test("SendCommand refuses what AWS refuses", async () => {
  await using t = await startTestSimulator({ nodes, pace: "fast" });
  const refused = async (
    more: Partial<SendCommandCommandInput>,
    name: string,
  ) => {
    await assert.rejects(send(t, ["true"], more), { name });
  };
  await refused({}, "ValidationException");
  await refused({
    InstanceIds: [web],
    Targets: [{ Key: "tag:role", Values: ["front"] }],
  }, "ValidationException");
  await refused(
    { InstanceIds: ["i-00000000000000003"] },
    "InvalidInstanceId",
  );
  await refused({ InstanceIds: [web, web] }, "DuplicateInstanceId");
  await refused(
    { InstanceIds: ["i-00000000000000002"] },
    "UnsupportedPlatformType",
  );
  await refused(
    { InstanceIds: [web], DocumentName: "Nothing" },
    "InvalidDocument",
  );
  await refused(
    { InstanceIds: [web], MaxErrors: "101%" },
    "ValidationException",
  );
  await refused(
    { InstanceIds: [web], TimeoutSeconds: 29 },
    "ValidationException",
  );
  await refused(
    { Targets: [{ Key: "resource-groups:Name", Values: ["x"] }] },
    "ValidationException",
  );
  await refused(
    { InstanceIds: Array.from({ length: 51 }, (_, i) => `i-${i + 1e16}`) },
    "ValidationException",
  );
  await assert.rejects(send(t, ["x".repeat(70_000)]), {
    name: "MaxDocumentSizeExceeded",
  });
});

Deno.test("no more calls per second than the limit", async () => {
  await using t = await startTestSimulator({ nodes, apiRate: 3 });
  const call = () => t.ssm.send(new ListCommandsCommand({}));
  const ends = await Promise.allSettled([call(), call(), call(), call()]);
  assert.deepEqual(
    ends.map(({ status }) => status).sort(),
    ["fulfilled", "fulfilled", "fulfilled", "rejected"],
  );
  const refused = ends.find((end) => end.status === "rejected");
  assert.equal(refused?.reason.name, "ThrottlingException");
});
