import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import type { SessionEnd } from "../../lib/session/session_report.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { FakeControl } from "../testkit/fake_session.ts";
import {
  assertClean,
  type ShellBench,
  startShell,
} from "../testkit/shell_bench.ts";

Deno.test("a TerminateSession that hangs does not keep us", async () => {
  const bench = await startShell({
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

/** The agent has printed a prompt, and the terminal takes no byte until the gate opens. */
async function stuckTerminal(bench: ShellBench): Promise<() => void> {
  const { agent, terminal, clock } = bench;
  const gate = Promise.withResolvers<void>();
  const write = terminal.write.bind(terminal);
  terminal.write = async (bytes) => {
    await gate.promise;
    await write(bytes);
  };
  agent.print("$ ");
  await clock.advance(10);
  return gate.resolve;
}

Deno.test("a terminal that takes no output keeps nobody who leaves", async (t) => {
  const ways: [string, (bench: ShellBench) => void, SessionEnd][] = [
    ["~.", ({ terminal }) => terminal.type("~."), { kind: "left" }],
    [
      "SIGTERM",
      ({ abort }) => abort.abort(new SignalError("SIGTERM")),
      { kind: "signal", signal: "SIGTERM" },
    ],
  ];
  for (const [name, leave, expected] of ways) {
    await t.step(name, async () => {
      const bench = await startShell();
      await stuckTerminal(bench);
      leave(bench);
      await bench.clock.advance(1000);
      assert.deepEqual(bench.outcome(), expected);
      assert.equal(bench.control.terminated, 1);
      assertClean(bench);
    });
  }
});

Deno.test("what came before the end is printed, however long that takes", async () => {
  const bench = await startShell();
  const open = await stuckTerminal(bench);
  bench.agent.closeChannel();
  await bench.clock.advance(900);
  assert.equal(bench.terminal.rawNow, true);
  await bench.clock.advance(60_000);
  assert.equal(bench.terminal.rawNow, false, "Ctrl-C does nothing");
  assert.equal(bench.outcome(), undefined);
  open();
  await bench.clock.advance(0);
  assert.equal(bench.terminal.outputText, "$ ");
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

Deno.test("a signal ends the wait for the last output", async () => {
  const bench = await startShell();
  await stuckTerminal(bench);
  bench.agent.closeChannel();
  await bench.clock.advance(60_000);
  bench.abort.abort(new SignalError("SIGINT"));
  await bench.clock.advance(1000);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGINT" });
  assert.equal(bench.control.terminated, 0);
  assertClean(bench);
});

Deno.test("a terminal that cannot be restored keeps no session running", async () => {
  const bench = await startShell();
  const { terminal } = bench;
  const raw = terminal.raw.bind(terminal);
  terminal.raw = () => {
    const held = raw();
    return {
      [Symbol.dispose]: () => {
        held[Symbol.dispose]();
        throw new Error("Input/output error");
      },
    };
  };
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.abort.abort(new SignalError("SIGHUP"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGHUP" });
  assert.equal(bench.control.terminated, 1);
  assert.deepEqual(bench.notices.at(-1), {
    kind: "warning",
    text: "Cannot restore terminal: Input/output error",
  });
  assertClean(bench);
});

Deno.test("output that is stuck and a TerminateSession that hangs take 3 s together", async () => {
  const bench = await startShell({
    prepare: (control) => control.onTerminate = () => new Promise(() => {}),
  });
  await stuckTerminal(bench);
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.clock.advance(1000);
  assert.equal(bench.terminal.rawNow, false);
  await bench.clock.advance(2000);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGTERM" });
  assertClean(bench);
});

Deno.test("a session that may be still running is named as such", async (t) => {
  const says = "The session could not be terminated: ";
  const cases: [string, FakeControl["onTerminate"], string][] = [
    [
      "an error",
      () => {
        throw new ControlError("Access denied: ssm:TerminateSession", true);
      },
      "Access denied: ssm:TerminateSession",
    ],
    ["no answer", () => new Promise(() => {}), "no answer came within 3 s"],
  ];
  for (const [name, onTerminate, why] of cases) {
    await t.step(name, async () => {
      let given: AbortSignal | undefined;
      const bench = await startShell({
        prepare: (control) =>
          control.onTerminate = (signal) => {
            given = signal;
            return onTerminate(signal);
          },
      });
      bench.agent.print("$ ");
      await bench.clock.advance(10);
      bench.terminal.type("~.");
      await bench.clock.advance(3000);
      assert.deepEqual(bench.outcome(), { kind: "left" });
      const text = says + why;
      assert.deepEqual(bench.notices.at(-1), { kind: "warning", text });
      assert.equal(given?.aborted, name === "no answer");
      assertClean(bench);
    });
  }
});

Deno.test("a session that the service has forgotten is not reported as running", async () => {
  const bench = await startShell({
    prepare: (control) => {
      control.onResume = () => undefined;
      control.onTerminate = () => {
        throw new ControlError("No such session", true);
      };
    },
  });
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.control.transport.drop();
  await bench.clock.advance(0);
  assert.equal((bench.outcome() as SessionEnd).kind, "timed-out");
  assert.ok(!bench.notices.some((notice) => notice.kind === "warning"));
  assertClean(bench);
});

Deno.test("a socket that does not close keeps nobody either", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.control.transport.onClose = () => new Promise(() => {});
  bench.agent.closeChannel();
  await bench.clock.advance(3000);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  bench.control.transport.drop();
  assertClean(bench);
});

Deno.test("a socket that does not close keeps nobody whose session is over", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.control.transport.close = () => new Promise(() => {});
  bench.agent.closeChannel();
  await bench.clock.advance(99);
  assert.equal(bench.outcome(), undefined);
  await bench.clock.advance(1);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
});
