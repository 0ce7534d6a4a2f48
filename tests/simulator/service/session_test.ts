import assert from "node:assert/strict";
import {
  type ClientMessage,
  decodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import type { DirectionFaults } from "../../../lib/simulator/options.ts";
import { terminatedOutput } from "../../../lib/simulator/registry.ts";
import { absenceLimit } from "../../../lib/simulator/service/service_session.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";
import { Client, faults, Harness } from "./harness.ts";

/** True while there is such a process. */
function alive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const command = (line: string): [string, Record<string, string[]>] => [
  "AWS-StartInteractiveCommand",
  { command: [line] },
];

Deno.test("a shell: prompt, command, size, exit, and the session is over", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const client = await Client.connect(harness, id);
  await client.see(/[#$] $/);
  assert.equal(harness.registry.get(id)?.status, "Connected");
  client.type("echo $((6*7)) $TERM\r");
  await client.see(/42 xterm-256color\r\n/);
  client.channel.resize({ cols: 132, rows: 43 }, Date.now());
  client.type("stty size\r");
  await client.see(/43 132\r\n/);
  // Once it says so it is in the foreground: an earlier Ctrl-C would meet the shell.
  client.type("sh -c 'echo started; exec sleep 100'\r");
  // The prompt may come between the echo and the answer.
  await client.see(/\bstarted\r\n/);
  client.type("\x03");
  // Whether the terminal's ^C is seen depends on what it drops with the signal.
  await client.see(/\bstarted\r\n[^]*[#$] $/);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
  assert.equal(harness.registry.get(id)?.status, "Terminated");
});

Deno.test("an encrypted session", async () => {
  await using harness = await Harness.start({ kmsKeyId: "alias/sessions" });
  const client = await Client.connect(harness, harness.session());
  await client.see(/[#$] $/);
  client.type("echo $((6*7)); exit\r");
  assert.equal(await client.closed(), "");
  assert.match(client.text, /42\r\n/);
  const started = client.events.find((event) => event.type === "started");
  assert.equal(started?.encrypted, true);
  assert.equal(started?.sessionType, "Standard_Stream");
});

Deno.test("channel_closed has the service's header and comes after start_publication and output", async () => {
  await using harness = await Harness.start({ pace: "real" });
  const transport = await harness.connect(
    harness.session(...command("echo hello")),
  );
  const messages: ClientMessage[] = [];
  while (true) {
    const frames = await transport.read();
    if (frames === undefined) break;
    messages.push(...frames.map(decodeClientMessage));
  }
  // This client never acknowledges: the output is repeated, and the end waits for it.
  assert.equal(messages[0]?.messageType, "start_publication");
  const closed = messages.at(-1)!;
  assert.equal(closed.messageType, "channel_closed");
  assert.equal(closed.headerLength, 112);
  const json = JSON.parse(new TextDecoder().decode(closed.payload));
  assert.equal(json.Output, "");
  assert.equal(json.DestinationId, "9eb2aa6d-0000-4000-8000-000000000000");
  assert.ok(
    messages.slice(1, -1).every((m) => m.messageType === "output_stream_data"),
  );
  assert.equal((await transport.closed).code, 1000);
  await transport.close();
});

Deno.test("output made while the client was away arrives when it is back", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const client = await Client.connect(harness, id);
  await client.see(/[#$] $/);
  client.type("(sleep 0.2; echo; seq 1 2000; echo END) &\r");
  await client.see(/&\r\n/);
  for (let i = 0; i < 5; i++) {
    const { transport } = client;
    await transport?.close();
    await client.until(
      "back",
      () => client.transport !== undefined && client.transport !== transport,
    );
  }
  await client.see(/\r\nEND\r\n/);
  const expected = Array.from({ length: 2000 }, (_, i) => `${i + 1}\r\n`);
  assert.ok(client.text.includes(`\r\n${expected.join("")}END\r\n`));
  assert.ok(client.connections >= 6);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
});

Deno.test("a newer connection replaces the older", async () => {
  await using harness = await Harness.start();
  const id = harness.session();
  const first = await harness.connect(id);
  assert.ok(await first.read());
  const client = await Client.connect(harness, id);
  while (await first.read() !== undefined);
  assert.equal((await first.closed).code, 1000);
  await first.close();
  assert.equal(harness.registry.get(id)?.status, "Connected");
  await client.see(/[#$] $/);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
});

Deno.test("TerminateSession: the client hears it, the program is dead", async () => {
  await using harness = await Harness.start();
  const id = harness.session(
    ...command("trap '' HUP; echo pid $$ .; sleep 100"),
  );
  const client = await Client.connect(harness, id);
  await client.see(/pid \d+ \./);
  const pid = Number(/pid (\d+)/.exec(client.text)![1]);
  harness.registry.terminate(id, terminatedOutput(id));
  assert.equal(await client.closed(), `Session: ${id} was terminated.`);
  await until("dead", () => !alive(pid));
});

Deno.test("an idle session ends; a resize puts that off", async () => {
  // Less than the 30 s between pings in all: pongs take real time.
  const clock = new ManualClock();
  await using harness = await Harness.start({ idleTimeout: 20 }, clock);
  const id = harness.session(...command("cat"));
  const client = await Client.connect(harness, id);
  const session = harness.registry.get(id)!;
  await until("connected", () => session.status === "Connected");
  await clock.advance(15_000);
  client.channel.resize({ cols: 81, rows: 24 }, Date.now());
  client.flush();
  await until("noticed", () => session.lastActivity === clock.now());
  await clock.advance(15_000);
  assert.equal(session.endDate, undefined);
  await clock.advance(6_000);
  assert.equal(await client.closed(), `Session: ${id} timed out.`);
});

Deno.test("a session that ends while its client is away tells it on its return", async () => {
  await using harness = await Harness.start();
  const id = harness.session(...command("echo hello; read line; exit"));
  const client = await Client.connect(harness, id);
  await client.see(/hello\r\n/);
  client.type("x\r");
  await client.until("taken", () => client.channel.unacknowledged === 0);
  await client.transport?.close();
  assert.equal(await client.closed(), "");
});

Deno.test("a failure before the client came is told when it comes", async () => {
  await using harness = await Harness.start({ shell: ["/no/such/shell"] });
  const id = harness.session();
  await until("failed", () => harness.log.some((line) => /failed/.test(line)));
  const client = await Client.connect(harness, id);
  assert.match(
    await client.closed(),
    /^\n-{10}ERROR-{7}\nUnable to start command: exec: "\/no\/such\/shell"/,
  );
  assert.equal(harness.registry.get(id)?.status, "Failed");
});

Deno.test("a session that no client ever joins ends after a minute", async () => {
  const clock = new ManualClock();
  await using harness = await Harness.start({}, clock);
  const id = harness.session();
  await clock.advance(absenceLimit - 10);
  assert.equal(harness.registry.get(id)?.endDate, undefined);
  await clock.advance(20);
  assert.equal(harness.registry.get(id)?.status, "Terminated");
});

Deno.test("closing the service leaves no program, no session, no connection", async () => {
  const harness = await Harness.start({ pace: "real" });
  const ids = [1, 2, 3].map(() =>
    harness.session(...command("trap '' HUP; echo pid $$ .; sleep 100"))
  );
  const client = await Client.connect(harness, ids[0]!);
  const silent = await harness.open(ids[1]!);
  const idle = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(harness.service.url("x")).port),
  });
  await client.see(/pid \d+ \./);
  const pid = Number(/pid (\d+)/.exec(client.text)![1]);
  await Promise.all([harness.service.close(), harness.service.close()]);
  assert.equal(alive(pid), false);
  assert.deepEqual(harness.registry.active(), []);
  assert.equal(await client.closed(), "");
  await silent.closed;
  assert.equal(await idle.read(new Uint8Array(1)).catch(() => null), null);
  idle.close();
});

const bad: DirectionFaults = {
  loss: 0.05,
  repeat: 0.05,
  reorder: 0.05,
  wrongDigest: 0.02,
};

for (const closeManner of ["close", "reset"] as const) {
  Deno.test(`through every fault, sockets ended by ${closeManner}: not a byte is lost`, async () => {
    await using harness = await Harness.start({
      faults: faults({
        latency: 2,
        up: bad,
        down: bad,
        closeAfterBytes: 50_000,
        closeLimit: 10,
        closeManner,
        seed: 4,
      }),
    });
    const id = harness.session(
      ...command("stty -opost; seq 1 200000; echo END"),
    );
    const client = await Client.connect(harness, id);
    assert.equal(await client.closed(), "");
    const expected = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`);
    assert.ok(client.text === expected.join("") + "END\n");
    // How many bytes are on their way at each close depends on the machine.
    const closes = harness.log.filter((line) =>
      /closing the socket/.test(line)
    ).length;
    assert.ok(closes >= 4 && closes <= 10, `${closes} closes`);
    assert.ok(client.connections > closes);
  });
}

Deno.test("closed after seconds, as often as allowed", async () => {
  await using harness = await Harness.start({
    faults: faults({ closeAfterSeconds: 0.2, closeLimit: 2 }),
  });
  const client = await Client.connect(harness, harness.session());
  await client.until("twice", () => client.connections === 3);
  await client.see(/[#$] /);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
});

Deno.test("paused every so often: both ends are told, and go on a second later", async () => {
  await using harness = await Harness.start({
    faults: faults({ pauseEvery: 0.3 }),
  });
  const client = await Client.connect(
    harness,
    harness.session(...command("sleep 100")),
  );
  await client.until("paused", () => client.channel.paused);
  await client.until("unpaused", () => !client.channel.paused);
  await client.until("paused again", () => client.channel.paused);
  harness.registry.terminate(client.id, "");
  assert.equal(await client.closed(), "");
});
