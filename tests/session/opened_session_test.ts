/** A session whose kind shows only once it is open, handed over to that kind. */

import assert from "node:assert/strict";
import { Backlog } from "../../lib/session/backlog.ts";
import { Forward, type ForwardNotice } from "../../lib/session/forward.ts";
import {
  OpenedSession,
  SessionStartError,
} from "../../lib/session/opened_session.ts";
import { runShell, type SessionEnd } from "../../lib/session/shell.ts";
import type { SessionNotice } from "../../lib/session/session_report.ts";
import { TransportError } from "../../lib/session/transport.ts";
import { FakeListener } from "../testkit/fake_local.ts";
import { FakeAgent, FakeControl, fakeGrant } from "../testkit/fake_session.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";
import { PortNode } from "../testkit/port_node.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly control: FakeControl;
  readonly notices: SessionNotice[];
  readonly abort: AbortController;
  /** What came of opening it; `undefined` so far. */
  opened: OpenedSession | Error | undefined;
}

/** Begins to open a session. */
async function open(
  clock: ManualClock,
  control: FakeControl,
): Promise<Bench> {
  const notices: SessionNotice[] = [];
  const abort = new AbortController();
  const bench: Bench = { clock, control, notices, abort, opened: undefined };
  OpenedSession.open({
    grant: fakeGrant,
    control,
    clock,
    size: { cols: 90, rows: 20 },
    notify: (notice) => notices.push(notice),
  }, abort.signal).then(
    (session) => bench.opened = session,
    (error) => bench.opened = error,
  );
  await clock.advance(0);
  return bench;
}

function session({ opened }: Bench): OpenedSession {
  assert.ok(opened instanceof OpenedSession, String(opened));
  return opened;
}

/** What came of it so far. */
function state({ opened }: Bench): OpenedSession | Error | undefined {
  return opened;
}

/** Runs it as a shell. */
function shell(bench: Bench, terminal = new MemoryTerminal()) {
  const shell: { end: SessionEnd | Error | undefined } = { end: undefined };
  runShell({
    grant: fakeGrant,
    control: bench.control,
    terminal,
    clock: bench.clock,
    escape: undefined,
    signal: bench.abort.signal,
    notify: (notice) => bench.notices.push(notice),
    drive: session(bench).drive,
  }).then((end) => shell.end = end, (error) => shell.end = error);
  return shell;
}

function assertClean({ clock, control }: Bench, agent: FakeAgent): void {
  agent.stop();
  assert.ok(control.transports.every((each) => each.ended), "a socket is open");
  assert.equal(clock.pending, 0, "a timer is left");
}

Deno.test("a shell without a handshake: the size comes first, and no output is lost", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  const agent = new FakeAgent(control, clock);
  const bench = await open(clock, control);
  await clock.advance(10);
  assert.deepEqual(agent.events, [
    { type: "size", size: { cols: 90, rows: 20 } },
  ]);
  assert.equal(state(bench), undefined, "nothing tells the kind yet");
  agent.print("one ");
  await clock.advance(10);
  assert.equal(session(bench).started?.sessionType, "Standard_Stream");
  agent.print("two ");
  agent.print("three ");
  await clock.advance(500);
  assert.equal(bench.opened, session(bench));

  const terminal = new MemoryTerminal();
  const ran = shell(bench, terminal);
  agent.print("four ");
  await clock.advance(10);
  agent.print("five");
  await clock.advance(10);
  assert.equal(terminal.outputText, "one two three four five");
  terminal.type("ls\r");
  await clock.advance(10);
  assert.equal(agent.input, "ls\r");
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(ran.end, { kind: "ended" });
  assert.equal(control.terminated, 0);
  assertClean(bench, agent);
});

Deno.test("a program that prints nothing has begun when it took the size and no handshake came", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  const agent = new FakeAgent(control, clock);
  agent.latency = () => 30;
  const bench = await open(clock, control);
  await clock.advance(2000);
  assert.equal(state(bench), undefined);
  await clock.advance(100);
  assert.equal(session(bench).started?.sessionType, "Standard_Stream");
  const terminal = new MemoryTerminal();
  const ran = shell(bench, terminal);
  terminal.type("cat\r");
  await clock.advance(200);
  assert.equal(agent.input, "cat\r");
  // An hour without a word is no end of it.
  await clock.advance(3_600_000);
  assert.equal(ran.end, undefined);
  agent.print("late");
  await clock.advance(100);
  assert.equal(terminal.outputText, "late");
  agent.closeChannel();
  await clock.advance(100);
  assert.deepEqual(ran.end, { kind: "ended" });
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["started"]);
  assertClean(bench, agent);
});

Deno.test("more output than the session may hold waits at the agent until somebody runs it", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  const agent = new FakeAgent(control, clock);
  const bench = await open(clock, control);
  const line = "x".repeat(1023) + "\n";
  for (let at = 0; at < 3000; at++) {
    agent.print(line);
    if (at % 100 === 0) await clock.advance(1);
  }
  await clock.advance(1000);
  const terminal = new MemoryTerminal();
  const ran = shell(bench, terminal);
  for (let at = 0; at < 600 && terminal.output.length < 3000 * 1024; at++) {
    await clock.advance(100);
  }
  assert.equal(terminal.output.length, 3000 * 1024);
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(ran.end, { kind: "ended" });
  assertClean(bench, agent);
});

