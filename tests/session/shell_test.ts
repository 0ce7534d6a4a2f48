import assert from "node:assert/strict";
import { assertClean, startShell } from "../testkit/shell_bench.ts";

Deno.test("a shell: size before the prompt, keys, output, end", async () => {
  const bench = await startShell();
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

Deno.test("a program that waits for input before it prints gets its input", async () => {
  const bench = await startShell();
  const { agent, terminal, clock } = bench;
  await clock.advance(1900);
  assert.equal(terminal.rawNow, false);
  await clock.advance(200);
  assert.equal(terminal.rawNow, true);
  terminal.type("one\r");
  await clock.advance(10);
  assert.equal(agent.input, "one\r");
  await clock.advance(120_000);
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["started"]);
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

Deno.test("a handshake that takes its time is waited for, whatever was acknowledged", async () => {
  const key = crypto.getRandomValues(new Uint8Array(64));
  const slow = Promise.withResolvers<void>();
  const bench = await startShell({
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
    prepare: (control) => {
      control.onDataKey = async () => {
        await slow.promise;
        return {
          plaintext: key,
          ciphertextBlob: Uint8Array.of(1, 2, 3),
          challengeAcknowledged: true,
        };
      };
    },
  });
  const { agent, terminal, clock } = bench;
  agent.onEvent = (event) => {
    if (event.type !== "data-key-offered") return;
    agent.channel.provideDataKey({ plaintext: key }, clock.now());
  };
  await clock.advance(4000);
  assert.equal(terminal.rawNow, false, "nothing may be typed yet");
  slow.resolve();
  await clock.advance(10);
  assert.equal(terminal.rawNow, true);
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
  assertClean(bench);
});

Deno.test("a resize is sent once, and again after a handshake", async () => {
  const actions = [{
    actionType: "SessionType",
    parameters: { SessionType: "Standard_Stream", Properties: null },
  }];
  const bench = await startShell({
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

Deno.test("an encrypted session: the key is fetched once, with the challenge", async () => {
  const key = crypto.getRandomValues(new Uint8Array(64));
  const asked: unknown[] = [];
  const bench = await startShell({
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
  const bench = await startShell();
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
