import assert from "node:assert/strict";
import { parseExec } from "../../cmd/exec.ts";
import type { ExecFlags } from "../../cmd/exec/flags.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import type { CommandOutput } from "../../lib/aws/mod.ts";
import type { SignalError } from "../../lib/session/signal_error.ts";
import { TestContext } from "../testkit/context.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const none: ExecFlags = {
  recordInput: false,
  recordAppend: false,
  recordOverwrite: false,
  binary: false,
  tty: false,
  noStdin: false,
  json: false,
  quiet: false,
  verbose: 0,
  noColor: false,
};

const run = (context: TestContext, ...args: string[]) =>
  runCommandLine(["exec", ...args], context);

/** A context whose standard input is a pipe with these bytes. */
function piped(...input: string[]): TestContext {
  const terminal = new MemoryTerminal({ interactive: false });
  for (const text of input) terminal.type(text);
  terminal.end();
  return new TestContext(terminal);
}

/** Time passes until the command line is done. */
async function advanceUntil<T>(
  { clock }: TestContext,
  promise: Promise<T>,
): Promise<T> {
  let over = false;
  const end = () => over = true;
  promise.then(end, end);
  while (!over) {
    await clock.advance(50);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return await promise;
}

const denied = new AwsCallError({
  action: "ssm:StartSession",
  code: "AccessDeniedException",
  kind: "access-denied",
  reason: "on resource: arn:aws:ssm:us-east-1::document/AWS-Start…",
});

Deno.test("parse: the command comes after --, and one is needed", () => {
  const { line, target, fleet } = parseExec(none, ["db"], ["pg_dump", "app"]);
  assert.deepEqual([line, target, fleet], [
    ["pg_dump", "app"],
    "db",
    undefined,
  ]);
  for (const rest of [undefined, [], [""]]) {
    assert.throws(() => parseExec(none, ["db"], rest), /none follows the --/);
  }
});

Deno.test("parse: what would not arrive as typed is refused", () => {
  // Bytes of argv that are no UTF-8 come as U+FFFD.
  const broken = /with bytes that are not UTF-8/;
  assert.throws(() => parseExec(none, ["db"], ["echo", "a\ufffd"]), broken);
  assert.throws(
    () => parseExec({ ...none, shell: "\ufffd" }, ["db"], undefined),
    broken,
  );
  assert.throws(() => parseExec(none, ["db"], ["\0"]), /with a NUL/);
});

Deno.test("run: a variable whose value is no text is not shown", async () => {
  const context = new TestContext();
  context.env = (name) => {
    if (name === "A") throw new TypeError("not valid unicode: secret");
    return undefined;
  };
  const told = "ssm: Cannot pass A on: it is not UTF-8\n";
  assert.equal(await run(context, "db", "--env", "A", "--", "true"), 125);
  assert.equal(context.terminal.errorText, told);
  assert.equal(await run(context, "db", "--env", "A=\ufffd", "--", "x"), 125);
  assert.equal(context.terminal.errorText, told + told);
});

Deno.test("run: no exit code of a failure becomes 0 with us", async () => {
  for (const [theirs, ours] of [[256, 1], [0, 0], [255, 255], [512, 1]]) {
    const context = new TestContext();
    context.onCommand = () =>
      Promise.resolve({ kind: "exited", code: theirs! });
    assert.equal(await run(context, "db", "--", "x"), ours);
  }
});

Deno.test("parse: --shell is the whole command, --script has its arguments behind --", () => {
  const shell = { ...none, shell: "a | b" };
  assert.equal(parseExec(shell, ["db"], undefined).line, "a | b");
  assert.throws(() => parseExec(shell, ["db"], ["x"]), /it is the command/);
  const script = parseExec({ ...none, script: "./x" }, ["db"], undefined);
  assert.deepEqual([script.script, script.line], ["./x", []]);
});

Deno.test("parse: what does not go together is refused, with the reason", () => {
  const cases: [Partial<ExecFlags>, RegExp][] = [
    [{ tty: true, binary: true }, /--binary with --tty/],
    [{ tty: true, env: ["A"] }, /--env with --tty/],
    [{ tty: true, script: "x" }, /--script with --tty/],
    [{ tty: true, via: "run-command" }, /--via run-command with --tty/],
    [{ via: "run-command", env: ["A"] }, /keeps everything in its history/],
    [{ via: "run-command", binary: true }, /carries text/],
    [{ tag: [[{ key: "a", value: "b" }]] }, /--tag with targets/],
  ];
  for (const [flags, message] of cases) {
    assert.throws(
      () => parseExec({ ...none, ...flags }, ["db"], ["true"]),
      message,
    );
  }
  assert.throws(
    () => parseExec({ ...none, tty: true }, ["a", "b"], ["true"]),
    /there is one terminal/,
  );
  assert.throws(
    () => parseExec({ ...none, tty: true, json: true }, ["a"], ["true"]),
    /--tty with --json/,
  );
});

Deno.test("parse: several targets, a tag or --json make a fleet", () => {
  const fleet = (flags: Partial<ExecFlags>, targets: string[]) =>
    parseExec({ ...none, ...flags }, targets, ["true"]).fleet;
  assert.deepEqual(fleet({}, ["a", "b"])?.targets, ["a", "b"]);
  assert.deepEqual(fleet({ json: true }, ["a"])?.targets, ["a"]);
  const five = { value: 5, percent: false };
  const limits = { parallel: five, maxErrors: five };
  assert.equal(fleet(limits, ["a"]), undefined);
  assert.deepEqual(fleet(limits, ["a", "b"])?.parallel, five);
  const tag = [{ key: "role", value: "web" }];
  assert.deepEqual(fleet({ tag: [tag] }, [])?.tags, tag);
  assert.throws(() => fleet({ json: true }, []), /give targets, or --tag/);
});

Deno.test("run: outputs are ours, the code is the command's, and nothing else is said", async () => {
  const context = new TestContext();
  context.onCommand = ({ onOutput }) => {
    onOutput(new TextEncoder().encode("out\n"), "stdout");
    onOutput(new TextEncoder().encode("err\n"), "stderr");
    return Promise.resolve({ kind: "exited", code: 7 });
  };
  assert.equal(await run(context, "web-server", "--", "ls", "a b"), 7);
  assert.equal(context.terminal.outputText, "out\n");
  assert.equal(context.terminal.errorText, "err\n");
  assert.equal(context.consumed, 8);
  const [request] = context.requests;
  assert.equal(request?.documentName, "AWS-StartNonInteractiveCommand");
  assert.match(request?.parameters?.command?.[0] ?? "", / sh ls 'a b'$/);
  assert.equal(context.commands[0]?.way, "plain");
});

Deno.test("run: an agent that mixes outputs leads to a terminal's session", async () => {
  const context = new TestContext();
  context.onCommand = ({ way }) =>
    Promise.resolve(
      way === "plain" ? { kind: "unseparated" } : { kind: "exited", code: 3 },
    );
  assert.equal(await run(context, "web-server", "--", "uptime"), 3);
  assert.deepEqual(context.commands.map(({ way }) => way), [
    "plain",
    "terminal",
  ]);
  // What runs is in no parameter there.
  assert.ok(!JSON.stringify(context.requests[1]).includes("uptime"));
});

Deno.test("run: what is too long for StartSession is said in a terminal's session", async () => {
  const context = new TestContext();
  const long = "x".repeat(65_536);
  assert.equal(await run(context, "web-server", "--", "echo", long), 0);
  assert.deepEqual(context.commands.map(({ way }) => way), ["terminal"]);
  assert.deepEqual(context.commands[0]?.command.words, ["echo", long]);
});

Deno.test("run: a document that is denied leads to the next way, and then to Run Command", async () => {
  const context = new TestContext();
  context.onStart = () => Promise.reject(denied);
  const sent: unknown[] = [];
  context.onRunNodeCommand = (request) => {
    sent.push(request);
    return Promise.resolve({
      commandId: "c",
      state: "ended",
      code: 4,
      aborted: false,
      output: {
        stdout: "out",
        stderr: "err",
        truncated: { stdout: false, stderr: false },
      },
    });
  };
  assert.equal(await run(context, "web-server", "--", "ls", "a b"), 4);
  assert.equal(context.requests.length, 2);
  assert.equal(context.terminal.outputText, "out");
  assert.deepEqual(sent, [{
    nodeId: context.requests[0]?.target,
    documentName: "AWS-RunShellScript",
    script: ["ls 'a b'"],
    executionTimeout: 172_800,
    deliveryTimeout: 120,
    comment: undefined,
  }]);
  // But what Run Command cannot carry is refused with the session's reason.
  assert.equal(await run(context, "web-server", "--binary", "--", "ls"), 125);
  assert.equal(
    await run(context, "web-server", "--via", "session", "--", "ls"),
    125,
  );
  assert.equal(sent.length, 1);
});

Deno.test("run: output that Run Command cut off is an error", async () => {
  for (const [code, exit] of [[0, 1], [3, 3]] as const) {
    const context = new TestContext();
    const output: CommandOutput = {
      stdout: "beginning",
      stderr: "",
      truncated: { stdout: true, stderr: false },
    };
    context.onRunNodeCommand = () =>
      Promise.resolve({
        commandId: "c",
        state: "ended",
        code,
        output,
        aborted: false,
      });
    assert.equal(
      await run(context, "web-server", "--via=run-command", "--", "ls"),
      exit,
    );
    assert.equal(context.terminal.outputText, "beginning");
    assert.match(
      context.terminal.errorText,
      /^ssm: Output is missing: .* 24 000 bytes.*\nhint: ssm exec/m,
    );
  }
});

Deno.test("run: piped input goes with a terminal's session; an empty pipe needs none", async () => {
  const full = piped("hello");
  let read: Uint8Array | undefined;
  full.onCommand = async ({ input }, signal) => {
    read = await input?.(signal);
    return { kind: "exited", code: 0 };
  };
  assert.equal(await run(full, "web-server", "--", "cat"), 0);
  assert.equal(full.commands[0]?.way, "terminal");
  assert.equal(new TextDecoder().decode(read), "hello");
  const empty = piped();
  assert.equal(await run(empty, "web-server", "--", "cat"), 0);
  assert.equal(empty.commands[0]?.way, "plain");
  const left = piped("hello");
  assert.equal(await run(left, "web-server", "-n", "--", "cat"), 0);
  assert.equal(left.commands[0]?.input, undefined);
  assert.equal(
    await run(piped("x"), "web-server", "--via=run-command", "--", "cat"),
    125,
  );
  assert.equal(await run(piped("x"), "a", "b", "--", "cat"), 125);
});

Deno.test("run: many nodes get no input: what is there is refused, what is open and empty is said", async () => {
  const nodes = ["i-0123456789abcdef0", "i-0123456789abcdef1"];
  const open = new TestContext(new MemoryTerminal({ interactive: false }));
  assert.equal(await advanceUntil(open, run(open, ...nodes, "--", "cat")), 0);
  assert.equal(open.commands.length, 1, "both are one node here");
  assert.equal(open.commands[0]?.input, undefined);
  assert.match(open.terminal.errorText, /^Standard input is open, .*-n/);
  // -n does not look, so it has nothing to say.
  const left = new TestContext(new MemoryTerminal({ interactive: false }));
  assert.equal(await run(left, ...nodes, "-n", "--", "cat"), 0);
  assert.doesNotMatch(left.terminal.errorText, /Standard input/);
  const there = piped("x");
  assert.equal(await run(there, ...nodes, "--", "cat"), 125);
  assert.match(there.terminal.errorText, /Cannot pass standard input on/);
  // What comes too late is not passed over in silence, even with -q.
  for (const [theirs, ours] of [[0, 1], [7, 1]] as const) {
    const late = new TestContext(new MemoryTerminal({ interactive: false }));
    late.onCommand = async () => {
      late.terminal.type("x");
      await new Promise((resolve) => setTimeout(resolve, 0));
      return { kind: "exited", code: theirs };
    };
    const code = run(late, ...nodes, "-q", "--", "x");
    assert.equal(await advanceUntil(late, code), ours);
    assert.match(late.terminal.errorText, /which no node got/);
  }
});

Deno.test("run: --json on one node: its input arrives, and the code is the command's own", async () => {
  const context = piped("hello");
  let read: Uint8Array | undefined;
  context.onCommand = async ({ input }, signal) => {
    read = await input?.(signal);
    return { kind: "exited", code: 7 };
  };
  assert.equal(await run(context, "web-server", "--json", "--", "cat"), 7);
  assert.equal(new TextDecoder().decode(read), "hello");
  assert.match(
    context.terminal.outputText,
    /"event":"summary",.*"exitCode":7}\n$/,
  );
  const refused = piped("x");
  const byRunCommand = ["a", "--json", "--via=run-command", "--", "cat"];
  assert.equal(await run(refused, ...byRunCommand), 125);
  assert.match(refused.terminal.errorText, /by Run Command: it carries none/);
});

