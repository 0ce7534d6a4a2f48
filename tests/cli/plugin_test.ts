/** The real program in the plugin's place: what the AWS CLI passes, on the simulator. */

import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import {
  connect,
  readExactly,
  startEcho,
  writeAll,
} from "../testkit/far_end.ts";
import { hasPty } from "../testkit/pty.ts";
import {
  runInTerminal,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";
import { startSession } from "../testkit/start_session.ts";

const ignore = !hasPty;
const target = "i-0123456789abcdef0";
const variable = "AWS_SSM_START_SESSION_RESPONSE";

Deno.test("--version, and that it is installed, need neither AWS nor a terminal", async () => {
  const version = await runProgram(["plugin", "--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\.\d+\n$/);
  assert.deepEqual([version.code, version.stderr], [0, ""]);
  const installed = await runProgram(["plugin"]);
  assert.match(
    installed.stdout,
    /^\nThe Session Manager plugin was installed successfully\. .*\n\n$/,
  );
  assert.equal(installed.code, 0);
  const none = await runProgram(["{}", "eu-west-1", "StartSession"]);
  assert.equal(none.stdout, "");
  assert.match(none.stderr, /^ssm: Cannot perform start session: /);
  assert.equal(none.code, 125);
});

Deno.test({
  name:
    "a shell from the environment: keys, size, Ctrl-C, end; the terminal as before",
  ignore,
}, async () => {
  await using simulator = await startSimulatorProgram();
  const { env } = simulator;
  const grant = await startSession(env, { Target: target });
  await using program = await runInTerminal(
    [
      ...programCommand(),
      "plugin",
      variable,
      env.AWS_REGION ?? "",
      "StartSession",
      "",
      JSON.stringify({ Target: target }),
      env.AWS_ENDPOINT_URL ?? "",
    ],
    {
      ...env,
      [variable]: JSON.stringify(grant),
    },
  );
  const { pty } = program;
  await pty.until(
    `\r\nStarting session with SessionId: ${grant.SessionId}\r\n`,
  );
  await pty.write("stty size; echo ready-$((1 + 1))\r");
  await pty.until(/24 80\r\n/);
  await pty.until("ready-2");
  await pty.resize(100, 40);
  await pty.write("echo asleep-$((1 + 1)); sleep 100\r");
  await pty.until("asleep-2");
  // A terminal drops what it has on Ctrl-C: one thing after the other.
  await pty.write("\x03");
  await pty.until("# ");
  // Keys may overtake the signal that tells of the new size.
  let size = "";
  for (let tries = 0; tries < 20 && !size.includes("40 100"); tries++) {
    await pty.write("stty size\r");
    size = await pty.until(/\d+ \d+\r\n/);
    await pty.until("# ");
  }
  assert.match(size, /40 100/);
  await pty.write("exit\r");
  await pty.until(
    `\r\n\r\nExiting session with sessionId: ${grant.SessionId}.\r\n\r\n`,
  );
  assert.equal(await program.code(), 0);
  assert.equal(await pty.settings(), program.settingsBefore);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test({
  name: "SIGTERM ends the session and gives the terminal back",
  ignore,
}, async () => {
  await using simulator = await startSimulatorProgram();
  const { env } = simulator;
  const grant = await startSession(env, { Target: target });
  await using program = await runInTerminal(
    [
      ...programCommand(),
      JSON.stringify(grant),
      env.AWS_REGION ?? "",
      "StartSession",
    ],
    env,
  );
  const { pty } = program;
  await pty.write("echo ready-$((1 + 1))\r");
  await pty.until("ready-2");
  Deno.kill(program.pid, "SIGTERM");
  assert.equal(await program.code(), 143);
  assert.equal(await pty.settings(), program.settingsBefore);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("ECS's keys and endpoint, input from a pipe, and output that ends with the command", async () => {
  await using simulator = await startSimulatorProgram();
  const { env } = simulator;
  const grant = await startSession(env, {
    Target: target,
    DocumentName: "AWS-StartInteractiveCommand",
    Parameters: { command: ["cat"] },
  });
  const { code, stdout, stderr } = await runProgram([
    "plugin",
    JSON.stringify({
      sessionId: grant.SessionId,
      streamUrl: grant.StreamUrl,
      tokenValue: grant.TokenValue,
    }),
    env.AWS_REGION ?? "",
    "StartSession",
    "",
    '{"Target":"ecs:cluster_task_task-1"}',
    `https://ecs.${env.AWS_REGION}.amazonaws.com`,
  ], { env, stdin: "one\ntwo\n" });
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const [start, ...rest] = stdout.split(/(?<=SessionId: \S+\n)/);
  assert.equal(
    start,
    `\nStarting session with SessionId: ${grant.SessionId}\n`,
  );
  assert.match(rest.join(""), /one\r\n.*two\r\n/s);
  assert.ok(
    stdout.endsWith(
      `\n\nExiting session with sessionId: ${grant.SessionId}.\n\n`,
    ),
  );
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("no credentials of our own: the token opens the session", async () => {
  await using simulator = await startSimulatorProgram([
    "--allow-unsigned-upgrade",
  ]);
  const { env } = simulator;
  const grant = await startSession(env, {
    Target: target,
    DocumentName: "AWS-StartInteractiveCommand",
    Parameters: { command: ["echo hello"] },
  });
  const { code, stdout, stderr } = await runProgram([
    "plugin",
    JSON.stringify(grant),
    env.AWS_REGION ?? "",
    "StartSession",
    "",
    JSON.stringify({ Target: target }),
  ], { stdin: "" });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /\nhello\r\n/);
});

Deno.test("a command without a terminal: outputs apart, and its exit code is not ours", async () => {
  await using simulator = await startSimulatorProgram();
  const { env } = simulator;
  const grant = await startSession(env, {
    Target: target,
    DocumentName: "AWS-StartNonInteractiveCommand",
    Parameters: { command: ["sh -c 'echo out; echo err >&2; exit 3'"] },
  });
  const { code, stdout, stderr } = await runProgram([
    "plugin",
    JSON.stringify(grant),
    env.AWS_REGION ?? "",
    "StartSession",
    "",
    JSON.stringify({ Target: target }),
    env.AWS_ENDPOINT_URL ?? "",
  ], { env });
  assert.equal(code, 0);
  assert.match(stdout + stderr, /out\n/);
  assert.match(stdout + stderr, /err\n/);
  assert.doesNotMatch(stdout, /EXIT_CODE/);
  assert.ok(stdout.startsWith("\nStarting session with SessionId: "));
  assert.ok(stdout.endsWith(".\n\n"));
});

Deno.test("a port: opened, used, left with Ctrl-C", async () => {
  await using echo = startEcho();
  await using simulator = await startSimulatorProgram();
  const { env } = simulator;
  const request = {
    Target: target,
    DocumentName: "AWS-StartPortForwardingSession",
    Parameters: { portNumber: [String(echo.port)], localPortNumber: ["0"] },
  };
  const grant = await startSession(env, request);
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [
      ...first,
      "plugin",
      JSON.stringify(grant),
      env.AWS_REGION ?? "",
      "StartSession",
      "",
      JSON.stringify(request),
      env.AWS_ENDPOINT_URL ?? "",
    ],
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`it ended: ${text}`);
      text += value;
    }
  };
  await until(/Waiting for connections\.\.\.\n/);
  const id = grant.SessionId;
  const port = Number(/Port (\d+) opened/.exec(text)?.[1]);
  assert.equal(
    text,
    `\nStarting session with SessionId: ${id}\n` +
      `Port ${port} opened for sessionId ${id}.\nWaiting for connections...\n`,
  );
  for (let at = 0; at < 2; at++) {
    const conn = await connect(port);
    await writeAll(conn, "hello");
    const got = await readExactly(conn, 5);
    assert.equal(new TextDecoder().decode(got), "hello");
    conn.close();
  }
  child.kill("SIGINT");
  await until(/Exiting session.*\n\n/);
  assert.ok(text.endsWith(
    `\nConnection accepted for session [${id}]\n` +
      "Terminate signal received, exiting.\n" +
      `\n\nExiting session with sessionId: ${id}.\n\n`,
  ));
  assert.equal((await child.status).code, 0);
  await reader.cancel();
  assert.equal(await new Response(child.stderr).text(), "");
  assert.deepEqual(await simulator.activeSessions(), []);
});
