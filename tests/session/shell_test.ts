import assert from "node:assert/strict";
import { encodeHandshakeRequest } from "../../lib/protocol/message/handshake.ts";
import { ControlError } from "../../lib/session/control.ts";
import {
  runShell,
  type SessionEnd,
  type SessionNotice,
  type ShellOptions,
  SignalError,
} from "../../lib/session/shell.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { FakeAgent, FakeControl, fakeGrant } from "../testkit/fake_session.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly control: FakeControl;
  readonly agent: FakeAgent;
  readonly terminal: MemoryTerminal;
  readonly notices: SessionNotice[];
  readonly abort: AbortController;
  /** Undefined while the session runs. */
  readonly outcome: () => SessionEnd | Error | undefined;
}

interface BenchOptions {
  readonly terminal?: MemoryTerminal;
  readonly agent?: ConstructorParameters<typeof FakeAgent>[2];
  readonly shell?: Partial<ShellOptions>;
  readonly prepare?: (control: FakeControl, agent: FakeAgent) => void;
}

/** A session that runs, its user and its agent in the test's hands. */
async function start(options: BenchOptions = {}): Promise<Bench> {
  const clock = new ManualClock();
  const control = new FakeControl();
  const agent = new FakeAgent(control, clock, options.agent);
  const terminal = options.terminal ?? new MemoryTerminal();
  const notices: SessionNotice[] = [];
  const abort = new AbortController();
  options.prepare?.(control, agent);
  let outcome: SessionEnd | Error | undefined;
  runShell({
    grant: fakeGrant,
    control,
    terminal,
    clock,
    escape: "~",
    signal: abort.signal,
    notify: (notice) => notices.push(notice),
    ...options.shell,
  }).then((end) => outcome = end, (error) => outcome = error);
  await clock.advance(0);
  return {
    clock,
    control,
    agent,
    terminal,
    notices,
    abort,
    outcome: () => outcome,
  };
}

/** Nothing may remain of a session that is over. */
function assertClean({ terminal, control, agent, clock }: Bench): void {
  agent.stop();
  assert.equal(terminal.rawNow, false, "the terminal is left raw");
  assert.equal(terminal.resizeListeners, 0);
  assert.ok(control.transports.every((each) => each.ended), "a socket is open");
  assert.equal(clock.pending, 0, "a timer is left");
}

Deno.test("a shell: size before the prompt, keys, output, end", async () => {
  const bench = await start();
  const { agent, terminal, clock, control } = bench;
  assert.deepEqual(agent.events, [
    { type: "size", size: { cols: 80, rows: 24 } },
  ]);
  assert.equal(terminal.rawNow, false, "raw before the session began");
  agent.print("sh-4.2$ ");
  await clock.advance(10);
  assert.equal(terminal.outputText, "sh-4.2$ ");
  assert.equal(terminal.rawNow, true);
  terminal.type("ls\r");
  await clock.advance(10);
  assert.equal(agent.input, "ls\r");
  agent.print("a  b\r\n");
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assert.equal(terminal.outputText, "sh-4.2$ a  b\r\n");
  assert.equal(control.terminated, 0, "it ended by itself");
  assertClean(bench);
});

