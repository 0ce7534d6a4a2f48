import assert from "node:assert/strict";
import { errorSigns } from "../../lib/session/relay/program.ts";
import {
  commandSessionRequest,
  RemoteCommand,
  type RemoteCommandEnd,
  type RemoteCommandOptions,
} from "../../lib/session/remote_command.ts";
import { CommandWorldBench } from "../testkit/command_bench.ts";

/** A command that runs, its agent in the test's hands. */
class RemoteBench extends CommandWorldBench {
  readonly command: RemoteCommand;
  end: RemoteCommandEnd | Error | undefined;

  constructor(options: Partial<RemoteCommandOptions> = {}) {
    const way = options.way ?? "plain";
    super(
      way === "terminal" ? "InteractiveCommands" : "NonInteractiveCommands",
    );
    this.command = new RemoteCommand({
      way,
      command: { words: ["ls"], variables: {} },
      grant: this.grant,
      control: this.control,
      clock: this.clock,
      onOutput: (bytes, stream) => {
        this[stream] += new TextDecoder().decode(bytes);
        this.command.consumed(bytes.length);
      },
      notify: this.notify,
      ...options,
    });
  }

  async begin(): Promise<this> {
    this.command.run(this.abort.signal).then(
      (end) => this.end = end,
      (error) => this.end = error,
    );
    await this.clock.advance(10);
    return this;
  }

  async closed(output = ""): Promise<RemoteCommandEnd | Error | undefined> {
    this.agent.closeChannel(output);
    await this.clock.advance(10);
    this.assertClean();
    return this.end;
  }
}

/** What `plain` prints where the agent mixes outputs. */
function markOf(): string {
  const { parameters } = commandSessionRequest("plain", ["ls"]);
  return /printf %s (\S+?);/.exec(parameters.command![0]!)![1]!;
}

Deno.test("plain: outputs and the code", async () => {
  const bench = await new RemoteBench().begin();
  bench.agent.print("out");
  bench.agent.print("err", 11);
  bench.exit(3);
  assert.deepEqual(await bench.closed(), { kind: "exited", code: 3 });
  assert.deepEqual([bench.stdout, bench.stderr], ["out", "err"]);
});

Deno.test("plain: an agent that mixes outputs has run nothing", async () => {
  const bench = await new RemoteBench().begin();
  const mark = markOf();
  bench.agent.print(mark.slice(0, 5));
  bench.agent.print(mark.slice(5));
  assert.deepEqual(await bench.closed(), { kind: "unseparated" });
  assert.equal(bench.stdout, "");
});

Deno.test("plain: what looks like the mark and is output comes out whole", async () => {
  const mark = markOf();
  for (
    const text of [mark, mark.slice(0, 9), `${mark}\n`, `${mark.slice(0, 9)}x`]
  ) {
    const bench = await new RemoteBench().begin();
    for (const character of text) bench.agent.print(character);
    bench.exit(0);
    assert.deepEqual(await bench.closed(), { kind: "exited", code: 0 }, text);
    assert.equal(bench.stdout, text);
  }
});

Deno.test("plain: a signal has no name; after Ctrl-C it has", async () => {
  const killed = await new RemoteBench().begin();
  killed.exit(-1);
  assert.deepEqual(await killed.closed(), { kind: "exited", code: 137 });
  assert.match(JSON.stringify(killed.notices), /does not say which/);
});

Deno.test("plain: after Ctrl-C the agent tells 1, or the command's own code", async () => {
  for (const [told, code] of [[-1, 130], [1, 130], [0, 0], [42, 42]] as const) {
    const bench = await new RemoteBench().begin();
    bench.command.interrupt();
    await bench.clock.advance(1000);
    bench.exit(told);
    assert.deepEqual(await bench.closed(), { kind: "exited", code });
  }
});

Deno.test("pipe: after Ctrl-C the last word may be lost, and SIGTERM stands for SIGINT", async () => {
  for (
    const [word, end] of [
      ["", { kind: "signal", signal: "SIGINT" }],
      ["[143]", { kind: "exited", code: 130 }],
      ["[7]", { kind: "exited", code: 7 }],
    ] as const
  ) {
    const bench = await new RemoteBench({ way: "pipe" }).begin();
    bench.command.interrupt();
    await bench.clock.advance(1000);
    if (word !== "") bench.agent.print(word);
    bench.exit(1);
    assert.deepEqual(await bench.closed(), end, word);
  }
});

Deno.test("plain: an end without a code is no success", async () => {
  const bench = await new RemoteBench().begin();
  bench.agent.print("out");
  const end = await bench.closed() as RemoteCommandEnd;
  assert.equal(end.kind, "failed");
});

Deno.test("plain: after a loss the code counts where no output came behind it", async () => {
  for (const output of [undefined, "one", "one two"]) {
    const bench = await new RemoteBench().begin();
    const [before, after] = output?.split(" ") ?? [];
    if (before !== undefined) bench.agent.print(before);
    await bench.clock.advance(5000);
    bench.control.transport.drop();
    await bench.clock.advance(5000);
    if (after !== undefined) bench.agent.print(after);
    await bench.clock.advance(after === undefined ? 60_000 : 1000);
    assert.equal(bench.end, undefined, "a quiet command goes on");
    bench.exit(3);
    const end = await bench.closed() as RemoteCommandEnd;
    assert.equal(
      end.kind,
      after === undefined ? "exited" : "lost",
      String(output),
    );
  }
});

