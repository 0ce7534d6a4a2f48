import { Places } from "../../../../cmd/target/places.ts";
import assert from "node:assert/strict";
import { CommandError } from "../../../../cmd/errors.ts";
import { type FleetOptions, runFleet } from "../../../../cmd/exec/fleet/run.ts";
import type { RunOnNode } from "../../../../cmd/exec/fleet/run_on_node.ts";
import type { NodeInformation } from "../../../../lib/aws/mod.ts";
import { AwsCallError } from "../../../../lib/aws/errors.ts";
import { SignalError } from "../../../../lib/session/signal_error.ts";
import { screenOf } from "../../../testkit/screen.ts";
import { TestContext } from "../../../testkit/context.ts";
import {
  FakeRunCommand,
  type FakeRunCommandOptions,
  noOutput,
} from "../../../testkit/fake_run_command.ts";

const options: FleetOptions = {
  connection: {
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  },
  targets: [],
  tags: [{ key: "role", value: "web" }],
  via: "auto",
  parallel: undefined,
  maxErrors: undefined,
  script: { posix: ["uptime"], windows: ["Get-Uptime"] },
  timeout: undefined,
  json: false,
  noColor: false,
  quiet: false,
  verbose: 0,
};

function nodes(count: number, more: Partial<NodeInformation> = {}) {
  return async function* () {
    for (let i = 0; i < count; i++) {
      yield { id: `i-${i}`, ping: "Online", ...more };
    }
  };
}

const encoder = new TextEncoder();

async function start(
  more: Partial<FleetOptions>,
  world: {
    context?: TestContext;
    runOnNode?: RunOnNode;
    interrupt?: () => boolean;
    fake?: FakeRunCommandOptions;
  } = {},
) {
  const context = world.context ?? new TestContext();
  const calls = new FakeRunCommand(context.clock, world.fake);
  context.runCommand = calls;
  const places = await Places.open(context, options.connection);
  const ended = runFleet({ ...options, ...more }, {
    context,
    places,
    runOnNode: world.runOnNode ??
      (() => Promise.resolve({ kind: "exited", code: 0 })),
    ...(world.interrupt === undefined ? {} : { interrupt: world.interrupt }),
  });
  ended.catch(() => {});
  return {
    context,
    calls,
    ended,
    async run() {
      for (let i = 0; i < 1_200; i++) await context.clock.advance(50);
      return await ended;
    },
    out: () => context.terminal.outputText,
    err: () => context.terminal.errorText.replaceAll("\u00a0", " "),
  };
}

Deno.test("up to 50 nodes by sessions: lines with names, then a table", async () => {
  const context = new TestContext();
  context.onNodes = nodes(2);
  context.onNames = () =>
    Promise.resolve(new Map([["i-0", "web"], ["i-1", "other"]]));
  const fleet = await start({}, {
    context,
    runOnNode: (node, onOutput) => {
      onOutput(encoder.encode("one\ntw"), "stdout");
      onOutput(encoder.encode("bad\n"), "stderr");
      onOutput(Uint8Array.of(0x6f, 0xff), "stdout");
      return Promise.resolve({
        kind: "exited",
        code: node.name === "web" ? 0 : 7,
      });
    },
  });
  assert.equal(await fleet.run(), 1);
  assert.deepEqual(
    [...context.terminal.output],
    [
      ...encoder.encode("web   | one\nweb   | two"),
      0xff,
      ...encoder.encode("\nother | one\nother | two"),
      0xff,
      10,
    ],
  );
  assert.equal(
    fleet.err(),
    "web   | bad\nother | bad\nexit     time  node\n" +
      "   7    0.0 s  other  i-1\n   0    0.0 s  web    i-0\n",
  );
  assert.equal(fleet.calls.commands.size, 0);
  assert.equal(context.clock.pending, 0);
});