Deno.test("a session that ends before it begins is run as a shell, which says how it ended", async () => {
  for (
    const [output, end] of [
      ["", { kind: "ended" }],
      ["----------ERROR-------\nNo such document", {
        kind: "refused",
        message: "No such document",
      }],
    ] as const
  ) {
    const clock = new ManualClock(), control = new FakeControl();
    const agent = new FakeAgent(control, clock);
    const bench = await open(clock, control);
    agent.closeChannel(output);
    await clock.advance(10);
    assert.equal(session(bench).started, undefined);
    const ran = shell(bench);
    await clock.advance(0);
    assert.deepEqual(ran.end, end);
    assertClean(bench, agent);
  }
});

Deno.test("a connection lost while the kind is unknown, or while nobody runs it, is resumed", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  const agent = new FakeAgent(control, clock);
  const bench = await open(clock, control);
  control.transport.drop();
  await clock.advance(2000);
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["lost", "resumed"]);
  agent.print("$ ");
  await clock.advance(10);
  session(bench);
  control.onResume = () => undefined;
  control.transport.drop();
  await clock.advance(2000);
  const ran = shell(bench);
  await clock.advance(0);
  assert.ok(
    typeof ran.end === "object" && "kind" in ran.end &&
      ran.end.kind === "timed-out",
  );
  await clock.advance(5000);
  assertClean(bench, agent);
});

Deno.test("an agent that says nothing is given up after a minute, and the user is told after five seconds", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  const agent = new FakeAgent(control, clock);
  control.deafen();
  const bench = await open(clock, control);
  await clock.advance(5000);
  assert.deepEqual(bench.notices, [{ kind: "waiting" }]);
  await clock.advance(54_000);
  assert.equal(state(bench), undefined);
  await clock.advance(2000);
  const error = state(bench);
  assert.ok(error instanceof SessionStartError);
  assert.equal(error.message, "The agent did not answer within 60 s");
  assertClean(bench, agent);
});

Deno.test("no connection, or a signal, is thrown as it is", async () => {
  const clock = new ManualClock(), control = new FakeControl();
  control.onOpen = () => {
    throw new TransportError("Refused");
  };
  const refused = await open(clock, control);
  await clock.advance(60_000);
  assert.ok(refused.opened instanceof TransportError);
  assert.equal(clock.pending, 0);

  const quiet = new FakeControl();
  const agent = new FakeAgent(quiet, clock);
  const bench = await open(clock, quiet);
  bench.abort.abort(new Error("Ctrl-C"));
  await clock.advance(200);
  assert.equal(String(bench.opened), "Error: Ctrl-C");
  assertClean(bench, agent);
});

Deno.test("a port session is handed to a forward, with what the agent said meanwhile", async () => {
  const clock = new ManualClock();
  const node = new PortNode(clock, {
    properties: {
      portNumber: "80",
      localPortNumber: "8080",
      type: "LocalPortForwarding",
    },
  });
  const bench = await open(clock, node.control);
  await clock.advance(100);
  const { started } = session(bench);
  assert.equal(started?.sessionType, "Port");
  assert.equal(started?.properties?.localPortNumber, "8080");

  const listener = new FakeListener();
  const notices: ForwardNotice[] = [];
  const failures: unknown[] = [];
  let starts = 0;
  const forward = new Forward({
    listeners: [listener],
    startSession: () => {
      starts++;
      const { control } = bench;
      return Promise.resolve({
        grant: fakeGrant,
        control,
        drive: session(bench).drive,
      });
    },
    remoteHost: false,
    sessions: 1,
    payloadSize: undefined,
    grace: undefined,
    retry: Infinity,
    follow: false,
    backlog: new Backlog(),
    clock,
    notify: (notice) => notices.push(notice),
    onFailed: (error) => failures.push(error),
  });
  const begun = forward.start(bench.abort.signal);
  await clock.advance(1000);
  await begun;
  const local = listener.connect();
  local.send("GET /");
  await clock.advance(10);
  assert.equal(node.streams[0]?.text, "GET /");
  // An outage of ten minutes is no end of it.
  node.refuseResume("passing");
  node.lose();
  await clock.advance(600_000);
  assert.deepEqual(failures, []);
  node.control.onResume = () => ({ ...fakeGrant, tokenValue: "again" });
  await clock.advance(60_000);
  node.streams[0]?.send("200");
  await clock.advance(1000);
  assert.equal(new TextDecoder().decode(local.got[0]), "200");

  node.close("Terminated");
  await clock.advance(10);
  assert.deepEqual(notices.at(-1), {
    kind: "ended",
    end: { kind: "ended", message: "Terminated" },
    reset: 1,
    next: "never",
  });
  assert.deepEqual(failures.map(String), ["PortStartError: Terminated"]);
  assert.equal(starts, 1, "no session follows");
  await forward.close();
  node.assertOver();
  assert.equal(clock.pending, 0);
});
