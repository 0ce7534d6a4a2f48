import assert from "node:assert/strict";
import { PayloadType } from "../../lib/protocol/message/payload.ts";
import {
  type CommandEnd,
  CommandSession,
  type CommandSessionOptions,
} from "../../lib/session/command_session.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { CommandWorldBench } from "../testkit/command_bench.ts";
import { FakeControl, fakeGrant } from "../testkit/fake_session.ts";

/** A command's session, its agent in the test's hands. */
class CommandBench extends CommandWorldBench {
  readonly session: CommandSession;
  end: CommandEnd | Error | undefined;
  /** False: output is taken, and never done with. */
  consumes = true;

  constructor(
    options: Partial<CommandSessionOptions> & {
      readonly type?: string;
      readonly handshake?: false;
    } = {},
  ) {
    const { type, handshake, ...rest } = options;
    const sessionType = rest.sessionType ?? "NonInteractiveCommands";
    super(handshake === false ? undefined : type ?? sessionType);
    this.session = new CommandSession({
      grant: this.grant,
      control: this.control,
      clock: this.clock,
      sessionType,
      onOutput: (bytes, stream) => {
        this[stream] += new TextDecoder().decode(bytes);
        if (this.consumes) this.session.consumed(bytes.length);
      },
      notify: this.notify,
      ...rest,
    });
    this.session.ended.then(
      (end) => this.end = end,
      (error) => this.end = error,
    );
  }

  async begin(): Promise<this> {
    const started = this.session.start(this.abort.signal);
    await this.clock.advance(0);
    await started;
    return this;
  }

  async close(): Promise<void> {
    const closed = this.session.close();
    await this.clock.advance(0);
    await closed;
    this.assertClean();
  }
}

Deno.test("command: outputs apart, then the exit code, and nothing to terminate", async () => {
  const bench = await new CommandBench().begin();
  bench.agent.print("out");
  bench.agent.print("err", PayloadType.StdErr);
  bench.exit(7);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.deepEqual([bench.stdout, bench.stderr], ["out", "err"]);
  assert.deepEqual(bench.end, { kind: "exited", code: 7 });
  await bench.close();
  assert.equal(bench.control.terminated, 0);
});

Deno.test("command: what comes after the code is the agent's complaint", async () => {
  const bench = await new CommandBench().begin();
  bench.exit(1);
  bench.agent.print("Error occurred starting the command: x\n", 11);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.equal(bench.stderr, "");
  assert.deepEqual(bench.end, {
    kind: "refused",
    message: "Error occurred starting the command: x",
  });
  await bench.close();
});

Deno.test("command: without a code the end is a session's", async () => {
  for (
    const [output, kind] of [
      ["", "ended"],
      ["----------ERROR-------\nno", "failed"],
      ["was terminated", "terminated"],
    ]
  ) {
    const bench = await new CommandBench().begin();
    bench.agent.closeChannel(output);
    await bench.clock.advance(0);
    assert.equal((bench.end as CommandEnd).kind, kind);
    await bench.close();
  }
});

Deno.test("command: a session of another type is refused and terminated", async () => {
  const bench = await new CommandBench({ type: "Port" }).begin();
  assert.deepEqual(bench.end, {
    kind: "refused",
    message:
      "The document starts a session of type Port, not NonInteractiveCommands",
  });
  await bench.close();
  assert.equal(bench.control.terminated, 1);
});

Deno.test("command: Ctrl-C is sent once, and not before the command runs", async () => {
  const bench = await new CommandBench().begin();
  assert.equal(bench.session.interrupt(), true);
  assert.equal(bench.session.interrupt(), false);
  await bench.clock.advance(999);
  assert.equal(bench.agent.input, "");
  await bench.clock.advance(1);
  assert.equal(bench.agent.input, "\x03");
  bench.exit(130);
  bench.agent.closeChannel();
  await bench.close();
});

Deno.test("command: its first output shows that it runs", async () => {
  const bench = await new CommandBench().begin();
  bench.session.interrupt();
  bench.agent.print("x");
  await bench.clock.advance(0);
  assert.equal(bench.agent.input, "\x03");
  assert.equal(bench.session.interrupt(), false);
  await bench.close();
});

Deno.test("command: on a terminal every Ctrl-C goes out", async () => {
  const bench = await new CommandBench({
    sessionType: "InteractiveCommands",
    size: { cols: 100, rows: 30 },
  }).begin();
  assert.equal(bench.session.interrupt(), true);
  assert.equal(bench.session.interrupt(), true);
  await bench.clock.advance(0);
  assert.equal(bench.agent.input, "\x03\x03");
  assert.deepEqual(
    bench.agent.events.filter((event) => event.type === "size").at(-1),
    { type: "size", size: { cols: 100, rows: 30 } },
  );
  await bench.close();
  assert.equal(bench.control.terminated, 1);
});

