/** The plugin from its arguments to its exit code, with a session whose agent is the test's. */

import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { ListenError, PortInUseError } from "../../../lib/io/listen_error.ts";
import { PortStartError } from "../../../lib/session/port_session.ts";
import { runShell } from "../../../lib/session/shell.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { runStdioSession } from "../../../lib/session/stdio_session.ts";
import { TransportError } from "../../../lib/session/transport.ts";
import { TestContext } from "../../testkit/context.ts";
import { FakeAgent } from "../../testkit/fake_session.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const id = "user-0123456789abcdef0";
const start = `\nStarting session with SessionId: ${id}\n`;
const exit = `\n\nExiting session with sessionId: ${id}.\n\n`;
const words = [
  JSON.stringify({
    SessionId: id,
    TokenValue: "secret-token",
    StreamUrl: "wss://ssmmessages.eu-west-1.amazonaws.com/x",
  }),
  "eu-west-1",
  "StartSession",
  "prod",
  '{"Target":"i-0123456789abcdef0"}',
  "https://ssm.eu-west-1.amazonaws.com",
];

/** A session's handshake. */
function handshake(
  sessionType: string,
  properties: Record<string, unknown> | null = null,
) {
  return {
    handshake: {
      agentVersion: "3.3.987.0",
      actions: [{
        actionType: "SessionType",
        parameters: { SessionType: sessionType, Properties: properties },
      }],
    },
  };
}

class Bench {
  readonly context: TestContext;
  readonly agent: FakeAgent;
  code: number | undefined;

  constructor(
    agent: ConstructorParameters<typeof FakeAgent>[2] = {},
    terminal?: MemoryTerminal,
  ) {
    this.context = new TestContext(terminal);
    this.context.onShell = runShell;
    this.agent = new FakeAgent(
      this.context.control,
      this.context.clock,
      agent,
    );
  }

  async run(args: readonly string[] = words): Promise<this> {
    runCommandLine(["plugin", ...args], this.context)
      .then((code) => this.code = code);
    // The code of each kind is loaded when it is needed.
    for (let at = 0; at < 20; at++) await this.advance(10);
    return this;
  }

