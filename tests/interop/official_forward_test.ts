/**
 * A port through the official AWS CLI and plugin, multiplexed and basic.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  connect,
  readExactly,
  startEcho,
  startFarEnd,
  writeAll,
} from "../testkit/far_end.ts";
import { missing, openOfficial } from "./official.ts";

async function officialForward(port: number, simulate: readonly string[]) {
  const pty = await openOfficial(["--allow-unsigned-upgrade", ...simulate], [
    "--document-name",
    "AWS-StartPortForwardingSession",
    "--parameters",
    `portNumber=${port},localPortNumber=0`,
  ]);
  const opened = await pty.until(/Port (\d+) opened for sessionId/);
  return { pty, local: Number(/Port (\d+) opened/.exec(opened)?.[1]) };
}

/** Bytes that repeat nowhere soon, a lone line feed among them: the plugin alters no others. */
function bytesOf(seed: number, length: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return state >>> 16;
  });
}

for (const pace of ["real", "fast"]) {
  Deno.test(`the official plugin forwards many connections through the simulator, pace ${pace}`, async () => {
    const what = await missing();
    if (what !== undefined) {
      return console.log(`skipped: ${what} not installed`);
    }
    await using echo = startEcho();
    const { pty, local } = await officialForward(echo.port, ["--pace", pace]);
    await using _pty = pty;
    await Promise.all([1, 2, 3, 4].map(async (seed) => {
      const conn = await connect(local);
      const sent = bytesOf(seed, 100_000);
      const [got] = await Promise.all([
        readExactly(conn, sent.length),
        writeAll(conn, sent),
      ]);
      conn.close();
      assert.deepEqual(got, sent);
    }));
    await pty.write("\x03");
    await pty.exited;
  });
}

Deno.test("the official plugin reports a port where nothing listens", async () => {
  const what = await missing();
  if (what !== undefined) return console.log(`skipped: ${what} not installed`);
  const far = startFarEnd(() => Promise.resolve());
  const { port } = far;
  await far[Symbol.asyncDispose]();
  const { pty, local } = await officialForward(port, ["--pace", "fast"]);
  await using _pty = pty;
  const conn = await connect(local);
  await pty.until("Connection to destination port failed");
  assert.equal(await conn.read(new Uint8Array(1)), null);
  conn.close();
  await pty.write("\x03");
  await pty.exited;
});

Deno.test("the official plugin forwards to an agent without multiplexing", async () => {
  const what = await missing();
  if (what !== undefined) return console.log(`skipped: ${what} not installed`);
  await using far = startFarEnd(async (conn) => {
    await writeAll(conn, "banner\n");
    const question = await readExactly(conn, 4);
    await writeAll(conn, question);
    await conn.read(question);
  });
  const { pty, local } = await officialForward(far.port, [
    "--pace",
    "fast",
    "--node",
    "name=old,id=i-0123456789abcdef0,agent=3.0.100.0",
  ]);
  await using _pty = pty;
  const conn = await connect(local);
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(await readExactly(conn, 7)), "banner\n");
  await writeAll(conn, "ping");
  assert.equal(decoder.decode(await readExactly(conn, 4)), "ping");
  conn.close();
  await pty.write("\x03");
  await pty.exited;
});
