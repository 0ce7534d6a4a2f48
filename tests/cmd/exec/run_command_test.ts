import assert from "node:assert/strict";
import type { NodeCommandResult } from "../../../lib/aws/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import {
  execByRunCommand,
  type RunCommandOptions,
} from "../../../cmd/exec/run_command.ts";
import { CommandError } from "../../../cmd/errors.ts";
import { Notices } from "../../../cmd/notices.ts";
import { TestContext } from "../../testkit/context.ts";

const options: RunCommandOptions = {
  node: { id: "i-0123456789abcdef0", name: "web" },
  windows: false,
  script: ["uptime"],
  timeout: undefined,
  bySession: "ssm exec web --via session -- uptime",
};

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
  more: Partial<RunCommandOptions> = {},
  signal: AbortSignal = new AbortController().signal,
) {
  const context = new TestContext();
  const requests: unknown[] = [];
  context.onRunNodeCommand = (request) => {
    requests.push(request);
    return Promise.resolve({ ...ended, ...result });
  };
  const aws = await context.aws({
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  });
  const notices = new Notices(context.terminal, { quiet: true, verbose: 0 });
  let code: number | undefined;
  let error: unknown;
  try {
    code = await execByRunCommand({ ...options, ...more }, {
      context,
      aws,
      notices,
      signal,
    });
  } catch (thrown) {
    error = thrown;
  }
  return { code, error, terminal: context.terminal, requests };
}

Deno.test("output goes where it belongs, and the exit code is the command's", async () => {
  const { code, terminal, requests } = await run({
    code: 42,
    output: {
      stdout: "out\n",
      stderr: "err\n",
      truncated: { stdout: false, stderr: false },
    },
  });
  assert.equal(code, 42);
  assert.equal(terminal.outputText, "out\n");
  assert.equal(terminal.errorText, "err\n");
  assert.deepEqual(requests, [{
    nodeId: options.node.id,
    documentName: "AWS-RunShellScript",
    script: ["uptime"],
    executionTimeout: 172_800,
    deliveryTimeout: 120,
  }]);
});

Deno.test("what is cut is said, quiet or not, on a line of its own", async () => {
  const { code, terminal } = await run({
    output: {
      stdout: "x",
      stderr: "y",
      truncated: { stdout: true, stderr: true },
    },
  });
  assert.equal(code, 0);
  assert.equal(terminal.outputText, "x");
  assert.equal(
    terminal.errorText,
    "y\nssm: Output is missing: Run Command keeps only the first 24 000 " +
      "characters of standard output and the first 8 000 characters of " +
      "standard error\nhint: ssm exec web --via session -- uptime\n",
  );
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
    const { error } = await run({ state, code: -1 });
    assert.ok(error instanceof CommandError, state);
    assert.equal(error.exitCode, code, state);
    assert.match(error.message, /^The command on web has no exit code: \w/);
  }
});

Deno.test("PowerShell has a document of its own, and seconds are whole", async () => {
  const { requests } = await run({}, { windows: true, timeout: 1_500 });
  assert.deepEqual(requests, [{
    nodeId: options.node.id,
    documentName: "AWS-RunPowerShellScript",
    script: ["uptime"],
    executionTimeout: 2,
    deliveryTimeout: 120,
  }]);
});

Deno.test("after Ctrl-C the exit code is the signal's", async () => {
  const stop = new AbortController();
  stop.abort(new SignalError("SIGINT"));
  const { code, terminal } = await run(
    {
      aborted: true,
      state: "cancelled",
      code: 137,
      output: { ...ended.output, stdout: "so far\n" },
    },
    {},
    stop.signal,
  );
  assert.equal(code, 130);
  assert.equal(terminal.outputText, "so far\n");
});