  async advance(milliseconds: number): Promise<void> {
    await this.context.clock.advance(milliseconds);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  get out(): string {
    return this.context.terminal.outputText;
  }
  get err(): string {
    return this.context.terminal.errorText;
  }

  /** Nothing may be left. */
  assertOver(code: number): void {
    this.agent.stop();
    assert.equal(this.code, code, this.err);
    const { control, clock, terminal } = this.context;
    assert.ok(control.transports.every((each) => each.ended));
    assert.equal(clock.pending, 0, "a timer is left");
    assert.equal(terminal.rawNow, false);
    assert.equal(this.context.awsClosed, this.context.connections.length);
    assert.ok(!(this.out + this.err).includes("secret-token"));
  }
}

Deno.test("what is no session is answered as the official plugin does, and no success", async () => {
  for (
    const [args, out, code] of [
      [[], /^\nThe Session Manager plugin was installed successfully\./, 0],
      [["--version"], /^\d+(\.\d+){3}\n$/, 0],
      [
        ["a\x1b"],
        /^\nUnknown operation a\\x1b\. \nUse session-manager-plugin --version to check the version\.\n\n$/,
        125,
      ],
      [["{}", "r", "Foo"], /^Invalid Operation$/, 125],
      [["{}", "r", "StartSession"], /^$/, 125],
    ] as const
  ) {
    const bench = await new Bench().run(args);
    assert.match(bench.out, out);
    assert.deepEqual(bench.context.connections, []);
    bench.assertOver(code);
  }
});

Deno.test("a shell without a handshake: the CLI's identity, its output, the lines around it", async () => {
  const bench = await new Bench().run();
  const { context, agent } = bench;
  assert.equal(bench.out, start, "before the agent says a word");
  assert.deepEqual(context.connections, [{
    profile: "prod",
    region: "eu-west-1",
    endpointUrl: undefined,
    ssmEndpointUrl: "https://ssm.eu-west-1.amazonaws.com",
    transport: "native",
    streamHosts: [],
    signature: "if possible",
  }]);
  agent.print("$ ");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}$ `);
  context.terminal.type("exit\r");
  await bench.advance(10);
  assert.equal(agent.input, "exit\r");
  agent.closeChannel();
  await bench.advance(10);
  assert.equal(bench.out, `${start}$ ${exit}`);
  assert.equal(bench.err, "");
  assert.equal(context.control.terminated, 0);
  bench.assertOver(0);
});

Deno.test("the session in the environment is taken out of it", async () => {
  const bench = new Bench();
  const variable = "AWS_SSM_START_SESSION_RESPONSE";
  bench.context.variables.set(variable, words[0]!);
  await bench.run([variable, ...words.slice(1)]);
  assert.equal(bench.context.variables.has(variable), false);
  bench.agent.closeChannel();
  await bench.advance(10);
  assert.equal(bench.out, start + exit);
  bench.assertOver(0);
});

Deno.test("a signal is a key of a shell, and ends it only where nobody takes it", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await new Bench({}, terminal).run();
  bench.agent.print("$ ");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.context.deliver("SIGINT"), true);
  await bench.advance(10);
  bench.context.deliver("SIGQUIT");
  await bench.advance(10);
  assert.equal(bench.agent.input, "\x03\x1c");
  assert.equal(bench.code, undefined);
  bench.context.deliver("SIGTERM");
  await bench.advance(10);
  assert.equal(bench.context.control.terminated, 1);
  await bench.advance(3000);
  bench.assertOver(143);
});

Deno.test("Ctrl-C before the session begins ends it", async () => {
  const bench = await new Bench().run();
  bench.context.abort(new SignalError("SIGINT"));
  for (let at = 0; at < 20; at++) await bench.advance(100);
  assert.equal(bench.context.control.terminated, 1);
  assert.equal(bench.out, start);
  bench.assertOver(130);
});

Deno.test("how sessions end, and which exit codes that has", async () => {
  const text = "----------ERROR-------\nUnable to start command: no such file";
  for (
    const [output, out, code] of [
      ["", exit, 0],
      [
        "Terminated by \x1bme",
        `\n\nSessionId: ${id} : Terminated by \\x1bme\n\n`,
        0,
      ],
      [
        `\n${text}`,
        `\n\nSessionId: ${id} : \n${text}\n\n`,
        1,
      ],
    ] as const
  ) {
    const bench = await new Bench(handshake("InteractiveCommands")).run();
    bench.agent.closeChannel(output);
    await bench.advance(10);
    assert.equal(bench.out, start + out);
    bench.assertOver(code);
  }
  // One that never began.
  const bench = await new Bench().run();
  bench.agent.closeChannel(text);
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}\n\nSessionId: ${id} : \n${text}\n\n`);
  bench.assertOver(125);
});

Deno.test("a session that timed out meanwhile has ended", async () => {
  const bench = await new Bench(handshake("Standard_Stream")).run();
  bench.context.control.onResume = () => undefined;
  bench.context.control.transport.drop();
  for (let at = 0; at < 60; at++) await bench.advance(100);
  assert.equal(bench.out, `${start}Session: ${id} timed out.\n`);
  bench.assertOver(0);
});

Deno.test("no connection is an error, and the session is terminated", async () => {
  const bench = new Bench();
  bench.context.control.onOpen = () => {
    throw new TransportError("Cannot open WebSocket: no way");
  };
  await bench.run();
  for (let at = 0; at < 60; at++) await bench.advance(1000);
  assert.equal(bench.out, start);
  assert.match(bench.err, /^ssm: Cannot open WebSocket: no way\n/);
  assert.equal(bench.context.control.terminated, 1);
  bench.assertOver(125);
});

Deno.test("without a target, no key is asked for, and the reason is said", async () => {
  const bench = new Bench({
    handshake: {
      agentVersion: "3.3.987.0",
      actions: [
        {
          actionType: "SessionType",
          parameters: { SessionType: "Standard_Stream", Properties: null },
        },
        { actionType: "KMSEncryption", parameters: { KMSKeyId: "alias/k" } },
      ],
    },
  });
  bench.context.control.onDataKey = () => {
    throw new Error("A key was asked for");
  };
  await bench.run(words.slice(0, 3));
  // The agent makes the reason its last word.
  assert.match(
    JSON.stringify(bench.agent.events),
    /this AWS CLI is too old for that/,
  );
  bench.agent.closeChannel("----------ERROR-------\nNo key");
  for (let at = 0; at < 60; at++) await bench.advance(100);
  bench.assertOver(125);
});