Deno.test("more nodes than 50 are Run Command's, by their tags", async () => {
  const context = new TestContext();
  context.onNodes = nodes(51);
  const fleet = await start({ parallel: { value: 10, percent: true } }, {
    context,
    fake: {
      nodes: 51,
      end: (nodeId) => ({
        output: { ...noOutput, stdout: `on ${nodeId}\n` },
        code: nodeId === "i-7" ? 3 : 0,
      }),
    },
  });
  assert.equal(await fleet.run(), 1);
  const [sent] = [...fleet.calls.commands.values()];
  assert.deepEqual(sent?.request, {
    documentName: "AWS-RunShellScript",
    script: ["uptime"],
    on: { targets: [{ key: "tag:role", values: ["web"] }] },
    executionTimeout: 172_800,
    maxConcurrency: "10%",
    maxErrors: "100%",
    comment: undefined,
  });
  assert.equal(fleet.out().split("\n").length, 52);
  assert.match(fleet.out(), /^i-0 \| on i-0\n/);
  assert.match(fleet.err(), /^More than 50 nodes: by Run Command/);
  assert.match(fleet.err(), /\n51 nodes: 50 × 0, 1 × 3\n/);
});

Deno.test("--via run-command looks up no node, --via session runs any number", async () => {
  const context = new TestContext();
  context.onNodes = () => {
    throw new Error("nobody asked for that");
  };
  const fleet = await start({ via: "run-command", maxErrors: limit(2) }, {
    context,
    fake: { nodes: 3 },
  });
  assert.equal(await fleet.run(), 0);
  assert.equal(
    [...fleet.calls.commands.values()][0]?.request.maxErrors,
    "2",
  );
  const many = new TestContext();
  many.onNodes = nodes(120);
  const sessions = await start({ via: "session", quiet: true }, {
    context: many,
  });
  assert.equal(await sessions.run(), 0);
  assert.equal(sessions.err(), "");
});

function limit(value: number) {
  return { value, percent: false };
}

Deno.test("targets are found before anything runs, each once", async () => {
  const context = new TestContext();
  const ran: string[] = [];
  context.onResolve = (text) =>
    text === "nobody" ? Promise.reject(notFound()) : Promise.resolve({
      id: text === "again" ? "i-web" : `i-${text}`,
      name: text,
    });
  const fleet = await start({ tags: [], targets: ["web", "db", "again"] }, {
    context,
    runOnNode: (node) => {
      ran.push(node.id);
      return Promise.resolve({ kind: "exited", code: 0 });
    },
  });
  assert.equal(await fleet.run(), 0);
  assert.deepEqual(ran.sort(), ["i-db", "i-web"]);
  const wrong = await start({ tags: [], targets: ["web", "nobody"] }, {
    context,
    runOnNode: () => {
      throw new Error("nothing may run");
    },
  });
  await assert.rejects(wrong.run(), /Cannot find a node named nobody/);
});

function notFound(): Error {
  return Object.assign(new Error("Cannot find a node named nobody"), {
    name: "TargetNotFoundError",
    suggestions: [],
  });
}

Deno.test("a tag that no node has is an error with a command to look", async () => {
  const fleet = await start({ tags: [{ key: "a b", value: "c" }] });
  const error = await fleet.run().catch((error) => error);
  assert.ok(error instanceof CommandError);
  assert.equal(error.exitCode, 125);
  assert.deepEqual(error.hints, [
    "ssm list --all",
  ]);
  const byCommand = await start({ via: "run-command" }, { fake: { nodes: 0 } });
  await assert.rejects(byCommand.run(), /Cannot find a node with role=web/);
});

