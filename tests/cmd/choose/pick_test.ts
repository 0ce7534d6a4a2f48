import assert from "node:assert/strict";
import { pick } from "../../../cmd/choose/pick.ts";
import { CommandLog } from "../../../cmd/log.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import {
  itemsOf,
  type TestItem,
  TestSource,
} from "../../testkit/choice_items.ts";
import { ManualClock, settle } from "../../testkit/manual_clock.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const options = { noun: "node", action: "ssm shell", color: false };
const enter = "\x1b[?1049h\x1b[?7l\x1b[?2004h";
const leave = "\x1b[?2004l\x1b[0m\x1b[H\x1b[J\x1b[?7h\x1b[?25h\x1b[?1049l";

function begin(
  items: readonly TestItem[] = itemsOf("web", "db", "app"),
  variables: Readonly<Record<string, string>> = { TERM: "xterm" },
) {
  const terminal = new MemoryTerminal();
  const clock = new ManualClock();
  const source = new TestSource(items);
  const controller = new AbortController();
  const log = new CommandLog();
  const env = (name: string) => variables[name];
  const world = { terminal, clock, log, env };
  const picked = pick(world, source, options, controller.signal);
  picked.catch(() => {});
  return { terminal, clock, log, source, controller, picked };
}

/** The terminal is as it was, and nobody listens any more. */
function checkLeft(
  { terminal, source, clock }: ReturnType<typeof begin>,
): void {
  assert.ok(terminal.errorText.startsWith(enter));
  assert.ok(terminal.errorText.endsWith(leave));
  assert.equal(terminal.errorText.split("\x1b[?1049h").length, 2);
  assert.equal(terminal.rawNow, false);
  assert.equal(terminal.resizeListeners, 0);
  assert.equal(source.listeners, 0);
  assert.equal(clock.pending, 0);
  assert.equal(terminal.outputText, "");
}

Deno.test("pick: typed letters and Enter choose; what is typed behind is left for the session", async () => {
  const world = begin();
  world.terminal.type("d");
  world.terminal.type("b\rls\n");
  assert.equal((await world.picked)?.name, "db");
  checkLeft(world);
  assert.equal(
    new TextDecoder().decode(await world.terminal.read()),
    "ls\n",
  );
});

/** What the session would get. */
async function left({ terminal }: ReturnType<typeof begin>): Promise<string> {
  terminal.end();
  return new TextDecoder().decode(await terminal.read());
}

Deno.test("pick: a paste is text up to its line break, and nothing in it is a key", async () => {
  const paste = "\x1b[200~d\x03b\rid > /tmp/x\r\x04\x1b[201~";
  for (let at = 3; at <= paste.length; at++) {
    const world = begin();
    world.terminal.type(paste.slice(0, at));
    await settle();
    // However slow the line is.
    await world.clock.advance(1000);
    world.terminal.type(paste.slice(at));
    await settle();
    assert.equal(world.terminal.rawNow, true, `cut at ${at}`);
    assert.match(world.terminal.errorText, /Node> db /);
    world.terminal.type("\rls\r");
    assert.equal((await world.picked)?.name, "db");
    checkLeft(world);
    assert.equal(await left(world), "ls\r");
  }
});

Deno.test("pick: what is pasted behind Enter is for nobody", async () => {
  const world = begin();
  world.terminal.type("db\rls\r\x1b[200~id\r");
  await settle();
  world.terminal.type("who\r\x1b[201~pwd\r");
  assert.equal((await world.picked)?.name, "db");
  checkLeft(world);
  assert.equal(await left(world), "ls\rpwd\r");

  // One that has no end in sight.
  const endless = begin();
  endless.terminal.type("\rls\r\x1b[200~id\r");
  await settle();
  await endless.clock.advance(50);
  assert.equal((await endless.picked)?.name, "web");
  assert.equal(await left(endless), "ls\r");
});

Deno.test("pick: where pastes have no marks, a whole line behind Enter is taken for one", async () => {
  for (const variables of [{ TERM: "linux" }, { TERM: "xterm", STY: "1.a" }]) {
    const pasted = begin(undefined, variables);
    pasted.terminal.type("db\rid > /tmp/x\r");
    assert.equal((await pasted.picked)?.name, "db");
    assert.equal(await left(pasted), "");

    const typed = begin(undefined, variables);
    typed.terminal.type("db\rls");
    assert.equal((await typed.picked)?.name, "db");
    assert.equal(await left(typed), "ls");
  }
});

