import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import type { SessionEnd } from "../../lib/session/session_report.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import type { FakeControl } from "../testkit/fake_session.ts";
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
