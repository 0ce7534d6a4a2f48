/** A command without a terminal as a session of the plugin. */

import assert from "node:assert/strict";
import {
  exit,
  handshake,
  PluginBench,
  start,
} from "../../testkit/plugin_bench.ts";

Deno.test("a command without a terminal: outputs apart, no input, one Ctrl-C", async () => {
  const bench = await new PluginBench(handshake("NonInteractiveCommands"))
    .run();
  bench.context.terminal.type("not for it");
  bench.agent.print("out\n");
  bench.agent.print("err\n", 11);
  await bench.advance(10);
  assert.equal(bench.out, `${start}out\n`);
  assert.equal(bench.err, "err\n");
  bench.context.deliver("SIGINT");
  await bench.advance(10);
  assert.equal(bench.agent.input, "\x03");
  bench.agent.print("EXIT_CODE: 3", 12);
  bench.agent.closeChannel();
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}out\n${exit}`);
  assert.equal(bench.context.control.terminated, 0);
  bench.assertOver(0);
});

Deno.test("a command that does not heed Ctrl-C is left at the second", async () => {
  const bench = await new PluginBench(handshake("NonInteractiveCommands"))
    .run();
  bench.context.deliver("SIGINT");
  bench.context.deliver("SIGINT");
  for (let at = 0; at < 50; at++) await bench.advance(100);
  assert.equal(bench.context.control.terminated, 1);
  bench.assertOver(130);
});
