import assert from "node:assert/strict";
import {
  DescribeSessionsCommand,
  GetConnectionStatusCommand,
  GetInventoryCommand,
  ResumeSessionCommand,
  type SSMClient,
  StartSessionCommand,
  type StartSessionCommandInput,
  TerminateSessionCommand,
} from "@aws-sdk/client-ssm";
import { defaultOptions } from "../../../lib/simulator/options.ts";
import { parseNodes } from "../../../lib/simulator/fleet.ts";
import { startTestSimulator } from "../api_clients.ts";

const web = "i-0123456789abcdef0";

function refusal(name: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
    assert.match(error.message, message);
    return true;
  };
}

async function start(
  ssm: SSMClient,
  input: Partial<StartSessionCommandInput> = {},
) {
  const answer = await ssm.send(
    new StartSessionCommand({ Target: web, ...input }),
  );
  const { SessionId: id, TokenValue: token, StreamUrl: url } = answer;
  assert.ok(id !== undefined && token !== undefined && url !== undefined);
  return { id, token, url };
}

Deno.test("StartSession gives id, token and stream URL of a registered session", async () => {
  await using t = await startTestSimulator();
  const { id, token, url } = await start(t.ssm, {
    Reason: "to see",
    DocumentName: "AWS-StartInteractiveCommand",
    Parameters: { command: ["top -b"] },
  });
  assert.match(id, /^simulator-[a-z0-9]{26}$/);
  assert.ok(url.endsWith(`/v1/data-channel/${id}`));
  const session = t.service.registry.get(id);
  assert.ok(session);
  assert.equal(session.node.id, web);
  assert.equal(session.documentName, "AWS-StartInteractiveCommand");
  assert.deepEqual(session.parameters, { command: ["top -b"] });
  assert.equal(session.reason, "to see");
  assert.deepEqual(t.simulator.activeSessions(), [id]);
  assert.equal(t.service.registry.takeToken(id, token), true);
});

Deno.test("StartSession knows the default document by name, by ARN and by silence", async () => {
  await using t = await startTestSimulator();
  for (
    const DocumentName of [
      undefined,
      "SSM-SessionManagerRunShell",
      "arn:aws:ssm:us-east-1:000000000000:document/SSM-SessionManagerRunShell",
    ]
  ) {
    const { id } = await start(
      t.ssm,
      DocumentName === undefined ? {} : { DocumentName },
    );
    assert.equal(
      t.service.registry.get(id)?.documentName,
      "SSM-SessionManagerRunShell",
    );
  }
});

Deno.test("StartSession refuses targets whose agent is not connected", async () => {
  await using t = await startTestSimulator({
    nodes: parseNodes([
      "id=i-00000000000000001,offline",
      "id=i-00000000000000002,stopped",
      "id=i-00000000000000003,unregistered",
      "id=i-00000000000000004,inactive",
    ]),
  });
  for (
    const Target of [
      "i-00000000000000001",
      "i-00000000000000002",
      "i-00000000000000003",
      "i-00000000000000004",
      "i-00000000000000009",
      "ecs:cluster_task_runtime",
    ]
  ) {
    await assert.rejects(
      start(t.ssm, { Target }),
      refusal(
        "TargetNotConnected",
        new RegExp(`^${Target} is not connected.$`),
      ),
    );
    const status = await t.ssm.send(new GetConnectionStatusCommand({ Target }));
    assert.deepEqual([status.Target, status.Status], [Target, "notconnected"]);
  }
  assert.deepEqual(t.simulator.activeSessions(), []);
});

Deno.test("GetConnectionStatus says connected for a healthy node", async () => {
  await using t = await startTestSimulator();
  const status = await t.ssm.send(
    new GetConnectionStatusCommand({ Target: web }),
  );
  assert.equal(status.Status, "connected");
});