Deno.test("run: a variable does not make many nodes of one", async () => {
  const context = new TestContext();
  context.variables.set("SSM_PARALLEL", "5").set("SSM_MAX_ERRORS", "5");
  context.onCommand = ({ onOutput }) => {
    onOutput(new TextEncoder().encode("out\n"), "stdout");
    return Promise.resolve({ kind: "exited", code: 7 });
  };
  assert.equal(await run(context, "web-server", "--", "ls"), 7);
  assert.equal(context.terminal.outputText, "out\n");
  assert.equal(context.terminal.errorText, "");
  context.variables.set("SSM_TARGET", "web-server");
  assert.equal(await run(context, "--", "ls"), 7);
  // But who types how many at a time means nodes, and not the one of the variable.
  assert.equal(await run(context, "--parallel=5", "--", "ls"), 125);
  assert.match(context.terminal.errorText, /give targets, or --tag/);
});

Deno.test("run: variables come from here or as given, and one that is not set is told", async () => {
  const context = new TestContext();
  context.variables.set("OURS", "1");
  assert.equal(
    await run(context, "web-server", "--env=OURS", "--env=B=x=y", "--", "ls"),
    0,
  );
  assert.deepEqual(context.commands[0]?.command.variables, {
    OURS: "1",
    B: "x=y",
  });
  assert.equal(
    await run(context, "web-server", "--env", "NONE", "--", "ls"),
    125,
  );
  assert.match(
    context.terminal.errorText,
    /Cannot pass NONE on: it is not set/,
  );
});

