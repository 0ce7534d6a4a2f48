import assert from "node:assert/strict";
import { TerminalModes } from "../../lib/cast/terminal_modes.ts";

const plain = "\x1b\\\x1b[0m\x1b[?25h";

function restored(...pieces: string[]): string {
  const modes = new TerminalModes();
  for (const piece of pieces) modes.see(piece);
  return modes.restore();
}

Deno.test("terminal modes: what was switched on is switched off, wherever it was cut", () => {
  assert.equal(restored("text\r\n\x1b[1mbold"), plain);
  assert.equal(
    restored("\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?2004l"),
    "\x1b\\\x1b[0m\x1b[?1049l\x1b[?1l\x1b>\x1b[?25h",
  );
  assert.equal(
    restored("a\x1b[?1000;10", "06h", "b"),
    "\x1b\\\x1b[0m\x1b[?1000l\x1b[?1006l\x1b[?25h",
  );
});

Deno.test("terminal modes: what is on by itself is switched on again; tidy programs leave nothing", () => {
  assert.equal(
    restored("\x1b[?25l\x1b[?7l"),
    "\x1b\\\x1b[0m\x1b[?25h\x1b[?7h\x1b[?25h",
  );
  assert.equal(
    restored("\x1b[?1049h\x1b[?25l\x1b=", "\x1b[?25h\x1b>\x1b[?1049l"),
    plain,
  );
});