Deno.test("StartSession checks documents and parameters before it begins anything", async () => {
  await using t = await startTestSimulator();
  const refused: [
    Partial<StartSessionCommandInput>,
    string,
    RegExp,
  ][] = [
    [{ DocumentName: "No-Such" }, "InvalidDocument", /No-Such does not exist/],
    [{ DocumentName: "toString" }, "InvalidDocument", /does not exist/],
    [{ DocumentName: "a b" }, "ValidationException", /documentName.*pattern/],
    [{ Target: "" }, "ValidationException", /'target'.*length greater/],
    [{ Target: "x".repeat(401) }, "ValidationException", /length less/],
    [{ Reason: "" }, "ValidationException", /'reason'/],
    [{ Reason: "x".repeat(257) }, "ValidationException", /'reason'/],
    [
      { Parameters: { command: ["x"] } },
      "InvalidParameters",
      /command is not defined in document SSM-SessionManagerRunShell/,
    ],
    [
      { DocumentName: "AWS-StartInteractiveCommand" },
      "InvalidParameters",
      /command.*required/,
    ],
    [
      {
        DocumentName: "AWS-StartInteractiveCommand",
        Parameters: { command: ["a", "b"] },
      },
      "InvalidParameters",
      /exactly one value/,
    ],
    [
      {
        DocumentName: "AWS-StartPortForwardingSession",
        Parameters: { portNumber: ["65536"] },
      },
      "InvalidParameters",
      /'65536' of portNumber/,
    ],
    [
      {
        DocumentName: "AWS-StartPortForwardingSessionToRemoteHost",
        Parameters: { portNumber: ["1"] },
      },
      "InvalidParameters",
      /host.*required/,
    ],
  ];
  for (const [input, name, message] of refused) {
    await assert.rejects(start(t.ssm, input), refusal(name, message));
  }
  assert.deepEqual(t.simulator.activeSessions(), []);
  // The same documents with what they need.
  await start(t.ssm, {
    DocumentName: "AWS-StartPortForwardingSessionToRemoteHost",
    Parameters: {
      host: ["db"],
      portNumber: ["65535"],
      localPortNumber: ["0"],
    },
  });
  await start(t.ssm, { DocumentName: "AWS-StartSSHSession" });
});

Deno.test("ResumeSession gives a new token and voids the old one", async () => {
  await using t = await startTestSimulator();
  const { id, token, url } = await start(t.ssm);
  const resumed = await t.ssm.send(
    new ResumeSessionCommand({ SessionId: id }),
  );
  assert.equal(resumed.SessionId, id);
  assert.equal(resumed.StreamUrl, url);
  assert.ok(resumed.TokenValue !== undefined && resumed.TokenValue !== token);
  assert.equal(t.service.registry.takeToken(id, token), false);
  assert.equal(t.service.registry.takeToken(id, resumed.TokenValue), true);
});

Deno.test("TerminateSession ends a session once, and again without harm", async () => {
  await using t = await startTestSimulator();
  const { id, token } = await start(t.ssm);
  const heard: string[] = [];
  t.service.registry.onTerminate(id, (output) => heard.push(output));
  const end = new TerminateSessionCommand({ SessionId: id });
  assert.equal((await t.ssm.send(end)).SessionId, id);
  assert.equal((await t.ssm.send(end)).SessionId, id);
  assert.deepEqual(heard, [`Session: ${id} was terminated.`]);
  assert.equal(t.service.registry.takeToken(id, token), false);
  await assert.rejects(
    t.ssm.send(new ResumeSessionCommand({ SessionId: id })),
    refusal("DoesNotExistException", /does not exist/),
  );
});

Deno.test("a session that never was can be neither resumed nor terminated", async () => {
  await using t = await startTestSimulator();
  const SessionId = "simulator-0123456789abcdef0";
  for (
    const command of [
      new ResumeSessionCommand({ SessionId }),
      new TerminateSessionCommand({ SessionId }),
    ]
  ) {
    await assert.rejects(
      t.ssm.send(command as ResumeSessionCommand),
      refusal("DoesNotExistException", new RegExp(SessionId)),
    );
  }
});

Deno.test("a document that IAM denies is named in its words", async () => {
  await using t = await startTestSimulator({
    region: "eu-west-1",
    denyDocuments: ["AWS-StartSSHSession", "SSM-SessionManagerRunShell"],
  });
  for (
    const [DocumentName, resource] of [
      ["AWS-StartSSHSession", "eu-west-1::document/AWS-StartSSHSession"],
      [
        undefined,
        "eu-west-1:000000000000:document/SSM-SessionManagerRunShell",
      ],
    ] as const
  ) {
    await assert.rejects(
      start(t.ssm, DocumentName === undefined ? {} : { DocumentName }),
      refusal(
        "AccessDeniedException",
        new RegExp(
          "^User: arn:aws:sts::000000000000:assumed-role/ssm-simulator/simulator is not " +
            `authorized to perform: ssm:StartSession on resource: arn:aws:ssm:${resource} ` +
            "because no identity-based policy allows the ssm:StartSession action$",
        ),
      ),
    );
  }
  assert.deepEqual(t.simulator.activeSessions(), []);
  await start(t.ssm, { DocumentName: "AWS-StartPortForwardingSession" });
});

