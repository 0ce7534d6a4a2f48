import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";
import { assertClean, startShell } from "../testkit/shell_bench.ts";

Deno.test("control characters reach the remote side", async () => {
  const bench = await startShell();
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

Deno.test("~? and ~^Z", async () => {
  const bench = await startShell();
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

Deno.test("piped input: NL becomes CR, then Ctrl-D once output was seen and fell silent", async () => {
  const terminal = new MemoryTerminal({ interactive: false, size: null });
  const bench = await startShell({ terminal });
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
  const bench = await startShell({ terminal });
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
  const bench = await startShell({ terminal });
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  terminal.type("~.\n");
  await bench.clock.advance(10);
  assert.equal(bench.agent.input, "~.\r");
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("keys are read though nothing goes out any more, and none is lost", async (t) => {
  for (const wish of ["leave", "stay"]) {
    await t.step(wish, async () => {
      const bench = await startShell();
      const { agent, control, clock, terminal } = bench;
      agent.print("$ ");
      await clock.advance(10);
      const works = control.onResume;
      control.onResume = () => {
        throw new ControlError("Cannot reach ssm: no network", false);
      };
      control.transport.drop();
      // A key held down for six minutes: more messages than the channel keeps.
      for (let i = 0; i < 11_000; i++) {
        terminal.type("x");
        await new Promise<void>((resolve) => queueMicrotask(resolve));
      }
      await clock.advance(0);
      if (wish === "leave") {
        terminal.type("\r~.");
        await clock.advance(0);
        assert.deepEqual(bench.outcome(), { kind: "left" });
      } else {
        control.onResume = works;
        await clock.advance(30_000);
        assert.equal(agent.input, "x".repeat(11_000));
        agent.closeChannel();
        await clock.advance(0);
      }
      assertClean(bench);
    });
  }
});

Deno.test("a terminal whose window is closed enters nothing, and ends the session", async () => {
  const bench = await startShell();
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  bench.terminal.type("rm -rf /tmp/x");
  await bench.clock.advance(10);
  bench.terminal.end();
  await bench.clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "signal", signal: "SIGHUP" });
  assert.equal(bench.agent.input, "rm -rf /tmp/x");
  assert.equal(bench.control.terminated, 1);
  assertClean(bench);
});

Deno.test("a pipe is read no faster than the channel sends", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await startShell({ terminal });
  bench.agent.print("$ ");
  await bench.clock.advance(10);
  const { onSend } = bench.control.transport;
  bench.control.transport.onSend = () => {};
  let chunks = 0;
  const read = terminal.read.bind(terminal);
  terminal.read = async (signal) => {
    const bytes = await read(signal);
    chunks++;
    return bytes;
  };
  for (let i = 0; i < 200; i++) terminal.type("x".repeat(16 * 1024));
  await bench.clock.advance(10);
  assert.ok(chunks < 80, `${chunks} chunks were read ahead`);
  bench.control.transport.onSend = onSend;
  await bench.clock.advance(60_000);
  assert.equal(bench.agent.input.length, 200 * 16 * 1024);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assertClean(bench);
});

Deno.test("on a slow line Ctrl-D is repeated only after it has arrived", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await startShell({
    terminal,
    prepare: (_, agent) => agent.latency = () => 1500,
  });
  bench.agent.print("$ ");
  terminal.type("id\n");
  terminal.end();
  await bench.clock.advance(1500);
  assert.equal(terminal.outputText, "$ ");
  await bench.clock.advance(3000 + 200);
  const sent = bench.clock.now();
  const arrived = () =>
    [...bench.agent.input].filter((c) => c === "\x04").length;
  while (arrived() < 2) await bench.clock.advance(100);
  assert.ok(bench.clock.now() - sent >= 3000 + 2000 + 1500 - 200);
  bench.agent.closeChannel();
  await bench.clock.advance(1500);
  assertClean(bench);
});