Deno.test("run: a Windows node gets PowerShell, and what no session carries there is refused", async () => {
  const context = new TestContext();
  context.onNodes = async function* () {
    yield { id: "i-1", ping: "Online", platform: "Windows" };
  };
  assert.equal(await run(context, "web-server", "--", "hostname"), 0);
  assert.equal(context.commands[0]?.way, "powershell");
  assert.equal(
    await run(context, "web-server", "--env", "A=1", "--", "hostname"),
    125,
  );
  assert.match(
    context.terminal.errorText,
    /--env with a node that runs Windows/,
  );
});

Deno.test("run: the first Ctrl-C is the command's, the second ends its session", async () => {
  const context = new TestContext();
  let interrupts = 0;
  context.onInterrupt = () => ++interrupts > 0;
  context.onCommand = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        const { signal: name } = signal.reason as SignalError;
        resolve({ kind: "signal", signal: name });
      });
      queueMicrotask(() => {
        assert.ok(context.deliver("SIGINT"));
        assert.equal(interrupts, 1);
        assert.equal(signal.aborted, false);
        context.deliver("SIGINT");
      });
    });
  assert.equal(await run(context, "web-server", "--", "sleep", "9"), 130);
  assert.equal(interrupts, 1);
  assert.match(context.terminal.errorText, /once more ends the session/);
  assert.equal(context.deliver("SIGINT"), false, "the signals are given back");
});