Deno.test("command: input of any size arrives in order, in growing payloads", async () => {
  const bench = await new CommandBench({ sessionType: "InteractiveCommands" })
    .begin();
  let text = "";
  for (let i = 0; i < 4; i++) {
    const part = Array.from({ length: 60_000 }, (_, at) => `${i}.${at} `)
      .join("");
    text += part;
    let done = false;
    bench.session.write(new TextEncoder().encode(part)).then(() => done = true);
    for (let t = 0; t < 1000 && !done; t++) await bench.clock.advance(1);
    await bench.clock.advance(10);
  }
  assert.equal(bench.agent.input, text);
  const sizes = bench.agent.events.map((event) =>
    event.type === "payload" ? event.payload.length : 0
  );
  assert.ok(Math.max(...sizes) > 4096);
  await bench.close();
});

Deno.test("command: writing to a session that ends does not hang", async () => {
  const bench = await new CommandBench({ sessionType: "InteractiveCommands" })
    .begin();
  bench.control.transport.holding = true;
  let done = false;
  bench.session.write(new Uint8Array(64 << 20)).then(() => done = true);
  await bench.clock.advance(100);
  assert.equal(done, false);
  bench.agent.closeChannel();
  await bench.clock.advance(100);
  assert.equal(done, true);
  bench.control.transport.release();
  await bench.close();
});

Deno.test("command: output that nobody is done with stays on the way", async () => {
  const bench = new CommandBench();
  bench.consumes = false;
  await bench.begin();
  const mebibyte = 1024 * 1024;
  for (let i = 0; i < 12 * 1024; i++) {
    bench.agent.print("x".repeat(1024));
    if (i % 64 === 0) await bench.clock.advance(0);
  }
  await bench.clock.advance(10);
  const taken = bench.stdout.length;
  assert.ok(taken >= 8 * mebibyte && taken < 9 * mebibyte, `${taken}`);
  bench.consumes = true;
  bench.session.consumed(taken);
  await bench.clock.advance(10);
  assert.equal(bench.stdout.length, 12 * mebibyte);
  bench.exit(0);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.deepEqual(bench.end, { kind: "exited", code: 0 });
  await bench.close();
});

Deno.test("command: a signal of ours is its end, another reason is thrown", async () => {
  const bench = await new CommandBench().begin();
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.clock.advance(0);
  assert.deepEqual(bench.end, { kind: "signal", signal: "SIGTERM" });
  await bench.close();
  assert.equal(bench.control.terminated, 1);
  const other = await new CommandBench().begin();
  other.abort.abort(new RangeError("late"));
  await other.clock.advance(0);
  assert.ok(other.end instanceof RangeError);
  await other.close();
});

Deno.test("command: an agent that does not begin is told, then given up", async () => {
  const bench = new CommandBench({ sessionType: "InteractiveCommands" });
  const silent = new FakeControl();
  const session = new CommandSession({
    grant: fakeGrant,
    control: silent,
    clock: bench.clock,
    sessionType: "InteractiveCommands",
    onOutput: () => {},
    notify: (notice) => bench.notices.push(notice),
  });
  const started = session.start(bench.abort.signal);
  await bench.clock.advance(5000);
  assert.deepEqual(bench.notices, [{ kind: "waiting" }]);
  await bench.clock.advance(55_000);
  await started;
  assert.deepEqual(await session.ended, {
    kind: "refused",
    message: "The agent did not answer within 60 s",
  });
  const closed = session.close();
  await bench.clock.advance(5000);
  await closed;
  assert.equal(silent.terminated, 1);
  await bench.close();
});

Deno.test("command: a lost connection resumes, and is counted", async () => {
  const bench = await new CommandBench().begin();
  bench.agent.print("one ");
  await bench.clock.advance(0);
  bench.control.transport.drop();
  await bench.clock.advance(5000);
  bench.agent.print("two");
  bench.exit(0);
  await bench.clock.advance(1000);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.equal(bench.stdout, "one two");
  assert.equal(bench.session.resumed, 1);
  await bench.close();
});

Deno.test("command: one on a terminal that prints nothing has begun, and gets its input", async () => {
  const bench = new CommandBench({
    handshake: false,
    sessionType: "InteractiveCommands",
    size: { cols: 80, rows: 24 },
  });
  const started = bench.session.start(bench.abort.signal);
  await bench.clock.advance(3000);
  await started;
  const written = bench.session.write(new TextEncoder().encode("one\r"));
  await bench.clock.advance(120_000);
  await written;
  assert.equal(bench.agent.input, "one\r");
  assert.equal(bench.end, undefined);
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["started"]);
  bench.agent.closeChannel();
  await bench.clock.advance(0);
  assert.deepEqual(bench.end, { kind: "ended" });
  await bench.close();
});

Deno.test("command: on a terminal that has not begun there is nothing to interrupt", async () => {
  const bench = new CommandBench({ sessionType: "InteractiveCommands" });
  assert.equal(bench.session.interrupt(), false);
  await bench.begin();
  await bench.close();
});
