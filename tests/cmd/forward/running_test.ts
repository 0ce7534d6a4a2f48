import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { type FakeChild, TestContext } from "../../testkit/context.ts";
import type { FakeForward } from "../../testkit/fake_forward.ts";
import { noStats } from "../../../lib/session/port_end.ts";

/** A command line that is ready. */
async function start(context: TestContext, ...args: string[]) {
  const started = Promise.withResolvers<void>();
  context.onForwardStart = () => Promise.resolve(started.resolve());
  const ended = runCommandLine(["forward", ...args], context);
  await Promise.race([started.promise, ended]);
  const [forward] = context.forwards;
  assert(forward !== undefined, context.terminal.errorText);
  return { ended, forward };
}

/** With a command: it runs. */
async function startCommand(context: TestContext, ...args: string[]) {
  const { ended, forward } = await start(context, ...args);
  await Promise.race([context.started, ended]);
  const [child] = context.children;
  assert(child !== undefined, context.terminal.errorText);
  return { ended, forward, child };
}

/** Ends it as Ctrl-C does. */
async function interrupt(
  context: TestContext,
  ended: Promise<number>,
): Promise<void> {
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 0);
  assert.equal(context.clock.pending, 0);
}

const time = /^\d\d:\d\d:\d\d /;

Deno.test("run: what happens in a forward is a line with the time", async () => {
  const context = new TestContext();
  const { ended, forward } = await start(context, "web", ":80");
  await context.terminal.until(({ errorText }) => errorText !== "");
  forward.options.notify({ kind: "lost", reason: "re\x07set" });
  forward.options.notify({ kind: "resumed", after: 3210 });
  forward.options.notify({ kind: "refused", peer: "127.0.0.1:5" });
  await interrupt(context, ended);
  const lines = context.terminal.errorText.trimEnd().split("\n").slice(1);
  for (const line of lines) assert.match(line, time);
  assert.deepEqual(lines.map((line) => line.replace(time, "")), [
    "Connection for web:80 lost: re\\x07set; resuming…",
    "Connection for web:80 resumed after 3.2 s",
    "Connection from 127.0.0.1:5 failed: nothing listens on port 80 of web",
  ]);
});

Deno.test("run: forward -q says nothing of what happens, and -v names the sessions", async () => {
  const quiet = new TestContext();
  const { ended, forward } = await start(quiet, "web", ":80", "-q", "-v");
  forward.options.notify({ kind: "lost", reason: "x" });
  await forward.options.startSession(quiet.signal);
  await interrupt(quiet, ended);
  assert.equal(quiet.terminal.errorText, "");

  const verbose = new TestContext();
  verbose.onStart = (request, notice) => {
    notice("by \x07another way");
    return new TestContext().onStart(request, notice, verbose.signal);
  };
  const more = await start(verbose, "web", ":80", "-v");
  await more.forward.options.startSession(verbose.signal);
  await interrupt(verbose, more.ended);
  assert.match(verbose.terminal.errorText, /^by \\x07another way$/m);
  assert.match(
    verbose.terminal.errorText,
    /^Session user-0123456789abcdef0 on i-0123456789abcdef0$/m,
  );
});

Deno.test("run: who asks how a forward goes gets the figures of all of them in a line, with -q too", async () => {
  const context = new TestContext();
  const { ended } = await start(context, "web", ":80", ":81", "-q");
  assert.equal(context.statusRequests.length, 1);
  const [first, second] = context.forwards as [FakeForward, FakeForward];
  first.figures = { ...noStats, open: 2, total: 5, up: 1500, roundTrip: 4 };
  second.figures = { ...noStats, total: 1, down: 12, roundTrip: 9.25 };
  context.statusRequests[0]?.();
  await interrupt(context, ended);
  assert.equal(
    context.terminal.errorText,
    "2 open, 6 total · up 1.5 kB, down 12 B · 9.3 ms · 0 resent · 0 reconnects\n",
  );
  assert.deepEqual(context.statusRequests, []);
});

Deno.test("run: a forward in a terminal has a live line, with the rates of each second", async () => {
  const context = new TestContext();
  context.errorIsTerminal = true;
  const { ended, forward } = await start(context, "web", ":80");
  await context.terminal.until(({ errorText }) => errorText.includes("total"));
  forward.figures = { ...noStats, open: 1, total: 1, up: 4000, down: 250 };
  await context.clock.advance(1000);
  forward.figures = { ...forward.figures, up: 4100 };
  await context.clock.advance(1000);
  forward.options.notify({ kind: "resumed", after: 1000 });
  await interrupt(context, ended);
  const [, ...drawn] = context.terminal.errorText.split("\r\x1b[K");
  assert.deepEqual(
    drawn.map((text) => text.replace(/^\d\d:\d\d:\d\d /, "TIME ")),
    [
      "0 open, 0 total · up 0 B/s, down 0 B/s · 0 resent · 0 reconnects",
      "1 open, 1 total · up 4.0 kB/s, down 250 B/s · 0 resent · 0 reconnects",
      "1 open, 1 total · up 100 B/s, down 0 B/s · 0 resent · 0 reconnects",
      "TIME Connection for web:80 resumed after 1.0 s\n" +
      "1 open, 1 total · up 100 B/s, down 0 B/s · 0 resent · 0 reconnects",
      "",
    ],
  );
});

