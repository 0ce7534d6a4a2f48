/**
 * A container of ECS through the official AWS CLI and plugin: ExecuteCommand's answer and the
 * container's agent as they take them.
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
import { missing, prompt, runOfficial } from "./official.ts";

const task = "0123456789abcdef0123456789abcdef";
const unsigned = ["--allow-unsigned-upgrade", "--pace", "fast"];

function execute(command: string, more: readonly string[] = []): string[] {
  return [
    "ecs",
    "execute-command",
    "--cluster",
    "prod",
    "--task",
    task,
    "--interactive",
    "--command",
    command,
    ...more,
  ];
}

Deno.test("the official AWS CLI executes a command in a simulated task", async () => {
  const what = await missing();
  if (what !== undefined) {
    return console.log(`skipped: ${what} not installed`);
  }
  await using pty = await runOfficial(
    unsigned,
    execute(`env 'PS1=${prompt}' sh`),
  );
  await pty.until("Starting session with SessionId: ecs-execute-command-");
  await pty.until(prompt);
  await pty.write("echo $((6 * 7))-from-the-task; stty size\r");
  await pty.until("42-from-the-task");
  await pty.until(/\b30 100\b/);
  await pty.write("exit\r");
  await pty.until("Exiting session with sessionId: ecs-execute-command-");
  assert.equal(await pty.exited, 0);
});

Deno.test("the official AWS CLI says what a simulated task lacks as it does of a real one", async () => {
  const what = await missing();
  if (what !== undefined) {
    return console.log(`skipped: ${what} not installed`);
  }
  for (
    const [described, code, text] of [
      ["no-exec", "InvalidParameterException", "execute command was not"],
      ["no-role", "TargetNotConnectedException", "due to an internal error"],
    ] as const
  ) {
    await using pty = await runOfficial(
      [...unsigned, "--task", `id=${task},${described}`],
      execute("/bin/sh", ["--container", "app"]),
    );
    await pty.until(`(${code})`);
    await pty.until(text);
    assert.notEqual(await pty.exited, 0);
  }
});

Deno.test("the official AWS CLI and plugin forward to a port of a simulated task", async () => {
  const what = await missing();
  if (what !== undefined) {
    return console.log(`skipped: ${what} not installed`);
  }
  await using echo = startEcho();
  await using pty = await runOfficial(unsigned, [
    "ssm",
    "start-session",
    "--target",
    `ecs:prod_${task}_${task}-0123456789`,
    "--document-name",
    "AWS-StartPortForwardingSession",
    "--parameters",
    `portNumber=${echo.port},localPortNumber=0`,
  ]);
  const opened = await pty.until(/Port (\d+) opened for sessionId/);
  const conn = await connect(Number(/Port (\d+) opened/.exec(opened)?.[1]));
  await writeAll(conn, "to the task");
  assert.equal(
    new TextDecoder().decode(await readExactly(conn, 11)),
    "to the task",
  );
  conn.close();
  await pty.write("\x03");
  await pty.exited;
});
