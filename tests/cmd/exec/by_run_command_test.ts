import assert from "node:assert/strict";
import type { NodeCommandResult } from "../../../lib/aws/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { runByRunCommand } from "../../../cmd/exec/by_run_command.ts";
import { CommandError } from "../../../cmd/errors.ts";
import { Places } from "../../../cmd/target/places.ts";
import { Notices } from "../../../cmd/notices.ts";
import { TestContext } from "../../testkit/context.ts";

const node = { id: "i-0123456789abcdef0", name: "web" };
type Options = Parameters<typeof runByRunCommand>[1];

const ended: NodeCommandResult = {
  commandId: "command",
  state: "ended",
  code: 0,
  output: {
    stdout: "",
    stderr: "",
    truncated: { stdout: false, stderr: false },
  },
  aborted: false,
};

async function run(
  result: Partial<NodeCommandResult>,
  more: Partial<Options> & { platform?: string } = {},
  signal: AbortSignal = new AbortController().signal,
) {
  const context = new TestContext();
  const requests: unknown[] = [];
  context.onRunNodeCommand = (request) => {
    requests.push(request);
    return Promise.resolve({ ...ended, ...result });
  };
  using places = await Places.open(context, {
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  });
  const notices = new Notices(context.terminal, { quiet: true, verbose: 0 });
  const { platform, ...options } = more;
  const outcome = await runByRunCommand(
    { ...node, platform, place: places.first },
    { line: ["uptime"], timeout: undefined, reason: undefined, ...options },
    { context, places, notices, signal },
  ).catch((error: unknown) => error);
  return { outcome, terminal: context.terminal, requests };
}

Deno.test("output goes where it belongs, and the exit code is the command's", async () => {
  const { outcome, terminal, requests } = await run({
    code: 42,
    output: {
      stdout: "out\n",
      stderr: "err\n",
      truncated: { stdout: false, stderr: false },
    },
  });
  assert.equal(outcome, 42);
  assert.equal(terminal.outputText, "out\n");
  assert.equal(terminal.errorText, "err\n");
  assert.deepEqual(requests, [{
    nodeId: node.id,
    documentName: "AWS-RunShellScript",
    script: ["uptime"],
    // As long as it takes: AWS's own hour would end it.
    executionTimeout: 172_800,
    deliveryTimeout: 120,
    comment: undefined,
  }]);
});

Deno.test("what is cut is an error, with what is left of the output", async () => {
  const { outcome, terminal } = await run({
    output: {
      stdout: "x",
      stderr: "y",
      truncated: { stdout: true, stderr: true },
    },
  });
  assert.ok(outcome instanceof CommandError);
  assert.equal(outcome.exitCode, 1);
  assert.equal(
    outcome.message,
    "Output is missing: Run Command keeps only the first 24 000 bytes of " +
      "standard output and the first 8 000 characters of standard error",
  );
  assert.deepEqual(outcome.hints, [`ssm exec ${node.id} --via session -- …`]);
  assert.equal(terminal.outputText, "x");
  assert.equal(terminal.errorText, "y");
});

Deno.test("an end without an exit code is a sentence and a code of ours", async () => {
  for (
    const [state, code] of [
      ["execution-timed-out", 124],
      ["undeliverable", 125],
      ["access-denied", 125],
      ["invalid-platform", 125],
      ["delivery-timed-out", 125],
      ["cancelled", 1],
      ["failed", 1],
    ] as const
  ) {
    const { outcome } = await run({ state, code: -1 });
    assert.ok(outcome instanceof CommandError, state);
    assert.equal(outcome.exitCode, code, state);
    assert.match(outcome.message, /^Cannot run the command on i-\w+ by Run Co/);
  }
});

Deno.test("PowerShell has a document of its own, seconds are whole, comments short", async () => {
  const { requests } = await run({}, {
    platform: "Windows",
    timeout: 1_500,
    line: "Get-Date",
    reason: "é".repeat(256),
  });
  assert.deepEqual(requests, [{
    nodeId: node.id,
    documentName: "AWS-RunPowerShellScript",
    script: ["Get-Date"],
    executionTimeout: 2,
    deliveryTimeout: 120,
    comment: "é".repeat(100),
  }]);
});

Deno.test("after Ctrl-C what was written until then is there", async () => {
  const stop = new AbortController();
  stop.abort(new SignalError("SIGINT"));
  const { outcome, terminal } = await run(
    {
      aborted: true,
      state: "cancelled",
      code: 137,
      output: { ...ended.output, stdout: "so far\n" },
    },
    {},
    stop.signal,
  );
  assert.ok(outcome instanceof SignalError);
  assert.equal(terminal.outputText, "so far\n");
});