Deno.test("run: no live line where it would be in the way", async () => {
  for (const args of [["-q"], ["--background-child"]]) {
    const context = new TestContext();
    context.errorIsTerminal = true;
    const { ended } = await start(context, "web", ":80", ...args);
    await context.clock.advance(3000);
    await interrupt(context, ended);
    assert.doesNotMatch(context.terminal.errorText, /total/);
  }
  const context = new TestContext();
  context.errorIsTerminal = true;
  const { ended, child } = await startCommand(context, "web", ":80", "--", "x");
  await context.clock.advance(3000);
  child.end({ code: 0, signal: undefined });
  assert.equal(await ended, 0);
  assert.doesNotMatch(context.terminal.errorText, /total/);
});

Deno.test("run: closed standard error does not stop a forward", async () => {
  const context = new TestContext();
  context.terminal.writeError = () =>
    Promise.reject(new Deno.errors.BrokenPipe());
  const { ended, forward } = await start(context, "web", ":80");
  forward.options.notify({ kind: "lost", reason: "x" });
  await interrupt(context, ended);
  assert.deepEqual(forward.closes, [false]);
});

Deno.test("run: a command starts when its forwards are ready, with the ports, and its end is theirs", async () => {
  for (
    const [end, code] of [
      [{ code: 0, signal: undefined }, 0],
      [{ code: 7, signal: undefined }, 7],
      [{ code: 137, signal: "SIGKILL" }, 137],
      [{ code: 130, signal: "SIGINT" }, 130],
    ] as const
  ) {
    const context = new TestContext();
    const { ended, forward, child } = await startCommand(
      context,
      ..."web 8080:80 8081:81 -- psql -p {port} --{port}{port}".split(" "),
    );
    assert.deepEqual(child.command, ["psql", "-p", "8080", "--80808080"]);
    assert.deepEqual(child.environment, {
      SSM_HOST: "127.0.0.1",
      SSM_PORT: "8080",
      SSM_PORT_80: "8080",
      SSM_PORT_81: "8081",
    });
    assert.deepEqual(forward.closes, []);
    child.end(end);
    assert.equal(await ended, code);
    // What it has sent is still to arrive.
    assert.deepEqual(forward.closes, [true]);
    assert.equal(context.awsClosed, 1);
  }
});

Deno.test("run: a command that cannot be started ends its forwards", async () => {
  for (
    const [error, code] of [
      [new Deno.errors.NotFound(), 127],
      [new Deno.errors.PermissionDenied(), 126],
    ] as const
  ) {
    const context = new TestContext();
    context.onRun = () => {
      throw error;
    };
    const { ended, forward } = await start(context, "web", ":80", "--", "x");
    assert.equal(await ended, code);
    assert.deepEqual(forward.closes, [true]);
    assert.match(context.terminal.errorText, /\nssm: Cannot run x: /);
  }
});

Deno.test("run: a command does not start once a signal has come", async () => {
  const context = new TestContext();
  const { onForwardStart } = context;
  const started = start(context, "web", ":80", "--", "x");
  context.onForwardStart = (...args) => {
    // It comes when the forward is ready already.
    queueMicrotask(() => context.abort(new SignalError("SIGTERM")));
    return onForwardStart(...args);
  };
  const { ended, forward } = await started;
  assert.equal(await ended, 143);
  assert.deepEqual(context.children as FakeChild[], []);
  assert.ok(forward.closes.length > 0);
});

Deno.test("run: a forward that cannot go on says so, with -q too, and leaves its command to decide", async () => {
  const context = new TestContext();
  const { ended, forward, child } = await startCommand(
    context,
    ..."web :80 :81 -q -- x".split(" "),
  );
  forward.options.onFailed(new Error("no\x07 more"));
  await context.terminal.until(({ errorText }) => errorText.includes("no"));
  assert.match(
    context.terminal.errorText,
    /^\d\d:\d\d:\d\d Cannot go on: no\\x07 more\n$/,
  );
  for (const each of context.forwards) assert.deepEqual(each.closes, [false]);
  child.end({ code: 3, signal: undefined });
  assert.equal(await ended, 3);
});
