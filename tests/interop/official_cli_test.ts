/**
 * A shell through the official AWS CLI and plugin: the proof that our two ends do not only agree
 * with each other. Encryption is left out: the plugin's calls to KMS ignore endpoints.
 *
 * @module
 */

import assert from "node:assert/strict";
import { missing, openOfficial, prompt } from "./official.ts";

for (const pace of ["real", "fast"]) {
  Deno.test(`the official AWS CLI and plugin open a shell on the simulator, pace ${pace}`, async () => {
    const what = await missing();
    if (what !== undefined) {
      console.log(`skipped: ${what} not installed`);
      return;
    }
    await using pty = await openOfficial([
      "--allow-unsigned-upgrade",
      "--pace",
      pace,
    ]);
    await pty.until("Starting session with SessionId:");
    await pty.until(prompt);

    await pty.write("echo $((6 * 7))-from-the-node\r");
    await pty.until("42-from-the-node");

    await pty.write("stty size\r");
    await pty.until(/\b30 100\b/);

    // More than one message, every byte in its place.
    await pty.write("seq -s, 1 999\r");
    const expected = Array.from({ length: 999 }, (_, i) => i + 1).join(",");
    const shown = await pty.until(/,999\r+\n/);
    assert(shown.replaceAll(/[\r\n]/g, "").includes(expected));

    // Ctrl-C goes to the node's terminal. The plugin sends it from a signal handler, past what was
    // typed, and terminals drop their input on it: so one thing after the other.
    await pty.write("echo asleep-$((1 + 1)); sleep 100\r");
    await pty.until("asleep-2");
    await pty.write("\x03");
    await pty.until(prompt);
    await pty.write("echo awake-$((1 + 1))\r");
    await pty.until("awake-2");
    await pty.until(prompt);

    await pty.write("exit\r");
    await pty.until("Exiting session with sessionId:");
    assert.equal(await pty.exited, 0);
  });
}
