import assert from "node:assert/strict";
import { LineWriter } from "../../../../cmd/exec/fleet/writer.ts";
import { StatusLine } from "../../../../cmd/status_line.ts";
import { ManualClock, settle } from "../../../testkit/manual_clock.ts";
import { MemoryTerminal } from "../../../testkit/memory_terminal.ts";

const text = (line: string) => new TextEncoder().encode(line);

/** A terminal whose writes to standard output wait to be let through. */
class SlowTerminal extends MemoryTerminal {
  readonly waiting: (() => void)[] = [];

  override async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    await super.write(bytes);
  }
}

function world(
  terminal: MemoryTerminal,
  broken?: (error: unknown) => void,
) {
  const status = new StatusLine({
    terminal,
    clock: new ManualClock(),
    live: false,
    status: () => "",
  });
  return new LineWriter(status, broken);
}

Deno.test("lines that come while one is written go out together, in order", async () => {
  const terminal = new SlowTerminal();
  const writer = world(terminal);
  writer.write("stdout", text("a"), text("\n"));
  await settle();
  writer.write("stdout", text("b\n"));
  writer.write("stderr", text("c\n"));
  writer.write("stdout", text("d\n"));
  assert.equal(terminal.waiting.length, 1);
  for (let i = 0; i < 3; i++) {
    terminal.waiting.shift()?.();
    await settle();
  }
  await writer.written();
  assert.equal(terminal.outputText, "a\nb\nd\n");
  assert.equal(terminal.errorText, "c\n");
});

Deno.test("whoever writes too much is asked to wait", async () => {
  const terminal = new SlowTerminal();
  const writer = world(terminal);
  writer.write("stdout", new Uint8Array(1 << 19));
  assert.equal(writer.room(), undefined);
  writer.write("stdout", new Uint8Array(1 << 19));
  let room = false;
  const waiting = writer.room()?.then(() => room = true);
  await settle();
  assert.equal(room, false);
  terminal.waiting.shift()?.();
  await waiting;
  assert.equal(writer.room(), undefined);
});

Deno.test("a closed pipe is told at once", async () => {
  const terminal = new MemoryTerminal();
  terminal.writeFailure = new Deno.errors.BrokenPipe("gone");
  const reasons: unknown[] = [];
  const writer = world(terminal, (error) => reasons.push(error));
  writer.write("stdout", text("a\n"));
  await settle();
  assert.deepEqual(reasons, [terminal.writeFailure]);
});

Deno.test("a closed pipe reaches whoever writes next", async () => {
  const terminal = new MemoryTerminal();
  terminal.writeFailure = new Deno.errors.BrokenPipe("gone");
  const writer = world(terminal);
  writer.write("stdout", text("a\n"));
  await assert.rejects(writer.written(), Deno.errors.BrokenPipe);
  assert.throws(
    () => writer.write("stdout", text("b\n")),
    Deno.errors.BrokenPipe,
  );
});
