/** Standard input and output as a session of the plugin. */

import assert from "node:assert/strict";
import { runStdioSession } from "../../../lib/session/stdio_session.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";
import { handshake, PluginBench, start } from "../../testkit/plugin_bench.ts";

Deno.test("standard input and output: nothing but the start line and the port's bytes", async () => {
  const properties = { portNumber: "22" };
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = new PluginBench(handshake("Port", properties), terminal);
  bench.context.onStdio = runStdioSession;
  await bench.run();
  bench.agent.print("SSH-2.0-far\r\n");
  terminal.type("SSH-2.0-near\r\n");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}SSH-2.0-far\r\n`);
  assert.equal(bench.agent.input, "SSH-2.0-near\r\n");
  bench.agent.closeChannel();
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}SSH-2.0-far\r\n`);
  assert.equal(bench.err, "");
  bench.assertOver(0);
});

Deno.test("standard input and output: a port that cannot be reached, and a signal", async () => {
  for (const how of ["refused", "signal"]) {
    const terminal = new MemoryTerminal({ interactive: false });
    const bench = new PluginBench(
      handshake("Port", { portNumber: "22" }),
      terminal,
    );
    bench.context.onStdio = runStdioSession;
    await bench.run();
    if (how === "signal") bench.context.deliver("SIGHUP");
    else {bench.agent.closeChannel(
        "----------ERROR-------\nUnable to connect to specified port: refused",
      );}
    for (let at = 0; at < 60; at++) await bench.advance(100);
    assert.equal(bench.out, start);
    assert.equal(
      bench.err,
      how === "signal"
        ? ""
        : "ssm: Cannot reach port 22 of i-0123456789abcdef0: " +
          "Unable to connect to specified port: refused\n",
    );
    bench.assertOver(how === "signal" ? 129 : 255);
  }
});