Deno.test("a command without a terminal: outputs apart, no input, one Ctrl-C", async () => {
  const bench = await new Bench(handshake("NonInteractiveCommands")).run();
  bench.context.terminal.type("not for it");
  bench.agent.print("out\n");
  bench.agent.print("err\n", 11);
  await bench.advance(10);
  assert.equal(bench.out, `${start}out\n`);
  assert.equal(bench.err, "err\n");
  bench.context.deliver("SIGINT");
  await bench.advance(10);
  assert.equal(bench.agent.input, "\x03");
  bench.agent.print("EXIT_CODE: 3", 12);
  bench.agent.closeChannel();
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}out\n${exit}`);
  assert.equal(bench.context.control.terminated, 0);
  bench.assertOver(0);
});

Deno.test("a command that does not heed Ctrl-C is left at the second", async () => {
  const bench = await new Bench(handshake("NonInteractiveCommands")).run();
  bench.context.deliver("SIGINT");
  bench.context.deliver("SIGINT");
  for (let at = 0; at < 50; at++) await bench.advance(100);
  assert.equal(bench.context.control.terminated, 1);
  bench.assertOver(130);
});

const forwarding = {
  portNumber: "80",
  localPortNumber: "8080",
  type: "LocalPortForwarding",
};

Deno.test("a port: where the document says, one session, and its lines", async () => {
  const bench = await new Bench(handshake("Port", forwarding)).run();
  const { context } = bench;
  assert.deepEqual(context.places, [{
    kind: "tcp",
    hosts: ["127.0.0.1"],
    optionalHosts: ["::1"],
    port: 8080,
  }]);
  assert.equal(
    bench.out,
    `${start}Port 8080 opened for sessionId ${id}.\nWaiting for connections...\n`,
  );
  const [forward] = context.forwards;
  const { sessions, follow, remoteHost, retry } = forward!.options;
  assert.deepEqual(
    { sessions, follow, remoteHost, retry },
    { sessions: 1, follow: false, remoteHost: false, retry: Infinity },
  );
  const given = await forward!.options.startSession(context.signal);
  assert.equal(given.grant.sessionId, id);
  assert.ok(given.drive !== undefined);
  context.deliver("SIGINT");
  await bench.advance(200);
  assert.ok(
    bench.out.endsWith(`Terminate signal received, exiting.\n${exit}`),
  );
  assert.deepEqual(forward!.closes, [false]);
  bench.assertOver(0);
});

Deno.test("a port's end: what it says, and the exit code", async () => {
  for (
    const [end, out, code] of [
      [
        { kind: "ended", message: "The service ended it", silent: true },
        exit,
        0,
      ],
      [
        { kind: "ended", message: "Terminated by me" },
        `\n\nSessionId: ${id} : Terminated by me\n\n`,
        0,
      ],
      [{ kind: "idle", message: "It" }, `Session: ${id} timed out.\n`, 0],
      [
        { kind: "failed", message: "It broke" },
        `\n\nSessionId: ${id} : \n----------ERROR-------\nIt broke\n\n`,
        1,
      ],
      [{ kind: "lost", message: "It is lost" }, "", 255],
    ] as const
  ) {
    const bench = await new Bench(handshake("Port", forwarding)).run();
    bench.context.forwards[0]?.options.onFailed(new PortStartError(end));
    await bench.advance(200);
    assert.ok(bench.out.endsWith(`Waiting for connections...\n${out}`));
    assert.equal(bench.err, code === 255 ? "ssm: It is lost\n" : "");
    bench.assertOver(code);
  }
});

Deno.test("a port that never works is no success", async () => {
  const bench = new Bench(handshake("Port", forwarding));
  bench.context.onForwardStart = () => {
    const message = "Cannot resolve db.internal";
    throw new PortStartError({ kind: "failed", message });
  };
  await bench.run();
  assert.equal(
    bench.out,
    `${start}\n\nSessionId: ${id} : \n----------ERROR-------\n` +
      "Cannot resolve db.internal\n\n",
  );
  bench.assertOver(125);
});

Deno.test("standard input and output: nothing but the start line and the port's bytes", async () => {
  const properties = { portNumber: "22" };
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = new Bench(handshake("Port", properties), terminal);
  bench.context.onStdio = runStdioSession;
  await bench.run();
  bench.agent.print("SSH-2.0-far\r\n");
  terminal.type("SSH-2.0-near\r\n");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}SSH-2.0-far\r\n`);
  assert.equal(bench.agent.input, "SSH-2.0-near\r\n");
  bench.agent.closeChannel();
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}SSH-2.0-far\r\n`);
  assert.equal(bench.err, "");
  bench.assertOver(0);
});

Deno.test("standard input and output: a port that cannot be reached, and a signal", async () => {
  for (const how of ["refused", "signal"]) {
    const terminal = new MemoryTerminal({ interactive: false });
    const bench = new Bench(handshake("Port", { portNumber: "22" }), terminal);
    bench.context.onStdio = runStdioSession;
    await bench.run();
    if (how === "signal") bench.context.deliver("SIGHUP");
    else {bench.agent.closeChannel(
        "----------ERROR-------\nUnable to connect to specified port: refused",
      );}
    for (let at = 0; at < 60; at++) await bench.advance(100);
    assert.equal(bench.out, start);
    assert.equal(
      bench.err,
      how === "signal"
        ? ""
        : "ssm: Cannot reach port 22 of i-0123456789abcdef0: " +
          "Unable to connect to specified port: refused\n",
    );
    bench.assertOver(how === "signal" ? 129 : 255);
  }
});

Deno.test("a Unix socket, a free port, and a place that cannot be had", async () => {
  const socket = {
    portNumber: "80",
    localConnectionType: "unix",
    localUnixSocket: "/tmp/x.sock",
    type: "LocalPortForwarding",
  };
  const unix = await new Bench(handshake("Port", socket)).run();
  assert.deepEqual(unix.context.places, [{
    kind: "unix",
    path: "/tmp/x.sock",
  }]);
  assert.equal(
    unix.out,
    `${start}Unix socket /tmp/x.sock opened for sessionId ${id}.\n` +
      "Waiting for connections...\n",
  );
  unix.context.deliver("SIGTERM");
  await unix.advance(200);
  unix.assertOver(143);

  for (const localPortNumber of ["", "0", undefined]) {
    const free = await new Bench(
      handshake("Port", {
        ...forwarding,
        host: "db.internal",
        ...(localPortNumber === undefined ? {} : { localPortNumber }),
      }),
    ).run();
    const [place] = free.context.places;
    assert.ok(localPortNumber === undefined || place?.kind === "tcp");
    assert.equal(free.context.forwards[0]?.options.remoteHost, true);
    free.context.deliver("SIGINT");
    await free.advance(200);
    free.assertOver(0);
  }

  for (
    const [properties, error, message] of [
      [
        { ...forwarding, localPortNumber: "http" },
        undefined,
        /has http for localPortNumber/,
      ],
      [
        { ...socket, localUnixSocket: "" },
        undefined,
        /names no localUnixSocket/,
      ],
      [
        forwarding,
        new PortInUseError("127.0.0.1", 8080),
        /^ssm: .*8080.*\nhint: aws ssm start-session --target i-0123456789abcdef0 --document-name AWS-StartPortForwardingSession --parameters '\{"portNumber":\["80"\],"localPortNumber":\["\d+"\]\}' --profile prod\n$/,
      ],
      [
        socket,
        new ListenError(
          { kind: "unix", path: "/tmp/x.sock" },
          "it is a folder",
        ),
        /it is a folder/,
      ],
    ] as const
  ) {
    const bench = new Bench(handshake("Port", properties));
    if (error !== undefined) {
      bench.context.onListen = () => {
        throw error;
      };
    }
    await bench.run([
      ...words.slice(0, 4),
      JSON.stringify({
        Target: "i-0123456789abcdef0",
        DocumentName: "AWS-StartPortForwardingSession",
        Parameters: { portNumber: ["80"] },
      }),
      words[5]!,
    ]);
    for (let at = 0; at < 2000 && bench.code === undefined; at++) {
      await bench.advance(1);
    }
    assert.match(bench.err, message);
    assert.equal(bench.out, start);
    assert.equal(bench.context.control.terminated, 1);
    bench.assertOver(125);
  }
});
