import assert from "node:assert/strict";
import type { CommandState } from "../../lib/aws/command_state.ts";
import {
  type NodeCommandCalls,
  type NodeCommandRequest,
  runNodeCommand,
} from "../../lib/aws/node_command.ts";
import type {
  CommandInvocation,
  CommandRequest,
} from "../../lib/aws/run_command.ts";
import { ManualClock, settle } from "../testkit/manual_clock.ts";

const request: NodeCommandRequest = {
  nodeId: "i-0123456789abcdef0",
  documentName: "AWS-RunShellScript",
  script: ["true"],
};

function invocation(
  state: CommandState,
  code = 0,
  seconds = 1,
): CommandInvocation {
  const output = {
    stdout: "out",
    stderr: "",
    truncated: { stdout: false, stderr: false },
  };
  return {
    nodeId: request.nodeId,
    hostName: undefined,
    state,
    code,
    seconds,
    output: state === "running" ? undefined : output,
  };
}

class FakeCalls implements NodeCommandCalls {
  readonly sent: CommandRequest[] = [];
  looks = 0;
  cancelled = 0;

  /** @param answers One for each look; the last one stays. */
  constructor(public answers: readonly (CommandInvocation | undefined)[]) {}

  send = (request: CommandRequest) => {
    this.sent.push(request);
    return Promise.resolve("command");
  };
  invocation = () => {
    const at = Math.min(this.looks++, this.answers.length - 1);
    return Promise.resolve(this.answers[at]);
  };
  cancel = () => {
    this.cancelled++;
    return Promise.resolve();
  };
}

function run(calls: FakeCalls, more: Partial<NodeCommandRequest> = {}) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const result = runNodeCommand(
    { ...request, ...more },
    calls,
    clock,
    stop.signal,
  );
  result.catch(() => {});
  return { clock, stop, result };
}

Deno.test("it looks soon, then less often, until the script has ended", async () => {
  const calls = new FakeCalls([
    undefined,
    undefined,
    ...Array(20).fill(invocation("running")),
    invocation("ended", 3),
  ]);
  const { clock, result } = run(calls, { executionTimeout: 60 });
  await clock.advance(60_000);
  assert.ok(calls.looks >= 12 && calls.looks < 23, String(calls.looks));
  await clock.advance(60_000);
  const { state, code, output, aborted } = await result;
  assert.deepEqual([state, code, output.stdout, aborted], [
    "ended",
    3,
    "out",
    false,
  ]);
  assert.deepEqual(calls.sent[0]?.on, { ids: [request.nodeId] });
  assert.equal(calls.sent[0]?.executionTimeout, 60);
  assert.equal(clock.pending, 0);
});

Deno.test("an invocation that never appears is an error", async () => {
  const { clock, result } = run(new FakeCalls([undefined]));
  await clock.advance(40_000);
  await assert.rejects(result, /AWS knows nothing of command command/);
});

Deno.test("a script that SIGKILL ended did not run out of time", async () => {
  const killed = run(
    new FakeCalls([invocation("execution-timed-out", 137, 2)]),
  );
  await killed.clock.advance(1_000);
  assert.equal((await killed.result).state, "ended");
  const late = run(
    new FakeCalls([invocation("execution-timed-out", 137, 60)]),
    { executionTimeout: 60 },
  );
  await late.clock.advance(1_000);
  assert.equal((await late.result).state, "execution-timed-out");
});

Deno.test("giving up cancels the command, and what it wrote is told", async () => {
  const calls = new FakeCalls([invocation("running")]);
  const { clock, stop, result } = run(calls);
  await clock.advance(1_000);
  assert.equal(calls.cancelled, 0);
  stop.abort(new Error("Ctrl-C"));
  await settle();
  assert.equal(calls.cancelled, 1);
  calls.answers = [invocation("cancelled", 137)];
  await clock.advance(2_000);
  const { state, output, aborted } = await result;
  assert.deepEqual([state, output.stdout, aborted], ["cancelled", "out", true]);
  assert.equal(clock.pending, 0);
});

Deno.test("a command that does not let itself be cancelled is left", async () => {
  const calls = new FakeCalls([invocation("running")]);
  const { clock, stop, result } = run(calls);
  await clock.advance(1_000);
  stop.abort(new Error("Ctrl-C"));
  await clock.advance(6_000);
  const { state, aborted } = await result;
  assert.deepEqual([state, aborted], ["running", true]);
  assert.equal(clock.pending, 0);
});
