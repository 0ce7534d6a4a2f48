import assert from "node:assert/strict";
import { LiveBlock } from "../../cmd/live_block.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

function block(lines: (cols: number) => readonly string[], live = true) {
  const terminal = new MemoryTerminal({ size: { cols: 40, rows: 10 } });
  const clock = new ManualClock();
  return {
    terminal,
    shown: () => terminal.errorText,
    clock,
    made: new LiveBlock({ terminal, clock, live, lines }),
  };
}

Deno.test("block: it is drawn, drawn again when it changes, and left there at the end", async () => {
  let lines = ["one", "two"];
  const { shown, clock, made } = block(() => lines);
  made.start();
  await clock.advance(3000);
  assert.equal(shown(), "one\ntwo\n");
  lines = ["one", "three"];
  await clock.advance(1000);
  assert.equal(shown(), "one\ntwo\n\r\x1b[2A\x1b[Jone\nthree\n");
  made[Symbol.dispose]();
  assert.ok(shown().endsWith("\r\x1b[2A\x1b[Jone\nthree\n"));
  assert.equal(clock.pending, 0);
  const before = shown();
  made.draw();
  made[Symbol.dispose]();
  assert.equal(shown(), before);
  made.say(["after"]);
  await made.written();
  assert.ok(shown().endsWith("three\nafter\n"));
});

Deno.test("block: lines are said above it", () => {
  const { shown, made } = block(() => ["table"]);
  made.say(["before"]);
  made.start();
  made.say(["a", "b"]);
  assert.equal(
    shown(),
    "before\ntable\n\r\x1b[1A\x1b[Ja\nb\ntable\n",
  );
  made[Symbol.dispose]();
});

Deno.test("block: it never has more lines than the screen", () => {
  const many = Array.from({ length: 30 }, (_, at) => `line ${at}`);
  const { shown, made } = block(() => many);
  made.start();
  const lines = shown().split("\n").slice(0, -1);
  assert.equal(lines.length, 8);
  assert.equal(lines.at(-1), "… and 23 more");
  made[Symbol.dispose]();
});

Deno.test("block: a terminal that became narrower has broken its lines", () => {
  let cols = 0;
  const { shown, terminal, made } = block((width) => {
    cols = width;
    return ["\x1b[32m" + "x".repeat(width - 1) + "\x1b[0m"];
  });
  made.start();
  terminal.resize({ cols: 20, rows: 10 });
  made.draw();
  assert.equal(cols, 20);
  assert.ok(shown().includes("\r\x1b[2A\x1b[J"), shown());
  made[Symbol.dispose]();
});

Deno.test("block: where it is not shown, lines are said all the same", () => {
  const { shown, clock, made } = block(() => ["table"], false);
  made.start();
  made.say(["line"]);
  made.draw();
  made[Symbol.dispose]();
  assert.equal(shown(), "line\n");
  assert.equal(clock.pending, 0);
});