Deno.test("pick: only what changed is drawn", async () => {
  const world = begin();
  await world.terminal.until(({ errorText }) => errorText.includes("web"));
  await settle();
  const before = world.terminal.errorText.length;
  world.terminal.type("\x1b[B");
  await settle();
  const drawn = world.terminal.errorText.slice(before);
  assert.match(drawn, />\sdb/);
  assert.ok(!drawn.includes("app"), drawn);
  world.terminal.type("\r");
  assert.equal((await world.picked)?.name, "db");
});

Deno.test("pick: items that come in are drawn ten times a second at most", async () => {
  const world = begin([]);
  await settle();
  for (let count = 1; count <= 50; count++) {
    world.source.set(
      itemsOf(...Array.from({ length: count }, (_, at) => `n${at}`)),
    );
  }
  await settle();
  assert.ok(!world.terminal.errorText.includes("n0"));
  assert.equal(world.clock.pending, 1);
  await world.clock.advance(100);
  assert.match(world.terminal.errorText, /50\/50/);
  assert.doesNotMatch(world.terminal.errorText, /49\/49/);
  world.terminal.type("\r");
  assert.equal((await world.picked)?.name, "n0");
  checkLeft(world);
});

Deno.test("pick: Esc leaves when nothing follows it; an arrow in two pieces is an arrow", async () => {
  const world = begin();
  world.terminal.type("\x1b");
  await settle();
  world.terminal.type("[B");
  await settle();
  world.terminal.type("\x1b");
  await settle();
  await world.clock.advance(49);
  assert.equal(world.terminal.rawNow, true);
  await world.clock.advance(1);
  assert.equal(await world.picked, undefined);
  checkLeft(world);
  assert.match(world.terminal.errorText, /> db/);
});

Deno.test("pick: Ctrl-C, a signal and a closed terminal leave it as it was", async () => {
  const interrupted = begin();
  interrupted.terminal.type("\x03");
  await assert.rejects(interrupted.picked, new SignalError("SIGINT"));
  checkLeft(interrupted);

  const terminated = begin();
  await settle();
  terminated.controller.abort(new SignalError("SIGTERM"));
  await assert.rejects(terminated.picked, new SignalError("SIGTERM"));
  checkLeft(terminated);

  const closed = begin();
  closed.terminal.end();
  assert.equal(await closed.picked, undefined);
  checkLeft(closed);
});

Deno.test("pick: another size draws everything anew", async () => {
  const world = begin();
  await settle();
  const before = world.terminal.errorText.length;
  world.terminal.resize({ cols: 20, rows: 4 });
  await settle();
  const drawn = world.terminal.errorText.slice(before);
  assert.match(drawn, /web/);
  assert.ok(drawn.includes("\x1b[4;1H"));
  assert.ok(!drawn.includes("\x1b[5;1H"));
  world.terminal.type("\r");
  await world.picked;
  checkLeft(world);
});

Deno.test("pick: Ctrl-Z gives the screen back until it goes on", async () => {
  const world = begin();
  let shown = "";
  world.terminal.whileSuspended = () => void (shown = world.terminal.errorText);
  world.terminal.type("\x1a");
  await settle();
  assert.equal(world.terminal.suspended, 1);
  assert.ok(shown.endsWith(leave));
  world.terminal.type("\r");
  assert.equal((await world.picked)?.name, "web");
  assert.equal(world.terminal.rawNow, false);
  assert.ok(world.terminal.errorText.endsWith(leave));
});

Deno.test("pick: what is logged meanwhile is shown afterwards", async () => {
  const world = begin();
  await settle();
  for (let at = 0; at < 1200; at++) world.log.redirected?.(`line ${at}`);
  world.terminal.type("\r");
  await world.picked;
  const { errorText } = world.terminal;
  const behind = errorText.slice(errorText.indexOf(leave) + leave.length);
  assert.ok(behind.startsWith("line 200\n"), behind.slice(0, 80));
  assert.ok(behind.endsWith("line 1199\n"));
  assert.equal(world.log.redirected, undefined);
});

Deno.test("pick: a key is drawn, whenever it comes while the one before is", async () => {
  for (let ticks = 0; ticks < 40; ticks++) {
    const world = begin();
    await settle();
    world.terminal.type("d");
    for (let at = 0; at < ticks; at++) await Promise.resolve();
    world.terminal.type("b");
    await settle();
    assert.match(world.terminal.errorText, /Node> db /, `after ${ticks} ticks`);
    world.terminal.type("\r");
    await world.picked;
  }
});