Deno.test("run: SIGTERM ends the session at once", async () => {
  const context = new TestContext();
  context.onCommand = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener(
        "abort",
        () => resolve({ kind: "signal", signal: "SIGTERM" }),
      );
      queueMicrotask(() => context.deliver("SIGTERM"));
    });
  assert.equal(await run(context, "web-server", "--", "sleep", "9"), 143);
});

Deno.test("run: output that cannot be written is no success, even once the command has ended", async () => {
  for (
    const [failure, code] of [
      [new Error("No space left on device"), 1],
      [new Deno.errors.BrokenPipe("Broken pipe"), 141],
    ] as const
  ) {
    const context = new TestContext();
    context.onCommand = ({ onOutput }) => {
      onOutput(new TextEncoder().encode("out\n"), "stdout");
      return Promise.resolve({ kind: "exited", code: 0 });
    };
    context.terminal.writeFailure = failure;
    assert.equal(await run(context, "web-server", "--", "ls"), code);
    assert.equal(
      context.terminal.errorText,
      code === 1 ? "ssm: Cannot write output: No space left on device\n" : "",
    );
  }
});

Deno.test("run: giving up on a reader that does not read is no success", async () => {
  const context = new TestContext();
  const { promise, resolve } = Promise.withResolvers<void>();
  context.terminal.write = () => {
    queueMicrotask(() => context.deliver("SIGTERM"));
    return promise;
  };
  context.onCommand = ({ onOutput }) => {
    onOutput(new TextEncoder().encode("out\n"), "stdout");
    return Promise.resolve({ kind: "exited", code: 0 });
  };
  assert.equal(await run(context, "web-server", "--", "ls"), 143);
  resolve();
});

