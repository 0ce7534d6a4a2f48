import assert from "node:assert/strict";
import { PluginTerminal } from "../../../cmd/plugin/plugin_terminal.ts";
import { settle } from "../../testkit/manual_clock.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const text = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

Deno.test("a signal is a key of the remote side, and no typed byte is lost to it", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const plugin = new PluginTerminal(terminal);
  assert.equal(plugin.interrupt("SIGINT"), false, "nobody reads yet");
  const first = plugin.read();
  await settle();
  assert.equal(plugin.interrupt("SIGINT"), true);
  assert.equal(plugin.interrupt("SIGQUIT"), true);
  assert.equal(plugin.interrupt("SIGTERM"), false);
  assert.equal(text(await first), "\x03\x1c");
  // Between two reads it waits for the next.
  assert.equal(plugin.interrupt("SIGINT"), true);
  terminal.type("ls\n");
  assert.equal(text(await plugin.read()), "\x03");
  assert.equal(text(await plugin.read()), "ls\n");
  terminal.end();
  assert.equal(await plugin.read(), undefined);
  assert.equal(plugin.interrupt("SIGINT"), false, "nobody reads any more");
});

Deno.test("a read is given up with the reason it is given up for", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const plugin = new PluginTerminal(terminal);
  const abort = new AbortController();
  const read = plugin.read(abort.signal);
  await settle();
  abort.abort(new Error("over"));
  await assert.rejects(read, /over/);
  await assert.rejects(plugin.read(abort.signal), /over/);
});

Deno.test("there is always a size", () => {
  const sized = new PluginTerminal(new MemoryTerminal());
  assert.deepEqual(sized.size(), { cols: 80, rows: 24 });
  const none = new MemoryTerminal({ interactive: false, size: null });
  assert.deepEqual(new PluginTerminal(none).size(), {
    cols: 300,
    rows: 100,
  });
});
