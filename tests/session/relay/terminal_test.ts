import assert from "node:assert/strict";
import { RelayDecoder } from "../../../lib/session/relay/decoder.ts";
import {
  readyMark,
  terminalBootstrap,
  terminalRelay,
} from "../../../lib/session/relay/program.ts";
import { openPty } from "../../../lib/simulator/pty/open_pty.ts";

Deno.test({
  name: "Ctrl-C on a terminal drops nothing that was printed before",
  ignore: Deno.build.os === "windows",
  async fn() {
    const pty = await openPty({
      argv: ["sh", "-c", terminalBootstrap],
      env: Deno.env.toObject(),
      cwd: "/",
    });
    let printed = 0;
    let interrupted = false;
    const messages: string[] = [];
    const decoder = new RelayDecoder({
      output: (bytes) => printed += bytes.length,
      wanted() {},
      ended() {},
      message: (text) => messages.push(text),
    }, true);
    const relay = terminalRelay({
      words: ["sh", "-c", "trap '' INT; head -c 300000 /dev/zero"],
      variables: {},
      input: false,
    });
    for (;;) {
      const bytes = await pty.read(1024);
      if (bytes === undefined) break;
      const ready = messages.length;
      decoder.push(bytes);
      if (messages.length > ready && messages[0] === readyMark && ready === 0) {
        await pty.write(relay);
      }
      if (printed > 0 && !interrupted) {
        interrupted = true;
        // The terminal's buffer fills: that is what could be dropped.
        await new Promise((resolve) => setTimeout(resolve, 300));
        await pty.write(Uint8Array.of(3));
      }
    }
    await pty.kill();
    assert.deepEqual([interrupted, printed], [true, 300_000]);
    assert.deepEqual(messages, [readyMark, "0"]);
  },
});