Deno.test("--json: an object for each event", async () => {
  const context = new TestContext();
  context.onNodes = nodes(1, { name: "rack" });
  const fleet = await start({ json: true }, {
    context,
    runOnNode: (_node, onOutput) => {
      onOutput(encoder.encode("é\n"), "stdout");
      onOutput(Uint8Array.of(0xff, 10), "stderr");
      return Promise.resolve({ kind: "lost", message: "gone" });
    },
  });
  assert.equal(await fleet.run(), 1);
  const node = { node: "i-0", name: "rack" };
  assert.deepEqual(
    fleet.out().trimEnd().split("\n").map((line) => JSON.parse(line)),
    [
      { event: "started", ...node },
      { event: "output", ...node, stream: "stdout", text: "é\n" },
      { event: "output", ...node, stream: "stderr", base64: "/wo=" },
      {
        event: "ended",
        ...node,
        code: 255,
        began: true,
        reason: "gone",
        seconds: 0,
      },
      {
        event: "summary",
        nodes: 1,
        succeeded: 0,
        failed: 1,
        skipped: 0,
        truncated: 0,
        codes: { 255: 1 },
        exitCode: 1,
      },
    ],
  );
  assert.equal(fleet.err(), "");
});

Deno.test("Ctrl-C cancels on all nodes and waits for them; the second one does not", async () => {
  const fleet = await start({ via: "run-command" }, {
    fake: { nodes: 5, perSecond: 0.01 },
  });
  const { context, calls } = fleet;
  for (let i = 0; i < 100; i++) await context.clock.advance(50);
  assert.equal(context.deliver("SIGINT"), true);
  assert.equal(await fleet.run(), 130);
  assert.deepEqual(calls.cancelled, ["c1"]);
  assert.match(fleet.err(), /Ending the command on all nodes/);
  assert.equal(context.deliver("SIGINT"), false, "the signals are ours again");

  const stuck = await start({ via: "run-command" }, {
    fake: { nodes: 5, perSecond: 0.01 },
  });
  stuck.calls.cancel = () => new Promise(() => {});
  for (let i = 0; i < 100; i++) await stuck.context.clock.advance(50);
  stuck.context.deliver("SIGINT");
  await stuck.context.clock.advance(50);
  stuck.context.deliver("SIGINT");
  await assert.rejects(stuck.ended, SignalError);
  await stuck.context.clock.advance(10_000);
  assert.equal(stuck.context.clock.pending, 0);
});