Deno.test("run: what came before an error is shown before it", async () => {
  const context = new TestContext();
  context.onCommand = ({ onOutput }) => {
    onOutput(new TextEncoder().encode("out\n"), "stdout");
    return Promise.reject(new Error("a relay's"));
  };
  assert.equal(await run(context, "web-server", "--", "ls"), 125);
  assert.equal(context.terminal.outputText, "out\n");
});

Deno.test("run: each way a command does not end has its code", async () => {
  const ends = [
    [{ kind: "lost", message: "some may be missing" }, 255],
    [{ kind: "failed", message: "no code" }, 1],
    [{ kind: "terminated", message: "by x" }, 1],
    [{ kind: "refused", message: "no sh" }, 125],
  ] as const;
  for (const [end, code] of ends) {
    const context = new TestContext();
    context.onCommand = () => Promise.resolve(end);
    assert.equal(await run(context, "web-server", "--", "ls"), code);
    assert.ok(context.terminal.errorText.includes(end.message));
  }
});

Deno.test("run: -t takes the command's exit code out of the terminal's output", async () => {
  const context = new TestContext();
  context.onShell = async ({ terminal }) => {
    const command = context.requests[0]?.parameters?.command?.[0] ?? "";
    const nonce = /ssm-([0-9a-f-]{36})-/.exec(command)?.[1];
    const encoder = new TextEncoder();
    await terminal.write(encoder.encode(`hello\r\n\x1bXssm-${nonce}`));
    await terminal.write(encoder.encode(`-42\x1b\\`));
    return { kind: "ended" };
  };
  assert.equal(await run(context, "web-server", "-t", "--", "top"), 42);
  assert.equal(context.terminal.outputText, "hello\r\n");
  assert.equal(
    context.requests[0]?.documentName,
    "AWS-StartInteractiveCommand",
  );
});

Deno.test("run -t: an end without a code is no success", async () => {
  const context = new TestContext();
  context.onShell = () => Promise.resolve({ kind: "ended" });
  assert.equal(await run(context, "web-server", "-t", "--", "top"), 1);
  assert.match(context.terminal.errorText, /without the command's exit code/);
});

Deno.test("help warns of what AWS keeps", async () => {
  const context = new TestContext();
  assert.equal(await run(context, "--help"), 0);
  assert.match(context.terminal.outputText, /CloudTrail/);
});