Deno.test("the fault refuseResume answers without a token and ends the session", async () => {
  await using t = await startTestSimulator({
    faults: { ...defaultOptions.faults, refuseResume: true },
  });
  const { id } = await start(t.ssm);
  const resumed = await t.ssm.send(
    new ResumeSessionCommand({ SessionId: id }),
  );
  assert.equal(resumed.SessionId, id);
  assert.equal(resumed.TokenValue, undefined);
  assert.deepEqual(t.simulator.activeSessions(), []);
});

Deno.test("DescribeSessions lists the living and the ended, newest first, in pages", async () => {
  await using t = await startTestSimulator();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await start(t.ssm)).id);
  const [first = "", second = ""] = ids;
  t.service.registry.setConnected(first, true);
  await t.ssm.send(new TerminateSessionCommand({ SessionId: second }));

  const active: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await t.ssm.send(
      new DescribeSessionsCommand({
        State: "Active",
        MaxResults: 2,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    assert.ok((page.Sessions ?? []).length <= 2);
    for (const session of page.Sessions ?? []) {
      active.push(session.SessionId ?? "");
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  assert.deepEqual(active, ids.filter((id) => id !== second).reverse());

  const history = await t.ssm.send(
    new DescribeSessionsCommand({ State: "History" }),
  );
  const [ended] = history.Sessions ?? [];
  assert.equal(history.Sessions?.length, 1);
  assert.equal(ended?.SessionId, second);
  assert.equal(ended?.Status, "Terminated");
  assert.equal(ended?.Target, web);
  assert.equal(ended?.DocumentName, "SSM-SessionManagerRunShell");
  assert.ok(ended?.StartDate instanceof Date && ended.EndDate instanceof Date);
  assert.ok(Math.abs(ended.StartDate.getTime() - Date.now()) < 600_000);

  const filtered = async (
    key: "Status" | "Target" | "SessionId" | "Owner" | "InvokedAfter",
    value: string,
  ) => {
    const answer = await t.ssm.send(
      new DescribeSessionsCommand({
        State: "Active",
        Filters: [{ key, value }],
      }),
    );
    return (answer.Sessions ?? []).map((session) => session.SessionId);
  };
  assert.deepEqual(await filtered("Status", "Connected"), [first]);
  assert.deepEqual(await filtered("SessionId", first), [first]);
  assert.equal((await filtered("Target", web)).length, 4);
  assert.equal((await filtered("Target", "i-00000000000000000")).length, 0);
  assert.equal((await filtered("Owner", ended.Owner ?? "")).length, 4);
  assert.equal(
    (await filtered("InvokedAfter", "2100-01-01T00:00:00Z")).length,
    0,
  );
  assert.equal(
    (await filtered("InvokedAfter", "2000-01-01T00:00:00Z")).length,
    4,
  );
});

Deno.test("DescribeSessions refuses what its model refuses", async () => {
  await using t = await startTestSimulator();
  const refused: [
    ConstructorParameters<typeof DescribeSessionsCommand>[0],
    string,
    RegExp,
  ][] = [
    [{ State: undefined }, "ValidationException", /Value null at 'state'/],
    [{ State: "Other" as "Active" }, "ValidationException", /enum value set/],
    [{ State: "Active", MaxResults: 201 }, "ValidationException", /200/],
    [{ State: "Active", NextToken: "AAAA" }, "InvalidNextToken", /not valid/],
    [
      { State: "Active", Filters: [{ key: "Color" as "Owner", value: "x" }] },
      "InvalidFilterKey",
      /Color/,
    ],
    [
      {
        State: "Active",
        Filters: Array(7).fill({ key: "Owner", value: "x" }),
      },
      "ValidationException",
      /less than or equal to 6/,
    ],
    [
      { State: "Active", Filters: [{ key: "InvokedAfter", value: "soon" }] },
      "ValidationException",
      /date and time/,
    ],
  ];
  for (const [input, name, message] of refused) {
    await assert.rejects(
      t.ssm.send(new DescribeSessionsCommand(input)),
      refusal(name, message),
    );
  }
});

Deno.test("a call that the simulator does not have is said to be unknown", async () => {
  await using t = await startTestSimulator();
  await assert.rejects(
    t.ssm.send(
      new GetInventoryCommand({}),
    ),
    refusal("UnknownOperationException", /GetInventory/),
  );
});

Deno.test("idleness ends a session by the machine's clock", async () => {
  await using t = await startTestSimulator({ idleTimeout: 0.05 });
  const { registry } = t.service;
  const ended = new Promise((resolve) => {
    registry.onStart((session) => registry.onTerminate(session.id, resolve));
  });
  const { id } = await start(t.ssm);
  const output = await ended;
  assert.equal(output, `Session: ${id} timed out.`);
  assert.deepEqual(t.simulator.activeSessions(), []);
});