Deno.test("Ctrl-C ends the sessions that run, and begins no more", async () => {
  const context = new TestContext();
  context.onNodes = nodes(12);
  const fleet = await start({}, {
    context,
    runOnNode: (_node, _output, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
  });
  for (let i = 0; i < 100; i++) await context.clock.advance(50);
  context.deliver("SIGINT");
  assert.equal(await fleet.run(), 130);
  assert.equal(fleet.err().match(/ {2}not begun/g)?.length, 2);
});

Deno.test("Ctrl-C is passed on where it can be; the next one ends the sessions", async () => {
  const context = new TestContext();
  context.onNodes = nodes(12);
  const ends: ((code: number) => void)[] = [];
  let passedOn = 0;
  const start2 = () =>
    start({}, {
      context,
      interrupt: () => ++passedOn > 0,
      runOnNode: (_node, _output, signal) =>
        new Promise((resolve, reject) => {
          ends.push((code) => resolve({ kind: "exited", code }));
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
  const fleet = await start2();
  for (let i = 0; i < 100; i++) await context.clock.advance(50);
  assert.equal(ends.length, 10);
  context.deliver("SIGINT");
  await context.clock.advance(1_000);
  assert.equal(passedOn, 1);
  for (const end of ends) end(3);
  assert.equal(await fleet.run(), 130);
  assert.match(fleet.err(), /Ctrl-C was passed on/);
  assert.equal(fleet.err().match(/^ {3}3 /gm)?.length, 10);
  assert.equal(fleet.err().match(/ {2}not begun/g)?.length, 2);

  const stubborn = await start2();
  for (let i = 0; i < 100; i++) await context.clock.advance(50);
  context.deliver("SIGINT");
  context.deliver("SIGINT");
  assert.equal(await stubborn.run(), 130);
  assert.equal(stubborn.err().match(/^ 130 /gm)?.length, 10);
});

Deno.test("named nodes are asked about together: platform, agent, and whether they are there", async () => {
  const context = new TestContext();
  context.onResolve = (text) =>
    Promise.resolve({ id: `i-${text}`, name: text });
  const asked: unknown[] = [];
  context.onNodes = async function* (filters) {
    asked.push(filters);
    yield { id: "i-a", ping: "Online", platform: "Windows", agentVersion: "3" };
    yield { id: "i-b", ping: "ConnectionLost" };
  };
  const ran: unknown[] = [];
  const fleet = await start({ tags: [], targets: ["a", "b", "c"] }, {
    context,
    runOnNode: ({ place: _, ...node }, _output, _signal, say) => {
      ran.push(node);
      say(`hello\n${node.name}`);
      return Promise.resolve({ kind: "exited", code: 0 });
    },
  });
  assert.equal(await fleet.run(), 1);
  assert.deepEqual(asked, [[
    { key: "InstanceIds", values: ["i-a", "i-b", "i-c"] },
  ]]);
  assert.deepEqual(ran, [
    {
      id: "i-a",
      name: "a",
      offline: undefined,
      platform: "Windows",
      agentVersion: "3",
    },
    { id: "i-c", name: "c", offline: undefined },
  ]);
  assert.match(fleet.err(), /^a: hello\\na$/m);
  assert.match(fleet.err(), /^ 125 .*b {2}i-b {2}it is not connected/m);
});

Deno.test("Windows nodes get PowerShell, in a second command", async () => {
  const fleet = await start({ via: "run-command" }, {
    fake: {
      nodes: 120,
      end: (nodeId, { documentName }) =>
        documentName === "AWS-RunShellScript" && Number(nodeId.slice(2)) % 2
          ? { state: "invalid-platform", code: -1 }
          : { output: { ...noOutput, stdout: `${documentName}\n` } },
    },
  });
  assert.equal(await fleet.run(), 0);
  const sent = [...fleet.calls.commands.values()].map(({ request, ids }) => [
    request.documentName,
    request.script[0],
    ids.length,
  ]);
  assert.deepEqual(sent, [
    ["AWS-RunShellScript", "uptime", 120],
    ["AWS-RunPowerShellScript", "Get-Uptime", 50],
    ["AWS-RunPowerShellScript", "Get-Uptime", 10],
  ]);
  assert.equal(fleet.out().match(/PowerShell/g)?.length, 60);
  assert.match(fleet.err(), /120 nodes: 120 × 0\n/);
});

Deno.test("a list of nodes goes out in commands of 50, until there are too many errors", async () => {
  const context = new TestContext();
  context.onResolve = (text) => Promise.resolve({ id: text, name: undefined });
  const targets = Array.from({ length: 120 }, (_, i) => `i-${i}`);
  const fleet = await start({ tags: [], targets, maxErrors: limit(10) }, {
    context,
    fake: {
      end: (nodeId) => Number(nodeId.slice(2)) < 60 ? { code: 1 } : {},
    },
  });
  assert.equal(await fleet.run(), 1);
  assert.deepEqual(
    [...fleet.calls.commands.values()].map(({ request }) => [
      request.maxConcurrency,
      request.maxErrors,
    ]),
    [["50", "10"]],
  );
  assert.match(fleet.err(), /120 nodes: 50 × 1, 70 not begun\n/);
});

Deno.test("output that the list does not have is asked for; what is cut is said", async () => {
  const fleet = await start({ via: "run-command" }, {
    fake: {
      nodes: 3,
      end: (nodeId) => nodeId === "i-1" ? { output: undefined } : {},
      full: () => ({
        stdout: "all there is",
        stderr: "",
        truncated: { stdout: true, stderr: false },
      }),
    },
  });
  assert.equal(await fleet.run(), 1, "as what is there is not all");
  assert.deepEqual(fleet.calls.asked, ["i-1"]);
  assert.equal(fleet.out(), "i-1 | all there is\n");
  assert.match(
    fleet.err(),
    /i-1: Output is missing: Run Command keeps only the first 24 000 bytes/,
  );
  assert.match(
    fleet.err(),
    /^Output of 1 is missing; --via session has it all$/m,
  );
});

Deno.test("what AWS did not send is no error of the command; terminated is not begun", async () => {
  const fleet = await start({ via: "run-command" }, {
    fake: {
      nodes: 3,
      end: (nodeId) =>
        nodeId === "i-0"
          ? { code: 1 }
          : { state: nodeId === "i-1" ? "terminated" : "undeliverable" },
    },
  });
  assert.equal(await fleet.run(), 1);
  assert.equal(
    fleet.err(),
    "exit     time  node\n   1    1.0 s  i-0\n" +
      "   -           i-1  not begun\n" +
      " 125    1.0 s  i-2  the node cannot be reached, so the command never began\n",
  );
});

Deno.test("when the command is lost from sight, it is said how to find and end it", async () => {
  const fleet = await start({ via: "run-command" });
  fleet.calls.pageFailure = new AwsCallError({
    action: "ssm:ListCommandInvocations",
    code: "AccessDeniedException",
    kind: "access-denied",
    reason: "access is denied",
  });
  const error = await fleet.run().catch((error) => error);
  assert.ok(error instanceof CommandError);
  assert.equal(error.exitCode, 1);
  assert.match(error.message, /^Cannot list the command's nodes: /);
  assert.deepEqual(error.hints, [
    "aws ssm list-command-invocations --command-id c1",
    "aws ssm cancel-command --command-id c1",
  ]);
});

Deno.test("a command that cannot be sent is an error from before it", async () => {
  const fleet = await start({ via: "run-command" }, {
    fake: {
      sendFailure: new AwsCallError({
        action: "ssm:SendCommand",
        code: "AccessDeniedException",
        kind: "access-denied",
        reason: "access is denied",
      }),
    },
  });
  await assert.rejects(fleet.run(), /^AwsCallError: Cannot send command/);
});

Deno.test("on a terminal a line says how far it is, and is gone at the end", async () => {
  const context = new TestContext();
  context.errorIsTerminal = true;
  context.outputIsTerminal = true;
  const fleet = await start({ via: "run-command" }, {
    context,
    fake: { nodes: 100, perSecond: 10 },
  });
  for (let i = 0; i < 160; i++) await context.clock.advance(50);
  const shown = () => screenOf(fleet.err().replaceAll("\n", "\r\n"));
  assert.equal(shown().length, 1);
  assert.match(
    shown()[0] ?? "",
    /^\d+ of 100 nodes(, \d+ still to be shown)?$/,
  );
  assert.equal(await fleet.run(), 0);
  assert.equal(shown()[0], "100 nodes: 100 × 0");
});

Deno.test("names are coloured on a terminal that may be, and aligned all the same", async () => {
  const context = new TestContext();
  context.outputColor = true;
  context.onNodes = nodes(2);
  context.onNames = () =>
    Promise.resolve(new Map([["i-0", "a"], ["i-1", "long"]]));
  const runOnNode: RunOnNode = (_node, onOutput) => {
    onOutput(encoder.encode("x\n"), "stdout");
    return Promise.resolve({ kind: "exited", code: 0 });
  };
  const fleet = await start({}, { context, runOnNode });
  await fleet.run();
  assert.equal(
    fleet.out(),
    "\x1b[36ma    |\x1b[0m x\n\x1b[33mlong |\x1b[0m x\n",
  );
});

Deno.test("nodes that share a name are told apart by their ids", async () => {
  const context = new TestContext();
  context.onNodes = nodes(2);
  context.onNames = () =>
    Promise.resolve(new Map([["i-0", "web"], ["i-1", "web"]]));
  const fleet = await start({}, {
    context,
    runOnNode: (_node, onOutput) => {
      onOutput(encoder.encode("x\n"), "stdout");
      return Promise.resolve({ kind: "exited", code: 0 });
    },
  });
  await fleet.run();
  assert.equal(fleet.out(), "i-0 | x\ni-1 | x\n");
});
