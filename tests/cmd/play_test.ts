import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { TestContext } from "../testkit/context.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const header = '{"version":2,"width":80,"height":24}';
const three = `${header}
[0, "o", "one "]
[1, "i", "typed"]
[2, "o", "two "]
[12, "o", "three"]
`;
const restored = "\x1b\\\x1b[0m\x1b[?25h";

/** Plays a recording; the file is there as long as it is played. */
async function play(
  text: string,
  context: TestContext,
  ...flags: string[]
): Promise<{ done: Promise<number>; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await Deno.makeTempFile({ suffix: ".cast" });
  await Deno.writeTextFile(path, text);
  const done = runCommandLine(["play", path, ...flags], context);
  return {
    done,
    async [Symbol.asyncDispose]() {
      await done;
      await Deno.remove(path);
    },
  };
}

function onTerminal(terminal?: MemoryTerminal): TestContext {
  const context = new TestContext(terminal);
  context.outputIsTerminal = true;
  return context;
}

/** Waits until this was printed, letting no time pass. */
async function shows(context: TestContext, text: string): Promise<void> {
  await context.terminal.until(({ outputText }) => outputText === text);
}

Deno.test("play: each piece when it is due, the terminal as it was", async () => {
  const context = onTerminal();
  await using run = await play(three, context);
  await shows(context, "one ");
  assert(context.terminal.rawNow);
  await context.clock.advance(1900);
  assert.equal(context.terminal.outputText, "one ");
  await context.clock.advance(100);
  assert.equal(context.terminal.outputText, "one two ");
  await context.clock.advance(10_000);
  assert.equal(await run.done, 0);
  assert.equal(context.terminal.outputText, `one two three${restored}`);
  assert(!context.terminal.rawNow);
  assert.equal(context.clock.pending, 0);
});

Deno.test("play: faster, with short pauses: the flag's, or the recording's own", async () => {
  const own = three.replace("24}", '24,"idle_time_limit":3}');
  for (
    const [text, flags, total] of [
      [three, ["--speed", "2"], 6000],
      [three, ["-s", "2", "-i", "1"], 1000],
      [own, [], 5000],
      [own, ["--idle-limit", "4"], 6000],
    ] as const
  ) {
    const context = onTerminal();
    await using run = await play(text, context, ...flags);
    await shows(context, "one ");
    await context.clock.advance(total - 1);
    assert.doesNotMatch(context.terminal.outputText, /three/);
    await context.clock.advance(1);
    assert.equal(await run.done, 0);
  }
});

Deno.test("play: space stops and goes on, a dot takes a step, q leaves", async () => {
  const context = onTerminal();
  const { terminal, clock } = context;
  await using run = await play(three, context);
  await shows(context, "one ");
  terminal.type(" ");
  await clock.advance(60_000);
  assert.equal(terminal.outputText, "one ");
  // An answer of the terminal is no key.
  terminal.type("\x1b[?1;2c.q");
  await clock.advance(0);
  terminal.type(".");
  await shows(context, "one two ");
  await clock.advance(60_000);
  assert.equal(terminal.outputText, "one two ");
  terminal.type(" ");
  await clock.advance(9999);
  assert.equal(terminal.outputText, "one two ");
  terminal.type("q");
  assert.equal(await run.done, 0);
  assert.equal(terminal.outputText, `one two ${restored}`);
});

Deno.test("play: Ctrl-C and signals end it, and put the terminal back", async () => {
  const text =
    `${header}\n[0, "o", "\\u001b[?1049h\\u001b[?25l"]\n[9, "o", "x"]`;
  const shown = "\x1b[?1049h\x1b[?25l";
  for (
    const [end, code] of [
      [(context: TestContext) => context.terminal.type("\x03"), 130],
      [(context: TestContext) => context.terminal.end(), 129],
      [
        (context: TestContext) => context.abort(new SignalError("SIGTERM")),
        143,
      ],
    ] as const
  ) {
    const context = onTerminal();
    await using run = await play(text, context);
    await shows(context, shown);
    end(context);
    assert.equal(await run.done, code);
    assert.equal(
      context.terminal.outputText,
      `${shown}\x1b\\\x1b[0m\x1b[?1049l\x1b[?25h\x1b[?25h`,
    );
    assert(!context.terminal.rawNow);
    assert.equal(context.terminal.errorText, "");
    assert.equal(context.clock.pending, 0);
  }
});

Deno.test("play: without a terminal everything comes at once, and nothing else", async () => {
  const context = new TestContext();
  await using run = await play(three, context);
  assert.equal(await run.done, 0);
  assert.equal(context.terminal.outputText, "one two three");
});

Deno.test("play: from standard input", async () => {
  const context = onTerminal(new MemoryTerminal({ interactive: false }));
  context.terminal.type(three.slice(0, 50));
  context.terminal.type(three.slice(50));
  context.terminal.end();
  const done = runCommandLine(["play", "-", "-i", "0"], context);
  assert.equal(await done, 0);
  assert.equal(context.terminal.outputText, `one two three${restored}`);
});

Deno.test("play: a small terminal is told of", async () => {
  const context = onTerminal(
    new MemoryTerminal({ size: { cols: 79, rows: 24 } }),
  );
  await using run = await play(`${header}\n`, context);
  assert.equal(await run.done, 0);
  assert.equal(
    context.terminal.errorText,
    "The recording is of 80x24, and this terminal of 79x24\n",
  );
});

Deno.test("play: what is no recording is an error with its line", async () => {
  for (
    const [text, code, message] of [
      ["hello\n", 125, /^ssm: Cannot play .*: line 1: this is no JSON\n$/],
      [
        `${header}\n[0, "o", "a"]\n[1, "o`,
        1,
        /^ssm: Cannot play .*: line 3: the recording breaks off here\n$/,
      ],
    ] as const
  ) {
    const context = new TestContext();
    await using run = await play(text, context);
    assert.equal(await run.done, code);
    assert.match(context.terminal.errorText, message);
  }
  for (
    const [args, message] of [
      [["/no/such.cast"], /Cannot play \/no\/such.cast: No such file/],
      [[""], /the file has no name/],
      [["a", "--speed", "0"], /from 0.01 to 1000/],
      [[], /file/],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await runCommandLine(["play", ...args], context), 125);
    assert.match(context.terminal.errorText, message);
  }
});
