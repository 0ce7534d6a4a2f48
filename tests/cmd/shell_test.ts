import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { parseShell, type ShellFlags } from "../../cmd/shell.ts";
import {
  AmbiguousTargetError,
  TargetNotFoundError,
} from "../../lib/aws/target.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { ControlError } from "../../lib/session/control.ts";
import type { SessionEnd } from "../../lib/session/shell.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { diagnosisOf, TestContext } from "../testkit/context.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const none: ShellFlags = {
  escape: "~",
  quiet: false,
  verbose: 0,
  noColor: false,
  recordInput: false,
  recordAppend: false,
  recordOverwrite: false,
};

async function run(context: TestContext, ...args: string[]): Promise<number> {
  return await runCommandLine(["shell", ...args], context);
}

Deno.test("parse: a target alone leaves everything else to AWS", () => {
  assert.deepEqual(parseShell(none, "web-server", undefined), {
    target: "web-server",
    connection: {
      profile: undefined,
      region: undefined,
      endpointUrl: undefined,
      transport: "native",
      streamHosts: [],
    },
    command: undefined,
    documentName: undefined,
    parameters: undefined,
    reason: undefined,
    escape: "~",
    timeout: undefined,
    record: undefined,
    quiet: false,
    verbose: 0,
  });
});

Deno.test("parse: every flag arrives", async () => {
  const context = new TestContext();
  assert.equal(
    await run(
      context,
      "web",
      "--document-name=Doc",
      "--parameters=a=1,2",
      "--parameters=b=3",
      "--reason=a reason",
      "--profile=p",
      "--region=eu-west-1",
      "--endpoint-url=http://127.0.0.1:1",
      "--transport=builtin",
      "--stream-host=a",
      "--stream-host=b",
      "-e",
      "!",
      "-q",
    ),
    0,
  );
  assert.deepEqual(context.requests, [{
    command: "ssm shell",
    target: "i-0123456789abcdef0",
    documentName: "Doc",
    parameters: { a: ["1", "2"], b: ["3"] },
    reason: "a reason",
  }]);
  assert.deepEqual(context.connections, [{
    profile: "p",
    region: "eu-west-1",
    endpointUrl: "http://127.0.0.1:1",
    transport: "builtin",
    streamHosts: ["a", "b"],
  }]);
  assert.equal(context.shells[0]?.escape, "!");
  assert.equal(context.terminal.errorText, "");
  assert.equal(context.awsClosed, 1);
});

Deno.test("parse: -e none turns the escape off; variables stand in for flags", async () => {
  const context = new TestContext();
  context.variables.set("SSM_PROFILE", "prod");
  context.variables.set("SSM_ESCAPE", "none");
  context.variables.set("SSM_REGION", "");
  assert.equal(await run(context, "web"), 0);
  assert.equal(context.shells[0]?.escape, undefined);
  assert.equal(context.connections[0]?.profile, "prod");
  assert.equal(context.connections[0]?.region, undefined);
});