Deno.test("control characters reach the remote side", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type(Uint8Array.of(3, 26, 28, 10, 0, 255));
  await bench.clock.advance(10);
  const payloads = bench.agent.events.filter((each) => each.type === "payload");
  assert.deepEqual(payloads.map((each) => [...each.payload]), [
    [3, 26, 28, 10, 0, 255],
  ]);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("a resize is sent once, and again after a handshake", async () => {
  const actions = [{
    actionType: "SessionType",
    parameters: { SessionType: "Standard_Stream", Properties: null },
  }];
  const bench = await start({
    agent: { handshake: { agentVersion: "3.3.987.0", actions } },
    // The early size is there before the handshake is over, and dropped.
    prepare: (_, agent) => agent.latency = () => 1,
  });
  await bench.clock.advance(10);
  const sizes = () => bench.agent.events.filter((each) => each.type === "size");
  assert.deepEqual(sizes().map((each) => each.size), [{ cols: 80, rows: 24 }]);
  bench.terminal.resize({ cols: 120, rows: 50 });
  bench.terminal.resize({ cols: 120, rows: 50 });
  await bench.clock.advance(10);
  assert.deepEqual(sizes().map((each) => each.size), [
    { cols: 80, rows: 24 },
    { cols: 120, rows: 50 },
  ]);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("~. leaves: the session is terminated, the terminal restored", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("\r~.");
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "left" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("~? and ~^Z", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("~?~\x1a");
  await bench.clock.advance(0);
  assert.deepEqual(bench.notices.at(-1), { kind: "help", escape: "~" });
  assert.equal(bench.terminal.suspended, 1);
  assert.equal(bench.agent.input, "");
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("a signal from outside ends the session and terminates it", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGTERM" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("a TerminateSession that hangs does not keep us", async () => {
  const bench = await start({
    prepare: (control) => control.onTerminate = () => new Promise(() => {}),
  });
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("~.");
  await bench.clock.advance(2999);
  assert.equal(bench.outcome(), undefined);
  await bench.clock.advance(1);
  assert.deepEqual(bench.outcome(), { kind: "left" });
  assertClean(bench);
});

Deno.test("a reader of our output that went away ends the session", async () => {
  const bench = await start();
  bench.terminal.writeFailure = new Deno.errors.BrokenPipe("gone");
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGPIPE" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("piped input: NL becomes CR, then Ctrl-D once output was seen and fell silent", async () => {
  const terminal = new MemoryTerminal({ interactive: false, size: null });
  const bench = await start({ terminal });
  terminal.type("uname -a\nid");
  terminal.end();
  await bench.clock.advance(3000);
  assert.equal(bench.agent.input, "", "nothing is typed into the void");
  bench.agent.print("$ ");
  await bench.clock.advance(150);
  assert.equal(bench.agent.input, "uname -a\rid\r", "Enter need not wait");
  bench.agent.print("uname -a\r\n");
  await bench.clock.advance(190);
  assert.equal(bench.agent.input, "uname -a\rid\r", "not into a command");
  await bench.clock.advance(10);
  assert.equal(bench.agent.input, "uname -a\rid\r\x04");
  assert.equal(terminal.rawEntered, 0);
  await bench.clock.advance(2000);
  assert.equal(bench.agent.input, "uname -a\rid\r\x04\x04", "typed once more");
  await bench.clock.advance(60_000);
  assert.equal(bench.agent.input, "uname -a\rid\r\x04\x04", "but not for ever");
  bench.agent.print("$ ");
  await bench.clock.advance(2000);
  assert.equal(
    bench.agent.input,
    "uname -a\rid\r\x04\x04\x04",
    "a later prompt gets one too",
  );
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

Deno.test("piped input: Ctrl-D comes though the output never falls silent", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await start({ terminal });
  terminal.end();
  for (let passed = 0; passed < 1900; passed += 100) {
    bench.agent.print("tick");
    await bench.clock.advance(100);
    assert.equal(bench.agent.input, "");
  }
  for (let passed = 0; passed < 300; passed += 100) {
    bench.agent.print("tick");
    await bench.clock.advance(100);
  }
  assert.equal(bench.agent.input, "\x04");
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("piped input that begins with the escape character is data", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await start({ terminal });
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  terminal.type("~.\n");
  await bench.clock.advance(10);
  assert.equal(bench.agent.input, "~.\r");
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("waiting is said after 5 s, given up after 60 s", async () => {
  const bench = await start({ agent: { accepting: false } });
  await bench.clock.advance(4999);
  assert.deepEqual(bench.notices, []);
  await bench.clock.advance(1);
  assert.deepEqual(bench.notices, [{ kind: "waiting" }]);
  await bench.clock.advance(55_000);
  assert.deepEqual(bench.outcome(), {
    kind: "refused",
    message: "The agent did not answer within 60 s",
  });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("what channel_closed says decides the end", async (t) => {
  const error = "\n----------ERROR-------\nUnable to start command: no";
  const cases: [string, boolean, SessionEnd][] = [
    ["", true, { kind: "ended" }],
    ["", false, {
      kind: "refused",
      message: "The session was closed before it began",
    }],
    [error, true, { kind: "failed", message: "Unable to start command: no" }],
    [error, false, { kind: "refused", message: "Unable to start command: no" }],
    ["Session terminated by bob", true, {
      kind: "terminated",
      message: "Session terminated by bob",
    }],
  ];
  for (const [output, begun, expected] of cases) {
    await t.step(`${JSON.stringify(output)}, begun: ${begun}`, async () => {
      const bench = await start();
      if (begun) bench.agent.print("$ ");
      await bench.clock.advance(10);
      bench.agent.closeChannel(output);
      await bench.clock.advance(0);
      assert.deepEqual(bench.outcome(), expected);
      assert.equal(bench.control.terminated, 0);
      assertClean(bench);
    });
  }
});

Deno.test("a lost connection is resumed, and nothing typed or printed is lost", async () => {
  const bench = await start();
  const { agent, terminal, clock, control } = bench;
  agent.print("$ ");
  await clock.advance(10);
  control.transport.drop({ code: 1000, reason: "Bye", clean: true });
  // Both sides speak while there is no connection.
  agent.print("while away ");
  terminal.type("typed away");
  await clock.advance(1000);
  assert.equal(control.resumes, 1);
  assert.deepEqual(control.urls, [
    "ws://127.0.0.1/first",
    "ws://127.0.0.1/resumed",
  ]);
  await clock.advance(5000);
  assert.equal(agent.input, "typed away");
  assert.equal(terminal.outputText, "$ while away ");
  const kinds = bench.notices.map((notice) => notice.kind);
  assert.deepEqual(kinds, ["started", "lost", "resumed"]);
  const texts = control.transports.map((each) => JSON.parse(each.texts[0]!));
  assert.equal(texts[1].TokenValue, "token-1");
  assert.equal(texts[0].ClientId, texts[1].ClientId);
  assert.notEqual(texts[0].RequestId, texts[1].RequestId);
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

Deno.test("a session that timed out meanwhile, and one that is denied", async (t) => {
  const denied = new ControlError("Access denied: ssm:ResumeSession", true);
  const forbidden = new UpgradeRefusedError(403, {}, "");
  const cases: [string, (control: FakeControl) => void, SessionEnd][] = [
    [
      "no token",
      (control) => control.onResume = () => undefined,
      { kind: "timed-out", message: "The session has timed out" },
    ],
    [
      "access denied",
      (control) =>
        control.onResume = () => {
          throw denied;
        },
      {
        kind: "lost",
        message: "Access denied: ssm:ResumeSession",
        cause: denied,
      },
    ],
    [
      "two times 403",
      (control) =>
        control.onOpen = () => {
          throw forbidden;
        },
      {
        kind: "lost",
        message:
          "Cannot open WebSocket: the server answered the upgrade with status 403",
        cause: forbidden,
      },
    ],
  ];
  for (const [name, prepare, expected] of cases) {
    await t.step(name, async () => {
      const bench = await start();
      bench.agent.print("$ ");
      await bench.clock.advance(10);
      prepare(bench.control);
      bench.control.transport.drop();
      await bench.clock.advance(3000);
      assert.deepEqual(bench.outcome(), expected);
      assertClean(bench);
    });
  }
});

Deno.test("an outage is waited out", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  const works = bench.control.onResume;
  bench.control.onResume = () => {
    throw new ControlError("Cannot reach ssm: no network", false);
  };
  bench.control.transport.drop();
  await bench.clock.advance(15 * 60_000);
  assert.equal(bench.outcome(), undefined);
  bench.control.onResume = works;
  await bench.clock.advance(10_000);
  bench.terminal.type("still here");
  await bench.clock.advance(1000);
  assert.equal(bench.agent.input, "still here");
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("the user can leave while the connection is lost", async () => {
  const bench = await start();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.control.onResume = () => {
    throw new ControlError("Cannot reach ssm: no network", false);
  };
  bench.control.transport.drop();
  await bench.clock.advance(500);
  bench.terminal.type("~.");
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "left" });
  assertClean(bench);
});

Deno.test("a refused first connection throws, a passing one is tried again", async () => {
  const refused = await start({
    prepare: (control) => {
      control.onOpen = () => {
        throw new UpgradeRefusedError(403, {}, "no");
      };
    },
  });
  const error = refused.outcome();
  assert.ok(error instanceof UpgradeRefusedError);
  assert.equal(refused.control.urls.length, 1);
  assertClean(refused);

  let failures = 2;
  const passing = await start({
    prepare: (control) => {
      const works = control.onOpen;
      control.onOpen = (transport) => {
        if (failures-- > 0) throw new TransportError("connection refused");
        return works(transport);
      };
    },
  });
  await passing.clock.advance(2000);
  passing.agent.print("$ ");
  await passing.clock.advance(10);
  assert.equal(passing.terminal.outputText, "$ ");
  passing.agent.closeChannel();
  await passing.clock.advance(0);
  assertClean(passing);
});

Deno.test("a port document is refused with a sentence", async () => {
  const bench = await start({
    agent: {
      handshake: {
        agentVersion: "3.3.987.0",
        actions: [{
          actionType: "SessionType",
          parameters: { SessionType: "Port", Properties: {} },
        }],
      },
    },
  });
  await bench.clock.advance(10);
  assert.deepEqual(bench.outcome(), {
    kind: "refused",
    message: "The document starts a port session, not a shell",
  });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("an encrypted session: the key is fetched once, with the challenge", async () => {
  const key = crypto.getRandomValues(new Uint8Array(64));
  const asked: unknown[] = [];
  const bench = await start({
    agent: {
      handshake: {
        agentVersion: "3.3.987.0",
        actions: [
          {
            actionType: "SessionType",
            parameters: { SessionType: "Standard_Stream", Properties: null },
          },
          {
            actionType: "KMSEncryption",
            parameters: { KMSKeyId: "alias/k", Challenge: "AAEC" },
          },
        ],
      },
    },
    prepare: (control, agent) => {
      agent.onEvent = (event) => {
        if (event.type !== "data-key-offered") return;
        assert.deepEqual([...event.ciphertextBlob], [1, 2, 3]);
        assert.equal(event.challengeAcknowledged, true);
        agent.channel.provideDataKey({ plaintext: key }, Date.now());
      };
      control.onDataKey = (keyId, challenge) => {
        asked.push([keyId, challenge]);
        return {
          plaintext: key,
          ciphertextBlob: Uint8Array.of(1, 2, 3),
          challengeAcknowledged: true,
        };
      };
    },
  });
  await bench.clock.advance(100);
  assert.deepEqual(asked, [["alias/k", "AAEC"]]);
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("secret");
  await bench.clock.advance(10);
  assert.equal(bench.terminal.outputText, "$ ");
  assert.equal(bench.agent.input, "secret");
  const wire = bench.control.transport.sent.map((frame) =>
    new TextDecoder("latin1").decode(frame)
  );
  assert.ok(!wire.some((text) => text.includes("secret")), "sent in clear");
  const started = bench.notices.find((notice) => notice.kind === "started");
  assert.equal(started?.encrypted, true);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("a terminal that does not take output holds the session back, not the memory", async () => {
  const bench = await start();
  const { agent, terminal, clock } = bench;
  const write = terminal.write.bind(terminal);
  let open = () => {};
  const gate = new Promise<void>((resolve) => open = resolve);
  terminal.write = async (bytes) => {
    await gate;
    await write(bytes);
  };
  let printed = 0;
  for (let i = 0; i < 4000; i++) {
    if (!agent.channel.writable) break;
    agent.print("x".repeat(1024));
    printed += 1024;
    await clock.advance(0);
  }
  await clock.advance(100);
  assert.ok(agent.channel.unacknowledged > 0, "all was taken");
  open();
  for (let i = 0; i < 1000 && terminal.output.length < printed; i++) {
    await clock.advance(100);
  }
  assert.equal(agent.channel.unacknowledged, 0);
  assert.equal(terminal.output.length, printed);
  agent.closeChannel();
  await clock.advance(0);
  assertClean(bench);
});

Deno.test("a malformed handshake ends the session with a sentence", async () => {
  const bench = await start({ agent: { accepting: false } });
  bench.agent.channel.send(
    encodeHandshakeRequest({ agentVersion: "3", actions: [] }).slice(0, 9),
    bench.clock.now(),
    5,
  );
  bench.agent.flush();
  await bench.clock.advance(10);
  const end = bench.outcome() as SessionEnd;
  assert.equal(end.kind, "refused");
  assert.match((end as { message: string }).message, /handshake request/);
  assertClean(bench);
});
