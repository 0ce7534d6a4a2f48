import assert from "node:assert/strict";
import { Client, Harness } from "./harness.ts";

Deno.test("a shell: prompt, command, size, exit, and the session is over", async () => {
  await using harness = await Harness.start({ shell: ["/bin/sh"] });
  const id = harness.session();
  const client = await Client.connect(harness, id);
  await client.see(/[#$] $/);
  client.type("echo $((6*7)) $TERM\r");
  await client.see(/42 xterm-256color\r\n/);
  client.channel.resize({ cols: 132, rows: 43 }, Date.now());
  client.type("stty size\r");
  await client.see(/43 132\r\n/);
  client.type("exit\r");
  assert.equal(await client.closed(), "");
  assert.equal(harness.registry.get(id)?.status, "Terminated");
});