Deno.test("plain: a loss before the agent can have begun to read may hide all output", async () => {
  const bench = await new RemoteBench().begin();
  bench.control.transport.drop();
  await bench.clock.advance(5000);
  bench.exit(0);
  assert.equal((await bench.closed() as RemoteCommandEnd).kind, "lost");
});

for (const way of ["plain", "pipe"] as const) {
  for (const before of ["", "AAAA"]) {
    Deno.test(`${way}: a last message behind a loss ends the wait for more, after ${before.length} bytes`, async () => {
      const bench = await new RemoteBench({ way }).begin();
      if (before !== "") bench.agent.print(before);
      await bench.clock.advance(5000);
      bench.control.transport.drop();
      await bench.clock.advance(20);
      bench.agent.print("BBBB");
      await bench.clock.advance(20_000);
      assert.equal((bench.end as RemoteCommandEnd).kind, "lost");
      assert.equal(bench.control.terminated, 1);
      bench.assertClean();
    });
  }
}

Deno.test("plain: output that goes on after a loss is waited for", async () => {
  const bench = await new RemoteBench().begin();
  bench.agent.print("one");
  bench.control.transport.drop();
  for (let i = 0; i < 30; i++) {
    await bench.clock.advance(1000);
    bench.agent.print(".");
  }
  assert.equal(bench.end, undefined);
  bench.exit(0);
  assert.equal((await bench.closed() as RemoteCommandEnd).kind, "lost");
});

Deno.test("pipe: the relay's last word proves that nothing is missing, a loss or not", async () => {
  const bench = await new RemoteBench({ way: "pipe" }).begin();
  const signs = [..."err"].map((sign) => {
    const byte = sign.charCodeAt(0);
    return errorSigns[byte >> 4]! + errorSigns[byte & 15]!;
  }).join("");
  bench.agent.print(`${btoa("one ")}${signs}`);
  bench.control.transport.drop();
  await bench.clock.advance(5000);
  bench.agent.print(`${btoa("two")}[9]`);
  bench.exit(0);
  assert.deepEqual(await bench.closed(), { kind: "exited", code: 9 });
  assert.deepEqual([bench.stdout, bench.stderr], ["one two", "err"]);
});

Deno.test("pipe: what the node lacks is named; an end without a last word is none", async () => {
  const lacking = await new RemoteBench({ way: "pipe" }).begin();
  lacking.agent.print("[!base64]");
  lacking.exit(1);
  assert.deepEqual(await lacking.closed(), {
    kind: "refused",
    message: "The node has no base64, which this way needs",
  });
  const cut = await new RemoteBench({ way: "pipe" }).begin();
  cut.agent.print(btoa("one"));
  cut.exit(0);
  assert.equal((await cut.closed() as RemoteCommandEnd).kind, "failed");
});

Deno.test("pipe: what no relay writes ends the session", async () => {
  const bench = await new RemoteBench({ way: "pipe" }).begin();
  bench.agent.print("hello world");
  await bench.clock.advance(10);
  assert.match(String(bench.end), /RelayError/);
  assert.equal(bench.control.terminated, 1);
  bench.assertClean();
});

Deno.test("terminal: nothing is said before the node is ready, then the program, then input as asked", async () => {
  const pieces = ["hello ", "world"];
  const bench = await new RemoteBench({
    way: "terminal",
    command: { words: ["cat", "it's"], variables: { A: "1\n" } },
    input: () => {
      const piece = pieces.shift();
      return Promise.resolve(
        piece === undefined ? undefined : new TextEncoder().encode(piece),
      );
    },
  }).begin();
  await bench.clock.advance(5000);
  assert.equal(bench.agent.input, "");
  bench.agent.print("noise\r\n[ready]");
  await bench.clock.advance(10);
  const program = bench.agent.input;
  assert.match(program, /^[^\n]*\n$/);
  assert.match(program, /export A='1\\0012'/);
  assert.match(program, /set -- cat 'it'\\0134''s'/);
  bench.agent.print("?");
  await bench.clock.advance(10);
  const all = btoa("hello world");
  assert.equal(bench.agent.input, `${program}${all.length}\n${all}`);
  bench.agent.print("?");
  await bench.clock.advance(10);
  assert.ok(bench.agent.input.endsWith(`${all}0\n`));
  bench.agent.print(`~${btoa("done")}[0]`);
  assert.deepEqual(await bench.closed(), { kind: "exited", code: 0 });
  assert.equal(bench.stdout, "done");
});

Deno.test("terminal: an end that was not told says what the node complained of", async () => {
  const bench = await new RemoteBench({ way: "terminal" }).begin();
  bench.agent.print("sh: stty: not found\n");
  assert.deepEqual(await bench.closed(), {
    kind: "failed",
    message: "The command's end was not told: sh: stty: not found",
  });
});

Deno.test("terminal: Ctrl-C is no key before the node is ready", async () => {
  const bench = await new RemoteBench({ way: "terminal" }).begin();
  assert.equal(bench.command.interrupt(), false);
  bench.agent.print("[ready]");
  await bench.clock.advance(10);
  assert.equal(bench.command.interrupt(), true);
  await bench.clock.advance(10);
  assert.ok(bench.agent.input.endsWith("\x03"));
  // The shell had not got its program yet.
  assert.deepEqual(await bench.closed(), { kind: "signal", signal: "SIGINT" });
});
