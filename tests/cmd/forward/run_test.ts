import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import { TargetNotFoundError } from "../../../lib/aws/target.ts";
import { ListenError, PortInUseError } from "../../../lib/io/listen_error.ts";
import { ControlError } from "../../../lib/session/control.ts";
import { PortStartError } from "../../../lib/session/port_session.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TransportError } from "../../../lib/session/transport.ts";
import { TestContext } from "../../testkit/context.ts";
import { FakeListener } from "../../testkit/fake_local.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";
import { checkNothingLeft } from "../../testkit/nothing_left.ts";

async function run(context: TestContext, ...args: string[]): Promise<number> {
  return await runCommandLine(["forward", ...args], context);
}

/** A context that keeps the listeners it gave. */
function world(terminal?: MemoryTerminal) {
  const context = new TestContext(terminal);
  const listeners: FakeListener[] = [];
  context.onListen = (local) => {
    const made = local.kind === "unix"
      ? [new FakeListener({ kind: "unix", path: local.path })]
      : [...local.hosts, ...local.optionalHosts].map((hostname) =>
        new FakeListener({
          kind: "tcp",
          hostname,
          port: local.port || 40_001 + listeners.length,
        })
      );
    listeners.push(...made);
    return made;
  };
  return { context, listeners };
}

/** Waits for what says that it is ready. */
async function ready(context: TestContext): Promise<void> {
  await context.terminal.until(({ errorText }) =>
    errorText.includes("Forwarding from ")
  );
}

Deno.test("run: a forward says where it listens on stderr, in the order typed, and nothing on stdout", async () => {
  const { context, listeners } = world();
  // The first one is ready last.
  const first = Promise.withResolvers<void>();
  context.onForwardStart = ({ remoteHost }) =>
    remoteHost ? first.promise : Promise.resolve(first.resolve());
  const ended = run(context, "web", "-L", "5432:db:5432", ":80", "81:81");
  await ready(context);
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 0);
  assert.equal(
    context.terminal.errorText,
    "Forwarding from 127.0.0.1:5432 -> db:5432\n" +
      "Forwarding from [::1]:5432 -> db:5432\n" +
      "Forwarding from 127.0.0.1:40003 -> web:80\n" +
      "Forwarding from [::1]:40003 -> web:80\n" +
      "Forwarding from 127.0.0.1:81 -> web:81\n" +
      "Forwarding from [::1]:81 -> web:81\n",
  );
  assert.equal(context.terminal.outputText, "");
  assert.deepEqual(context.forwards.map(({ closes }) => closes), [
    [false],
    [false],
    [false],
  ]);
  checkNothingLeft(context, listeners);
});

Deno.test("run: --json describes each forward in a line", async () => {
  const { context, listeners } = world();
  const ended = run(
    context,
    "web",
    "--remote=[2001:db8::1]:80",
    "--local=unix:./s",
    ":443",
    "--json",
    "-q",
  );
  await context.terminal.until(({ outputText }) => outputText !== "");
  context.abort(new SignalError("SIGTERM"));
  assert.equal(await ended, 143);
  const common = { sessionIds: ["session-1"], pid: Deno.pid };
  const objects = [
    {
      destination: "[2001:db8::1]:80",
      remoteHost: "2001:db8::1",
      remotePort: 80,
      localSocket: "./s",
      addresses: ["./s"],
      ...common,
    },
    {
      destination: "web:443",
      remoteHost: null,
      remotePort: 443,
      localAddress: "127.0.0.1",
      localPort: 40_002,
      addresses: ["127.0.0.1:40002", "[::1]:40002"],
      ...common,
    },
  ];
  assert.equal(
    context.terminal.outputText,
    objects.map((each) => `${JSON.stringify(each)}\n`).join(""),
  );
  assert.equal(context.terminal.errorText, "");
  checkNothingLeft(context, listeners);
});

Deno.test("run: a closed stdout ends a forward that was to describe itself, and its sessions", async () => {
  const { context, listeners } = world();
  context.terminal.writeFailure = new Deno.errors.BrokenPipe();
  assert.equal(await run(context, "web", ":80", ":81", "--json"), 141);
  checkNothingLeft(context, listeners);
});

Deno.test("run: ports that cannot be had cost no call to AWS, and the others are given back", async () => {
  const place = { kind: "tcp", hostname: "127.0.0.1", port: 81 } as const;
  for (
    const [error, text] of [
      [
        new PortInUseError("127.0.0.1", 81),
        /^ssm: Cannot listen on 127\.0\.0\.1:81: it is in use by .+\nhint: ssm forward web 80 \d+:81 --profile p\n$/,
      ],
      [
        new ListenError(place, "the moon is full"),
        /^ssm: Cannot listen on 127\.0\.0\.1:81: the moon is full\n$/,
      ],
      [new TypeError("a defect"), /^ssm: TypeError: a defect\n$/],
    ] as const
  ) {
    const { context, listeners } = world();
    const { onListen } = context;
    context.onListen = (local) => {
      if (listeners.length > 0) throw error;
      return onListen(local);
    };
    const code = await run(context, "web", "80", "81", "--profile", "p");
    assert.equal(code, 125);
    assert.match(context.terminal.errorText, text);
    assert.equal(listeners.length, 2);
    assert.equal(context.connections.length, 0);
    checkNothingLeft(context, listeners);
  }
});

