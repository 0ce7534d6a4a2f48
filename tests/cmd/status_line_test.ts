import assert from "node:assert/strict";
import { StatusLine } from "../../cmd/status_line.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";
import { screenOf } from "../testkit/screen.ts";

/** A line that says what the test wants, and a terminal that shows it. */
function world(
  options: { live?: boolean; cols?: number } = {},
) {
  const terminal = new MemoryTerminal({
    size: options.cols === undefined ? null : { cols: options.cols, rows: 24 },
  });
  const clock = new ManualClock();
  const says = { text: "one", seconds: [] as number[] };
  const line = new StatusLine({
    terminal,
    clock,
    live: options.live ?? true,
    status: (seconds) => {
      says.seconds.push(seconds);
      return says.text;
    },
  });
  const shown = () => screenOf(terminal.errorText.replaceAll("\n", "\r\n"));
  return { terminal, clock, line, says, shown };
}

Deno.test("run: a live line is drawn at once, then anew each second if it has changed", async () => {
  const { terminal, clock, line, says, shown } = world();
  line.start();
  assert.equal(terminal.errorText, "\r\x1b[Kone");
  await clock.advance(999);
  says.text = "two";
  assert.deepEqual(shown(), ["one"]);
  await clock.advance(1);
  assert.deepEqual(shown(), ["two"]);
  const before = terminal.errorText;
  await clock.advance(5000);
  assert.equal(terminal.errorText, before);
  assert.deepEqual(says.seconds, [0, 1, 1, 1, 1, 1, 1]);
  line[Symbol.dispose]();
  assert.deepEqual(shown(), [""]);
  assert.equal(clock.pending, 0);
});

Deno.test("run: messages stand above a live line, whole", async () => {
  const { clock, line, says, shown } = world();
  line.say(["before"]);
  assert.deepEqual(shown(), ["before", ""]);
  line.start();
  line.say(["first", "second"]);
  assert.deepEqual(shown(), ["before", "first", "second", "one"]);
  says.text = "2";
  await clock.advance(1000);
  assert.deepEqual(shown(), ["before", "first", "second", "2"]);
  line.say(["x"]);
  line[Symbol.dispose]();
  line.say(["after"]);
  assert.deepEqual(shown(), ["before", "first", "second", "x", "after", ""]);
  await line.written();
});

Deno.test("run: a live line never reaches the terminal's last column", async () => {
  const { terminal, clock, line, says, shown } = world({ cols: 10 });
  says.text = "0123456789abc";
  line.start();
  assert.deepEqual(shown(), ["012345678"]);
  terminal.resize({ cols: 5, rows: 24 });
  await clock.advance(1000);
  assert.deepEqual(shown(), ["0123"]);
  // Characters of more than one unit are not cut in the middle.
  says.text = "ab💡💡💡";
  await clock.advance(1000);
  assert.deepEqual(shown(), ["ab💡💡"]);
  terminal.resize({ cols: 0, rows: 0 });
  says.text = "xy";
  await clock.advance(1000);
  assert.deepEqual(shown(), ["x"]);
  line[Symbol.dispose]();
});

Deno.test("run: without a live line there are messages alone, and no timer", () => {
  const { terminal, clock, line, says } = world({ live: false });
  line.start();
  line.say(["a", "b"]);
  line[Symbol.dispose]();
  assert.equal(terminal.errorText, "a\nb\n");
  assert.equal(clock.set, 0);
  assert.deepEqual(says.seconds, []);
});

Deno.test("run: a terminal that is gone ends neither messages nor the wait for them", async () => {
  const { terminal, clock, line } = world();
  terminal.writeError = () => Promise.reject(new Deno.errors.BrokenPipe());
  line.start();
  line.say(["a"]);
  await clock.advance(2000);
  line[Symbol.dispose]();
  await line.written();
  assert.equal(clock.pending, 0);
});

Deno.test("what is written above a live line leaves the line below", async () => {
  for (const outputIsTerminal of [true, false]) {
    const terminal = new MemoryTerminal();
    const clock = new ManualClock();
    using line = new StatusLine({
      terminal,
      clock,
      live: true,
      outputIsTerminal,
      status: () => "now",
    });
    line.start();
    await line.above(new TextEncoder().encode("err\n"), "stderr");
    assert.equal(terminal.errorText, "\r\x1b[Know\r\x1b[Kerr\nnow");
    await line.above(Uint8Array.of(0xff, 10), "stdout");
    assert.deepEqual([...terminal.output], [0xff, 10]);
    assert.equal(
      terminal.errorText,
      "\r\x1b[Know\r\x1b[Kerr\nnow" + (outputIsTerminal ? "\r\x1b[Know" : ""),
    );
  }
});

Deno.test("a line that was taken away while something was written stays away", async () => {
  const terminal = new MemoryTerminal();
  const line = new StatusLine({
    terminal,
    clock: new ManualClock(),
    live: true,
    outputIsTerminal: true,
    status: () => "now",
  });
  line.start();
  const written = line.above(Uint8Array.of(10), "stdout");
  line[Symbol.dispose]();
  await written;
  assert.ok(terminal.errorText.endsWith("\x1b[K"));
});
