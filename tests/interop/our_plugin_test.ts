/**
 * The official AWS CLI with us in session-manager-plugin's place: a shell, a port, a command, and
 * what the CLI makes of our exit codes.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  connect,
  readExactly,
  startEcho,
  writeAll,
} from "../testkit/far_end.ts";
import {
  missingCli,
  openOfficial,
  ourPlugin,
  prompt,
  runOfficial,
} from "./official.ts";

const skipped = (what: string) => console.log(`skipped: ${what} not installed`);

Deno.test("the official AWS CLI opens a shell with us as its plugin", async () => {
  const what = await missingCli();
  if (what !== undefined) return skipped(what);
  await using plugin = await ourPlugin();
  await using pty = await openOfficial(["--pace", "fast"], [], plugin.path);
  await pty.until(/\r\nStarting session with SessionId: \S+\r\n/);
  await pty.until(prompt);
  await pty.write("stty size\r");
  await pty.until(/\b30 100\b/);
  await pty.resize(120, 40);
  await pty.until(prompt);
  await pty.write("echo asleep-$((1 + 1)); sleep 100\r");
  await pty.until("asleep-2");
  // The CLI ignores it, and so does what it starts unless that asks for it.
  await pty.write("\x03");
  await pty.until(prompt);
  // Keys may overtake the signal that tells of the new size.
  let size = "";
  for (let tries = 0; tries < 20 && !size.includes("40 120"); tries++) {
    await pty.write("stty size\r");
    size = await pty.until(/\b\d+ 1\d0\b/);
    await pty.until(prompt);
  }
  assert.match(size, /\b40 120\b/);
  await pty.write("exit\r");
  await pty.until(/\r\n\r\nExiting session with sessionId: \S+\.\r\n\r\n/);
  assert.equal(await pty.exited, 0);
});

Deno.test("the official AWS CLI forwards a port with us as its plugin", async () => {
  const what = await missingCli();
  if (what !== undefined) return skipped(what);
  await using echo = startEcho();
  await using plugin = await ourPlugin();
  await using pty = await openOfficial(["--pace", "fast"], [
    "--document-name",
    "AWS-StartPortForwardingSession",
    "--parameters",
    `portNumber=${echo.port},localPortNumber=0`,
  ], plugin.path);
  const opened = await pty.until(
    /Port (\d+) opened for sessionId \S+\.\r\nWaiting for connections\.\.\.\r\n/,
  );
  const port = Number(/Port (\d+) opened/.exec(opened)?.[1]);
  await Promise.all([1, 2, 3].map(async (seed) => {
    const conn = await connect(port);
    const sent = new Uint8Array(50_000).fill(seed);
    const [got] = await Promise.all([
      readExactly(conn, sent.length),
      writeAll(conn, sent),
    ]);
    conn.close();
    assert.deepEqual(got, sent);
  }));
  await pty.until(/\r\nConnection accepted for session \[\S+\]\r\n/);
  await pty.write("\x03");
  await pty.until("Terminate signal received, exiting.\r\n");
  await pty.until(/\r\n\r\nExiting session with sessionId: \S+\.\r\n\r\n/);
  assert.equal(await pty.exited, 0);
});

Deno.test("the official AWS CLI runs a command with us as its plugin", async () => {
  const what = await missingCli();
  if (what !== undefined) return skipped(what);
  await using plugin = await ourPlugin();
  await using pty = await openOfficial(["--pace", "fast"], [
    "--document-name",
    "AWS-StartNonInteractiveCommand",
    "--parameters",
    JSON.stringify({
      command: ["sh -c 'echo from-the-node-$((6*7)); exit 3'"],
    }),
  ], plugin.path);
  await pty.until("from-the-node-42");
  await pty.until(/Exiting session with sessionId: \S+\./);
  assert.equal(await pty.exited, 0, "as with the official plugin");
});

Deno.test("the official AWS CLI executes a command in a task with us as its plugin", async () => {
  const what = await missingCli();
  if (what !== undefined) return skipped(what);
  await using plugin = await ourPlugin();
  await using pty = await runOfficial(
    ["--pace", "fast"],
    [
      "ecs",
      "execute-command",
      "--cluster",
      "prod",
      "--task",
      "0123456789abcdef0123456789abcdef",
      "--interactive",
      "--command",
      `env 'PS1=${prompt}' sh`,
    ],
    plugin.path,
  );
  await pty.until("The Session Manager plugin was installed successfully.");
  await pty.until("Starting session with SessionId: ecs-execute-command-");
  await pty.until(prompt);
  await pty.write("echo $((6 * 7))-from-the-task; stty size\r");
  await pty.until("42-from-the-task");
  await pty.until(/\b30 100\b/);
  await pty.write("exit\r");
  await pty.until("Exiting session with sessionId: ecs-execute-command-");
  assert.equal(await pty.exited, 0);
});

Deno.test("a session that cannot be had is an error of the official AWS CLI", async () => {
  const what = await missingCli();
  if (what !== undefined) return skipped(what);
  await using echo = startEcho();
  await using plugin = await ourPlugin();
  await using pty = await openOfficial(["--pace", "fast"], [
    "--document-name",
    "AWS-StartPortForwardingSession",
    "--parameters",
    `portNumber=80,localPortNumber=${echo.port}`,
  ], plugin.path);
  await pty.until(`Cannot listen on 127.0.0.1:${echo.port}: it is in use`);
  await pty.until("aws ssm start-session --target");
  await pty.until("returned non-zero exit status 125");
  assert.notEqual(await pty.exited, 0);
});
