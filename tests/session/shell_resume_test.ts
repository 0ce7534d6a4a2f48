import assert from "node:assert/strict";
import fc from "fast-check";
import { ControlError } from "../../lib/session/control.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { SessionEnd } from "../../lib/session/session_report.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import type { FakeControl } from "../testkit/fake_session.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";
import { assertClean, startShell } from "../testkit/shell_bench.ts";

Deno.test("a lost connection is resumed, and nothing typed or printed is lost", async () => {
  const bench = await startShell();
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
      const bench = await startShell();
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
  const bench = await startShell();
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
  const bench = await startShell();
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
  const refused = await startShell({
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
  const passing = await startShell({
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

Deno.test("of the resizes during an outage only the last one is sent", async () => {
  const bench = await startShell();
  const { agent, control, clock, terminal } = bench;
  agent.print("$ ");
  await clock.advance(10);
  const works = control.onResume;
  control.onResume = () => {
    throw new ControlError("Cannot reach ssm: no network", false);
  };
  control.transport.drop();
  await clock.advance(10);
  for (let cols = 81; cols <= 200; cols++) terminal.resize({ cols, rows: 24 });
  await clock.advance(1000);
  control.onResume = works;
  await clock.advance(5000);
  const sizes = agent.events.filter((each) => each.type === "size");
  assert.deepEqual(sizes.map((each) => each.size.cols), [80, 200]);
  control.transport.drop();
  await clock.advance(5000);
  terminal.type("x");
  await clock.advance(1000);
  assert.equal(agent.events.filter((each) => each.type === "size").length, 2);
  agent.closeChannel();
  await clock.advance(0);
  assertClean(bench);
});

/** A control plane that cannot be reached; the returned function mends it. */
function unreachable(control: FakeControl): () => void {
  const works = control.onResume;
  control.onResume = () => {
    throw new ControlError("Cannot reach ssm: no network", false);
  };
  return () => control.onResume = works;
}

Deno.test("a signal while the connection is lost ends the session", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  unreachable(bench.control);
  bench.control.transport.drop();
  await bench.clock.advance(500);
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGTERM" });
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("suspended for an hour while the connection is lost", async () => {
  const bench = await startShell();
  const { agent, clock, control, terminal } = bench;
  agent.print("$ ");
  await clock.advance(10);
  const mend = unreachable(control);
  control.transport.drop();
  await clock.advance(500);
  terminal.whileSuspended = () => {
    clock.sleep(60 * 60_000);
    terminal.resize({ cols: 100, rows: 30 });
    mend();
  };
  terminal.type("before ~\r~\x1a");
  await clock.advance(1000);
  assert.equal(terminal.suspended, 1);
  assert.equal(bench.outcome(), undefined);
  terminal.type("after");
  await clock.advance(1000);
  assert.equal(agent.input, "before ~\rafter");
  const sizes = agent.events.filter((each) => each.type === "size");
  assert.deepEqual(sizes.at(-1)?.size, { cols: 100, rows: 30 });
  assert.equal(terminal.rawNow, true);
  agent.closeChannel();
  await clock.advance(0);
  assertClean(bench);
});

Deno.test("input that ends while the connection is lost arrives with its end", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await startShell({ terminal });
  const { agent, clock, control } = bench;
  agent.print("$ ");
  await clock.advance(10);
  const mend = unreachable(control);
  control.transport.drop();
  terminal.type("id");
  terminal.end();
  await clock.advance(60_000);
  assert.equal(agent.input, "");
  mend();
  await clock.advance(11_000);
  assert.ok(["id\r\x04", "id\r\x04\x04"].includes(agent.input));
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

/** What happens before a connection is lost, and how hard it is to get it back. */
const round = fc.record({
  steps: fc.array(
    fc.oneof(
      fc.record({ print: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ type: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ wait: fc.integer({ min: 0, max: 400 }) }),
      fc.record({ latency: fc.constantFrom(0, 1, 20, 150, 700) }),
    ),
    { maxLength: 6 },
  ),
  refusals: fc.integer({ min: 0, max: 3 }),
  during: fc.integer({ min: 0, max: 300 }),
});

/** So many characters, which tell where they belong. */
function numbered(from: number, length: number): string {
  let text = "";
  while (text.length < length + 12) text += `${from + text.length};`;
  return text.slice(0, length);
}

Deno.test("fifty connections are lost: every byte comes once and in order, both ways", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 50, maxLength: 50 }),
      fc.boolean(),
      async (rounds, jittery) => {
        const bench = await startShell();
        const { agent, control, clock, terminal } = bench;
        let printed = "", typed = "", latency = 0, refusals = 0, turn = 0;
        agent.latency = () => jittery ? latency * (1 + turn++ % 3) : latency;
        const works = control.onResume;
        control.onResume = (signal) => {
          if (refusals-- > 0) throw new ControlError("throttled", false);
          return works(signal);
        };
        const print = (length: number) => {
          const text = numbered(printed.length, length);
          printed += text;
          agent.print(text);
        };
        const type = (length: number) => {
          const text = numbered(typed.length, length);
          typed += text;
          terminal.type(text);
        };
        print(2);
        for (const { steps, refusals: wanted, during } of rounds) {
          for (let i = 0; i < 600 && control.transport.ended; i++) {
            await clock.advance(100);
          }
          assert.equal(
            control.transport.ended,
            false,
            "not resumed in a minute",
          );
          for (const step of steps) {
            if ("print" in step) print(step.print);
            else if ("type" in step) type(step.type);
            else if ("wait" in step) await clock.advance(step.wait);
            else latency = step.latency;
          }
          refusals = wanted;
          control.transport.drop();
          if (during % 3 === 0) print(during + 1);
          if (during % 2 === 0) type(during + 1);
          await clock.advance(during);
        }
        for (
          let i = 0;
          i < 120 && (terminal.output.length < printed.length ||
            agent.input.length < typed.length ||
            agent.channel.unacknowledged > 0);
          i++
        ) await clock.advance(1000);
        assert.equal(control.transports.length, 51);
        assert.equal(terminal.outputText, printed);
        assert.equal(agent.input, typed);
        assert.equal(agent.channel.unacknowledged, 0);
        assert.equal(bench.outcome(), undefined);
        latency = 0;
        agent.closeChannel();
        await clock.advance(0);
        assert.deepEqual(bench.outcome(), { kind: "ended" });
        // What was on its way to nobody.
        await clock.advance(5000);
        assertClean(bench);
      },
    ),
    { numRuns: 20, seed: 20260105 },
  );
});