Deno.test("parse: what makes no sense is refused before AWS is asked", async () => {
  for (
    const [args, message] of [
      [[""], /an empty target/],
      [["a", "b"], /takes none; ssm exec does\nhint: ssm exec a -- b\n/],
      [["a\x1b[2J"], /a\\x1b\[2J as a target: it has control characters/],
      [["a\u202eb"], /control characters/],
      [["web", "--parameters", "a=1"], /--document-name is not given/],
      [["web", "--document-name", "D", "--parameters", "a"], /not key=value/],
      [["web", "--reason", "x".repeat(257)], /more than 256/],
      [["web", "-e", "~~"], /--escape '~~': it is one printable character/],
      [["web", "--timeout", "soon"], /--timeout soon: a time is/],
      [["web", "--transport", "udp"], /--transport udp: it is native or/],
      [
        ["web", "--command", "a b"],
        /--command: it is for containers .*\nhint: ssm exec -t web --shell 'a b'\n/,
      ],
      [["ecs:a_b_c", "--command", "top"], /it is for containers of ECS/],
      [
        ["ecs:a/b", "--command", "x", "--document-name", "D"],
        /--command with --document-name/,
      ],
      [
        ["web", "--", "ls", "-l"],
        /takes none.*\nhint: ssm exec web -- ls -l\n/,
      ],
      [["--", "web"], /takes none; ssm exec does/],
      [["-web"], /Unknown flag for ssm shell: -w in -web/],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await run(context, ...args), 125, args.join(" "));
    assert.match(context.terminal.errorText, message);
    assert.equal(context.connections.length, 0);
    assert.equal(context.terminal.outputText, "");
  }
  assert.throws(
    () => parseShell(none, "-web", undefined),
    /begins with a dash/,
  );
});

Deno.test("run: without a target it is SSM_TARGET, else one is chosen", async () => {
  const context = new TestContext();
  const resolved: string[] = [];
  const resolve = context.onResolve;
  context.onResolve = (text, signal) => {
    resolved.push(text);
    return resolve(text, signal);
  };
  context.variables.set("SSM_TARGET", "db");
  assert.equal(await run(context), 0);
  assert.equal(await run(context, "web"), 0);
  context.variables.set("SSM_TARGET", "-db");
  assert.equal(await run(context), 125);
  assert.match(
    context.terminal.errorText,
    /ssm: Cannot use SSM_TARGET=-db: it begins with a dash\n$/,
  );
  assert.equal(context.connections.length, 2);

  context.variables.delete("SSM_TARGET");
  context.onList = () =>
    Promise.resolve({
      nodes: [{
        id: "i-0000000000000000a",
        name: "web",
        state: "Online",
        address: undefined,
        computerName: undefined,
      }],
      more: false,
    });
  context.terminal.type("1\n");
  assert.equal(await run(context), 0);
  assert.deepEqual(resolved, ["db", "web"]);
  assert.equal(context.requests.at(-1)?.target, "i-0000000000000000a");

  const unattended = new TestContext(
    new MemoryTerminal({ interactive: false }),
  );
  unattended.onList = context.onList;
  assert.equal(await run(unattended, "--profile", "p"), 125);
  assert.equal(
    unattended.terminal.errorText,
    "ssm: Cannot choose a node: no target is given\n" +
      "  web  i-0000000000000000a  Online  -  -\n" +
      "hint: ssm shell web --profile p\n",
  );
  assert.equal(unattended.awsClosed, 1);
});

Deno.test("a value of a variable is blamed on the variable", async () => {
  const context = new TestContext();
  context.variables.set("SSM_TIMEOUT", "soon");
  assert.equal(await run(context, "web"), 125);
  assert.match(context.terminal.errorText, /Cannot use SSM_TIMEOUT=soon: /);
});

Deno.test("run: the banner names node and session, on stderr alone", async () => {
  const context = new TestContext();
  assert.equal(await run(context, "web-server"), 0);
  assert.equal(
    context.terminal.errorText,
    "Session user-0123456789abcdef0 on i-0123456789abcdef0 (web-server)\n" +
      "Session ended\n",
  );
  assert.equal(context.terminal.outputText, "");
  const [shell] = context.shells;
  assert.equal(shell?.terminal, context.terminal);
  assert.equal(shell?.grant.tokenValue, "secret-token");
});

Deno.test("run: foreign names cannot drive the terminal", async () => {
  const context = new TestContext();
  context.onResolve = () =>
    Promise.resolve({ id: "i-\x1b[2J", name: "we\x07b" });
  assert.equal(await run(context, "web"), 0);
  assert.match(context.terminal.errorText, /on i-\\x1b\[2J \(we\\x07b\)\n/);
});

Deno.test("run: notices are lines on stderr", async () => {
  const context = new TestContext();
  context.onShell = ({ notify }) => {
    notify({ kind: "waiting" });
    notify({
      kind: "started",
      encrypted: true,
      customerMessage: "be\x1b[31m nice",
      agentVersion: "3.3.987.0",
    });
    notify({ kind: "lost", reason: "re\x07set" });
    notify({ kind: "resumed", after: 3210 });
    notify({ kind: "help", escape: "~" });
    notify({ kind: "warning", text: "hm" });
    return Promise.resolve({ kind: "left" });
  };
  assert.equal(await run(context, "web", "-v"), 0);
  const lines = context.terminal.errorText.split("\n").slice(2);
  assert.deepEqual(lines, [
    "Waiting for the agent on web…",
    "be\\x1b[31m nice",
    "Session started, agent 3.3.987.0, encrypted with KMS",
    "",
    "Connection lost: re\\x07set; resuming for up to 20 minutes…",
    "Connection resumed after 3.2 s",
    "",
    "Keys, right after Enter:",
    "  ~.   end the session",
    "  ~?   list these keys",
    "  ~^Z  suspend ssm",
    "  ~~   send one ~",
    "",
    "hm",
    "",
    "Session left",
    "",
  ]);
});

Deno.test("run: with -q only the keys that were asked for are shown", async () => {
  const context = new TestContext();
  context.onShell = ({ notify }) => {
    notify({ kind: "waiting" });
    notify({ kind: "lost", reason: "x" });
    notify({ kind: "help", escape: "~" });
    return Promise.resolve({ kind: "ended" });
  };
  assert.equal(await run(context, "web", "-q"), 0);
  assert.match(context.terminal.errorText, /^\nKeys, right after Enter:\n/);
  assert.doesNotMatch(context.terminal.errorText, /lost|Waiting|Session/);
});

Deno.test("run: how a session ends decides the exit code", async () => {
  const ends: readonly (readonly [SessionEnd, number, RegExp])[] = [
    [{ kind: "ended" }, 0, /Session ended\n$/],
    [{ kind: "left" }, 0, /Session left\n$/],
    [
      { kind: "failed", message: "no pty" },
      1,
      /ssm: The session failed: no pty/,
    ],
    [{ kind: "terminated", message: "by admin" }, 1, /service: by admin/],
    [{ kind: "timed-out", message: "timed out" }, 1, /ssm: timed out/],
    [{ kind: "lost", message: "gone" }, 255, /ssm: gone/],
    [{ kind: "refused", message: "not begun" }, 125, /ssm: not begun/],
    [{ kind: "signal", signal: "SIGTERM" }, 143, /i-0123456789abcdef0/],
    [{ kind: "signal", signal: "SIGPIPE" }, 141, /i-0123456789abcdef0/],
  ];
  for (const [end, code, text] of ends) {
    const context = new TestContext();
    context.onShell = () => Promise.resolve(end);
    assert.equal(await run(context, "web"), code, end.kind);
    assert.match(context.terminal.errorText, text);
    assert.equal(context.awsClosed, 1);
  }
});

Deno.test("run: a login that expired during the session is said with the command that renews it", async () => {
  const context = new TestContext();
  const cause = new AwsCallError({
    action: "credentials",
    code: "CredentialsProviderError",
    kind: "expired-credentials",
    reason: "the SSO login of the profile dev is missing or has expired",
    hints: ["aws sso login --profile dev"],
  });
  context.onShell = () =>
    Promise.resolve({
      kind: "lost",
      message: cause.message,
      cause: new ControlError(cause.message, true, { cause }),
    });
  assert.equal(await run(context, "web", "-q"), 255);
  assert.equal(
    context.terminal.errorText,
    "ssm: Cannot load credentials: the SSO login of the profile dev is missing or has expired\n" +
      "hint: aws sso login --profile dev\n",
  );
});

Deno.test("run: what fails after StartSession terminates the session", async () => {
  for (
    const error of [
      new TransportError("Cannot open WebSocket: refused"),
      new UpgradeRefusedError(403, {}, ""),
      new TypeError("a defect"),
    ]
  ) {
    const context = new TestContext();
    context.onShell = () => Promise.reject(error);
    assert.equal(await run(context, "web"), 125, error.name);
    assert.equal(context.control.terminated, 1, error.name);
    assert.equal(context.awsClosed, 1);
  }
});

Deno.test("run: an error of ours while the session runs gives 1, not 125", async () => {
  const context = new TestContext();
  context.onShell = ({ notify }) => {
    notify({
      kind: "started",
      encrypted: false,
      customerMessage: "",
      agentVersion: undefined,
    });
    return Promise.reject(new TypeError("a defect"));
  };
  assert.equal(await run(context, "web"), 1);
  assert.match(context.terminal.errorText, /ssm: TypeError: a defect\n$/);
  assert.equal(context.control.terminated, 1);
});

Deno.test("run: a session that the shell terminated is not terminated again", async () => {
  const context = new TestContext();
  context.onShell = async ({ control }) => {
    await control.terminate();
    throw new TransportError("Cannot open WebSocket: refused");
  };
  assert.equal(await run(context, "web"), 125);
  assert.equal(context.control.terminated, 1);
});

Deno.test("run: a session that cannot be terminated is named, with the command that does it", async () => {
  const context = new TestContext();
  context.control.onTerminate = () => {
    throw new Error("denied");
  };
  context.onShell = () => Promise.reject(new TransportError("Cannot open"));
  assert.equal(await run(context, "web"), 125);
  assert.match(
    context.terminal.errorText,
    /Cannot terminate session user-0123456789abcdef0: denied\nhint: ssm sessions kill user-0123456789abcdef0\nssm: Cannot open\n/,
  );
});

Deno.test("run: a signal between StartSession and the shell terminates the session", async () => {
  const context = new TestContext();
  const start = context.onStart;
  context.onStart = async (...args) => {
    const started = await start(...args);
    context.abort(new SignalError("SIGHUP"));
    return started;
  };
  assert.equal(await run(context, "web"), 129);
  assert.equal(context.control.terminated, 1);
  assert.equal(context.shells.length, 0);
});

Deno.test("run: --timeout ends the session with 124, and leaves no timer otherwise", async () => {
  const context = new TestContext();
  context.onShell = ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  const ended = run(context, "web", "--timeout", "2s");
  await context.terminal.until((terminal) =>
    terminal.errorText.includes("Session user")
  );
  await context.clock.advance(1999);
  assert.equal(context.terminal.errorText.includes("--timeout"), false);
  await context.clock.advance(1);
  assert.equal(await ended, 124);
  assert.match(context.terminal.errorText, /Stopped by --timeout after 2 s/);
  assert.equal(context.control.terminated, 1);

  const other = new TestContext();
  assert.equal(await run(other, "web", "--timeout", "2s"), 0);
  assert.equal(other.clock.pending, 0);
});

const namesakes: typeof TestContext.prototype.onResolve = (text) =>
  Promise.reject(
    new AmbiguousTargetError(text, [
      {
        id: "i-0000000000000000a",
        name: text,
        state: "Online",
        address: "10.0.0.1",
        computerName: "a.internal",
      },
      {
        id: "mi-0000000000000000b",
        name: text,
        state: "ConnectionLost",
        address: undefined,
        computerName: "evil\x1b[2J",
      },
    ], `have the name ${text}`),
  );

Deno.test("run: several nodes with one name are listed where nobody can be asked", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  context.onResolve = namesakes;
  assert.equal(await run(context, "web", "--region", "eu-west-1"), 125);
  assert.equal(
    context.terminal.errorText,
    "ssm: Cannot choose a node: 2 have the name web\n" +
      "  i-0000000000000000a   Online          10.0.0.1  a.internal\n" +
      "  mi-0000000000000000b  ConnectionLost  -         evil\\x1b[2J\n" +
      "hint: ssm shell i-0000000000000000a --region eu-west-1\n",
  );
});

Deno.test("run: in a terminal one of several nodes is chosen", async () => {
  const context = new TestContext();
  context.onResolve = namesakes;
  context.terminal.type("2\n");
  assert.equal(await run(context, "web"), 0);
  assert.equal(context.requests[0]?.target, "mi-0000000000000000b");
  assert.match(
    context.terminal.errorText,
    /^2 nodes have the name web:\n {2}1 {2}i-0000000000000000a .*\n {2}2 {2}mi-.*\nNode \(1-2/,
  );
});

Deno.test("run: an unknown name suggests those like it, quoted", async () => {
  const context = new TestContext();
  context.onResolve = (text) =>
    Promise.reject(
      new TargetNotFoundError(
        text,
        ["web server", "8080"],
        "nobody knows",
        `named ${text}`,
      ),
    );
  assert.equal(await run(context, "web-server"), 125);
  assert.equal(
    context.terminal.errorText,
    "ssm: Cannot find a node named web-server: nobody knows; did you mean web server or 8080?\n" +
      "hint: ssm shell 'web server'\n" +
      "hint: ssm shell name:8080\n",
  );
});

Deno.test("run: an unknown name that no other is like leads to the list of nodes", async () => {
  const context = new TestContext();
  context.onResolve = (text) =>
    Promise.reject(
      new TargetNotFoundError(text, [], "nobody knows", `named ${text}`),
    );
  assert.equal(await run(context, "web", "--region", "eu-west-1"), 125);
  assert.match(
    context.terminal.errorText,
    /nobody knows\nhint: ssm list --all --region eu-west-1\n$/,
  );
});

Deno.test("run: a node that is not connected is diagnosed", async () => {
  const context = new TestContext();
  context.onStart = () =>
    Promise.reject(
      new AwsCallError({
        action: "ssm:StartSession",
        code: "TargetNotConnected",
        kind: "not-connected",
        reason: "i-0123456789abcdef0 is not connected.",
      }),
    );
  context.onDiagnose = (id) =>
    Promise.resolve(diagnosisOf(id, `${id} is stopped`));
  assert.equal(await run(context, "web", "--profile", "my profile"), 125);
  assert.match(
    context.terminal.errorText,
    /i-0123456789abcdef0 \(web\) is not connected: i-0123456789abcdef0 is stopped\nhint: ssm list --all i-\w+ --profile 'my profile'\nhint: ssm doctor i-0123456789abcdef0 --profile 'my profile'\n$/,
  );
  assert.equal(context.control.terminated, 0);
});

Deno.test("run: piped input is no terminal, so no keys are offered", async () => {
  const context = new TestContext(
    new MemoryTerminal({ interactive: false, size: null }),
  );
  assert.equal(await run(context, "web", "-v"), 0);
  assert.doesNotMatch(context.terminal.errorText, /escape keys/);
});

Deno.test("run: closed standard error does not stop a session", async () => {
  const context = new TestContext();
  context.terminal.writeError = () =>
    Promise.reject(new Deno.errors.BrokenPipe());
  assert.equal(await run(context, "web"), 0);
});

Deno.test("run: in a container a shell is started by ECS", async () => {
  const context = new TestContext();
  assert.equal(await run(context, "ecs:prod/web"), 0);
  assert.deepEqual(
    context.containerCommands.map(({ commandLine, target, command, rest }) => [
      commandLine,
      target,
      command,
      rest,
    ]),
    [["/bin/sh", "ecs:prod/web", "ssm shell", undefined]],
  );
  assert.equal(context.shells[0]?.grant.tokenValue, "secret-token");
  assert.deepEqual(context.requests, []);
  assert.equal(
    context.terminal.errorText,
    "Session ecs-execute-command-0123456789abcdef0 in " +
      "ecs:prod/web/0123456789abcdef0123456789abcdef/app\nSession ended\n",
  );
});

Deno.test("run: --command runs another program there, and Windows has PowerShell", async () => {
  const context = new TestContext();
  const found = context.onContainer;
  assert.equal(
    await run(
      context,
      "ecs:prod/web",
      "--command",
      "bash -l",
      "--reason",
      "to see",
    ),
    0,
  );
  assert.match(context.terminal.errorText, /\nECS takes no reason; /);
  context.onContainer = async (spec, signal) => ({
    ...await found(spec, signal),
    platform: "Windows",
  });
  assert.equal(await run(context, "ecs:prod/web"), 0);
  assert.deepEqual(
    context.containerCommands.map(({ commandLine, rest }) => [
      commandLine,
      rest,
    ]),
    [["bash -l", "--command 'bash -l'"], ["powershell.exe", undefined]],
  );
});

Deno.test("run: a document is started in a container as on a node", async () => {
  const context = new TestContext();
  assert.equal(
    await run(context, "ecs:prod/web/app", "--document-name", "Doc"),
    0,
  );
  assert.deepEqual(
    context.requests.map(({ target, documentName }) => [target, documentName]),
    [[
      "ecs:prod_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1",
      "Doc",
    ]],
  );
  assert.deepEqual(context.containerCommands, []);
});

Deno.test("run: a session in a container is ended when its shell cannot run", async () => {
  const context = new TestContext();
  context.onShell = () => Promise.reject(new TransportError("no way"));
  assert.equal(await run(context, "ecs:prod/web"), 125);
  assert.equal(context.control.terminated, 1);
});