Deno.test("run: one forward that cannot begin ends them all, with its reason", async () => {
  for (
    const [error, text] of [
      [
        new PortStartError({ kind: "failed", message: "no \x1b[2Jsuch host" }),
        "ssm: Cannot forward from web to db:5432: no \\x1b[2Jsuch host\n",
      ],
      [
        new TransportError("Cannot open data channel: refused"),
        "ssm: Cannot open data channel: refused\n",
      ],
      [
        new ControlError("Cannot start session: denied", "denied", {
          cause: new AwsCallError({
            action: "ssm:StartSession",
            code: "AccessDeniedException",
            kind: "access-denied",
            reason: "access to ssm:StartSession is denied",
            hints: ["ssm doctor"],
          }),
        }),
        "ssm: Cannot start session: access to ssm:StartSession is denied\n" +
        "hint: ssm forward --explain web :80 --forward 5432:db:5432\n" +
        "hint: ssm doctor\n",
      ],
    ] as const
  ) {
    const { context, listeners } = world();
    context.onForwardStart = ({ remoteHost }, signal) =>
      remoteHost ? Promise.reject(error) : new Promise((_, reject) => {
        // It would wait for ever.
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    assert.equal(await run(context, "web", ":80", "-L", "5432:db:5432"), 125);
    assert.equal(context.terminal.errorText, text);
    assert.equal(context.forwards.length, 2);
    checkNothingLeft(context, listeners);
  }
});

Deno.test("run: a forward to a node that is not connected is diagnosed, to an unknown one suggests others", async () => {
  const { context, listeners } = world();
  const refused = new AwsCallError({
    action: "ssm:StartSession",
    code: "TargetNotConnected",
    kind: "not-connected",
    reason: "i-0123456789abcdef0 is not connected.",
  });
  context.onStart = () => Promise.reject(refused);
  context.onForwardStart = async ({ startSession }, signal) => {
    await assert.rejects(startSession(signal), (error: unknown) => {
      assert(error instanceof ControlError);
      assert.equal(error.failure, "gone");
      assert.equal(error.cause, refused);
      return true;
    });
    await startSession(signal);
  };
  assert.equal(await run(context, "web", ":80"), 125);
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot start session: i-0123456789abcdef0 \(web\) is not connected: it is asleep\nhint: ssm list --all i-/,
  );
  checkNothingLeft(context, listeners);

  const { context: other, listeners: taken } = world();
  other.onResolve = (text) =>
    Promise.reject(
      new TargetNotFoundError(
        text,
        ["web"],
        "nobody knows",
        `named ${text}`,
      ),
    );
  assert.equal(
    await run(other, "wbe", "8080:80", "--region", "eu-west-1"),
    125,
  );
  assert.match(
    other.terminal.errorText,
    /did you mean web\?\nhint: ssm forward web --remote 80 --local 8080 --region eu-west-1\n$/,
  );
  checkNothingLeft(other, taken);
});

Deno.test("run: a signal while a forward begins is what it ends with", async () => {
  for (
    const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const
  ) {
    const { context, listeners } = world();
    context.onForwardStart = (_, aborted) => {
      context.abort(new SignalError(signal));
      return Promise.reject(aborted.reason);
    };
    assert.equal(await run(context, "web", ":80"), code);
    assert.equal(context.terminal.errorText, "");
    checkNothingLeft(context, listeners);
  }
});

Deno.test("run: a forward that cannot go on ends with 255, the sentence, and what helps", async () => {
  const { context, listeners } = world();
  const ended = run(context, "web", ":80", ":81");
  await ready(context);
  const cause = new AwsCallError({
    action: "ssm:ResumeSession",
    code: "AccessDeniedException",
    kind: "access-denied",
    reason: "no",
    hints: ["ssm doctor"],
  });
  context.forwards[1]?.options.onFailed(
    new ControlError("Cannot resume session: n\x07o", "denied", { cause }),
  );
  assert.equal(await ended, 255);
  assert.match(
    context.terminal.errorText,
    /\nssm: Cannot resume session: n\\x07o\nhint: ssm forward --explain web :80 :81\nhint: ssm doctor\n$/,
  );
  checkNothingLeft(context, listeners);
});

Deno.test("run: forward without a target asks for one, and lists them where nobody can be asked", async () => {
  const nodes = ["db", "web"].map((name) => ({
    id: `i-${name}`,
    name,
    state: "Online",
    address: undefined,
    computerName: undefined,
  }));
  const attended = world();
  attended.context.onList = () => Promise.resolve({ nodes, more: false });
  attended.context.onResolve = () => assert.fail("it is known already");
  attended.context.terminal.type("2\n");
  const ended = run(attended.context, ":80");
  await ready(attended.context);
  attended.context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 0);
  assert.match(attended.context.terminal.errorText, /-> i-web:80/);
  checkNothingLeft(attended.context, attended.listeners);

  const alone = world(new MemoryTerminal({ interactive: false }));
  alone.context.onList = attended.context.onList;
  assert.equal(await run(alone.context, "8080:80", "-L", "81:db:81"), 125);
  assert.equal(
    alone.context.terminal.errorText,
    "ssm: Cannot choose a node: no target is given\n" +
      "  db   i-db   Online  -  -\n  web  i-web  Online  -  -\n" +
      "hint: ssm forward db -L 81:db:81 8080:80\n",
  );
  checkNothingLeft(alone.context, alone.listeners);
});
