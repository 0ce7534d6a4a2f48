import assert from "node:assert/strict";
import { encodeHandshakeRequest } from "../../lib/protocol/message/handshake.ts";
import { PayloadType } from "../../lib/protocol/message/payload.ts";
import type {
  SessionEnd,
  SessionNotice,
} from "../../lib/session/session_report.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import {
  assertClean,
  type ShellBench,
  startShell,
} from "../testkit/shell_bench.ts";

Deno.test("~. leaves: the session is terminated, the terminal restored", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("\r~.");
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "left" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("a signal from outside ends the session and terminates it", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGTERM" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("a reader of our output that went away ends the session", async () => {
  const bench = await startShell();
  bench.terminal.writeFailure = new Deno.errors.BrokenPipe("gone");
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGPIPE" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("waiting is said after 5 s, given up after 60 s", async () => {
  const bench = await startShell({ agent: { accepting: false } });
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
    ["", false, { kind: "ended" }],
    [error, true, { kind: "failed", message: "Unable to start command: no" }],
    [error, false, { kind: "refused", message: "Unable to start command: no" }],
    ["Session terminated by bob", true, {
      kind: "terminated",
      message: "Session terminated by bob",
    }],
  ];
  for (const [output, begun, expected] of cases) {
    await t.step(`${JSON.stringify(output)}, begun: ${begun}`, async () => {
      const bench = await startShell();
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

Deno.test("a port document is refused with a sentence", async () => {
  const bench = await startShell({
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

Deno.test("a malformed handshake ends the session with a sentence", async () => {
  const bench = await startShell({ agent: { accepting: false } });
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

Deno.test("an abort while the data key is fetched", async () => {
  const bench = await startShell({
    agent: {
      handshake: {
        agentVersion: "3.3.987.0",
        actions: [{
          actionType: "KMSEncryption",
          parameters: { KMSKeyId: "alias/k", Challenge: "AAEC" },
        }],
      },
    },
    prepare: (control) => control.onDataKey = () => new Promise(() => {}),
  });
  await bench.clock.advance(10);
  bench.abort.abort(new SignalError("SIGINT"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGINT" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("what notify throws ends the session, terminated and clean", async (t) => {
  const occasions: [SessionNotice["kind"], (bench: ShellBench) => void][] = [
    ["waiting", () => {}],
    ["started", ({ agent }) => agent.print("$ ")],
    ["help", ({ agent, terminal }) => {
      agent.print("$ ");
      terminal.type("~?");
    }],
    ["lost", ({ control }) => control.transport.drop()],
    ["resumed", ({ control }) => control.transport.drop()],
  ];
  for (const [kind, provoke] of occasions) {
    await t.step(kind, async () => {
      const bench = await startShell({
        prepare: (control) => {
          if (kind === "waiting") control.deafen();
        },
        shell: {
          notify: (notice) => {
            if (notice.kind === kind) throw new Error("a mistake");
          },
        },
      });
      provoke(bench);
      await bench.clock.advance(5000);
      assert.equal(
        (bench.outcome() as Error | undefined)?.message,
        "a mistake",
      );
      assert.equal(bench.control.terminated, 1);
      assertClean(bench);
    });
  }
});

Deno.test("standard error that nobody reads, and a disk that is full", async (t) => {
  await t.step("stderr", async () => {
    const bench = await startShell();
    bench.terminal.writeError = () =>
      Promise.reject(new Deno.errors.BrokenPipe("gone"));
    bench.agent.print("oops", PayloadType.StdErr);
    await bench.clock.advance(10);
    assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGPIPE" });
    assert.equal(bench.control.terminated, 1);
    assertClean(bench);
  });
  await t.step("disk", async () => {
    const bench = await startShell();
    bench.terminal.writeFailure = new Error("No space left on device");
    bench.agent.print("$ ");
    await bench.clock.advance(10);
    const error = bench.outcome() as Error;
    assert.equal(error.message, "Cannot write output: No space left on device");
    assert.equal(error.cause, bench.terminal.writeFailure);
    assert.equal(bench.control.terminated, 1);
    assertClean(bench);
  });
});

Deno.test("input that cannot be read ends the session with a sentence", async () => {
  const bench = await startShell();
  bench.terminal.read = () => Promise.reject(new Error("Input/output error"));
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  const error = bench.outcome() as Error;
  assert.equal(error.message, "Cannot read input: Input/output error");
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("an abort while connecting is not kept waiting, and leaves no socket", async () => {
  const gate = Promise.withResolvers<void>();
  const bench = await startShell({
    // As an opening that does not look at the signal.
    prepare: (control) => control.onOpen = () => gate.promise,
  });
  bench.abort.abort(new SignalError("SIGINT"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGINT" });
  assert.equal(bench.control.terminated, 1);
  gate.resolve();
  await bench.clock.advance(0);
  assert.equal(bench.control.transports.length, 1);
  assert.deepEqual(bench.control.transport.texts, []);
  assertClean(bench);
});

Deno.test("an abort before anything opens nothing, one with an error throws it", async () => {
  const early = await startShell({
    shell: { signal: AbortSignal.abort(new SignalError("SIGTERM")) },
  });
  assert.deepEqual(early.outcome(), { kind: "signal", signal: "SIGTERM" });
  assert.equal(early.control.urls.length, 0);
  assert.equal(early.control.terminated, 1);
  assertClean(early);

  const timeout = await startShell();
  timeout.agent.print("last words");
  const reason = new Error("Stopped by --timeout after 1 s");
  timeout.abort.abort(reason);
  await timeout.clock.advance(0);
  assert.equal(timeout.outcome(), reason);
  assert.equal(timeout.control.terminated, 1);
  assertClean(timeout);
});

Deno.test("the service's last word counts though the socket closes with it", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.agent.print("logout\r\n");
  bench.agent.closeChannel();
  bench.control.transport.drop({ code: 1000, reason: "Bye", clean: true });
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assert.equal(bench.terminal.outputText, "$ logout\r\n");
  assert.equal(bench.control.resumes, 0);
  assert.ok(!bench.notices.some((notice) => notice.kind === "lost"));
  assertClean(bench);
});

Deno.test("nonsense after the beginning is a failure of the session, not of its start", async () => {
  const actions = [{
    actionType: "SessionType",
    parameters: { SessionType: "Standard_Stream", Properties: null },
  }];
  const bench = await startShell({
    agent: { handshake: { agentVersion: "3.3.987.0", actions } },
  });
  await bench.clock.advance(10);
  assert.deepEqual(bench.notices.map((notice) => notice.kind), ["started"]);
  bench.agent.channel.send(Uint8Array.of(0x7b), bench.clock.now(), 5);
  bench.agent.flush();
  await bench.clock.advance(10);
  assert.equal((bench.outcome() as SessionEnd).kind, "failed");
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("all that came before channel_closed is printed, however slow the terminal", async () => {
  const bench = await startShell();
  const { agent, terminal, clock } = bench;
  const write = terminal.write.bind(terminal);
  const gate = Promise.withResolvers<void>();
  terminal.write = async (bytes) => {
    await gate.promise;
    await write(bytes);
  };
  // As the official agent does, which knows no window.
  let printed = "";
  for (let i = 0; i < 3000; i++) {
    const text = `${i} `.padEnd(1024, "x");
    agent.print(text);
    printed += text;
    await clock.advance(0);
  }
  await clock.advance(5);
  assert.equal(agent.channel.unacknowledged, 1, "back-pressure is felt");
  agent.closeChannel();
  await clock.advance(0);
  gate.resolve();
  for (let i = 0; i < 1000 && bench.outcome() === undefined; i++) {
    await clock.advance(10);
  }
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assert.equal(terminal.outputText.length, printed.length);
  assert.equal(terminal.outputText, printed);
  assertClean(bench);
});
