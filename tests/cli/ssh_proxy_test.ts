import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import {
  randomBytes,
  startEcho,
  startFarEnd,
  writeAll,
} from "../testkit/far_end.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

type Environment = Readonly<Record<string, string>>;

function startProxy(env: Environment, ...args: (string | number)[]) {
  const [program = "", ...first] = programCommand();
  return new Deno.Command(program, {
    args: [...first, "ssh-proxy", "web-server", ...args.map(String)],
    env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (words: string) => new TextEncoder().encode(words);

async function noSession(simulator: {
  activeSessions(): Promise<readonly string[]>;
}): Promise<void> {
  assert.deepEqual(await simulator.activeSessions(), []);
}

Deno.test("cli: ssh-proxy: an answer that comes after the end of our input is not lost", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startFarEnd(async (conn) => {
    const buffer = new Uint8Array(100);
    await conn.read(buffer);
    await new Promise((wake) => setTimeout(wake, 300));
    await writeAll(conn, "the answer\n");
    conn.close();
  });
  const proxy = startProxy(simulator.env, far.port);
  const writer = proxy.stdin.getWriter();
  await writer.write(encode("question\n"));
  await writer.close();
  const { code, stdout, stderr } = await proxy.output();
  assert.deepEqual([code, text(stdout), text(stderr)], [0, "the answer\n", ""]);
  await noSession(simulator);
});

Deno.test("cli: ssh-proxy: bytes are as they are, both ways at once, and its end is quick after SSH's", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  const proxy = startProxy(simulator.env, far.port);
  const sent = new Uint8Array(4_000_000);
  sent.set(randomBytes(sent.length));
  sent.set(encode("SSH-2.0-test\r\n"));
  const writer = proxy.stdin.getWriter();
  const writing = writer.write(sent);
  const got: Uint8Array[] = [];
  let length = 0;
  const reader = proxy.stdout.getReader();
  while (length < sent.length) {
    const { value } = await reader.read();
    assert.ok(value !== undefined);
    got.push(value);
    length += value.length;
  }
  await writing;
  assert.deepEqual(
    new Uint8Array(await new Blob(got as BlobPart[]).arrayBuffer()),
    sent,
  );
  // A lone line feed is one.
  for (const piece of ["\n", "\r", "\n"]) {
    await writer.write(encode(piece));
    const { value } = await reader.read();
    assert.equal(text(value ?? new Uint8Array()), piece);
  }
  await writer.close();
  assert.equal((await proxy.status).code, 0);
  await reader.cancel();
  assert.equal(await new Response(proxy.stderr).text(), "");
  await noSession(simulator);
});

Deno.test("cli: ssh-proxy: signals and a reader that is gone leave no session", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startFarEnd(async (conn) => {
    try {
      for (;;) {
        await writeAll(conn, "tick\n");
        await new Promise((wake) => setTimeout(wake, 20));
      }
    } catch {
      // It is over.
    }
  });
  for (
    const [signals, expected] of [
      [["SIGHUP"], 129],
      [["SIGTERM"], 143],
      // Ctrl-C reaches us and ssh, which then ends us with its own.
      [["SIGINT", "SIGHUP"], 130],
      [[], 0],
    ] as const
  ) {
    const proxy = startProxy(simulator.env, far.port);
    const reader = proxy.stdout.getReader();
    await reader.read();
    assert.equal((await simulator.activeSessions()).length, 1);
    if (signals.length === 0) await reader.cancel();
    for (const signal of signals) {
      proxy.kill(signal);
      await new Promise((wake) => setTimeout(wake, 5));
    }
    const stderr = await new Response(proxy.stderr).text();
    assert.equal((await proxy.status).code, expected, stderr);
    assert.equal(stderr, "");
    await reader.cancel();
    await proxy.stdin.close();
    await noSession(simulator);
  }
});

Deno.test("cli: ssh-proxy: errors are on standard error alone", async () => {
  await using simulator = await startSimulatorProgram([
    "--deny-document",
    "AWS-StartSSHSession",
  ]);
  const cases: [string[], number, RegExp][] = [
    [
      [],
      125,
      /^ssm: Cannot start session: access to ssm:StartSession is denied/,
    ],
    [["0"], 125, /^ssm: /],
    [["--region", "nowhere-1"], 125, /^ssm: /],
  ];
  for (const [args, expected, said] of cases) {
    const proxy = startProxy(simulator.env, ...args);
    await proxy.stdin.close();
    const { code, stdout, stderr } = await proxy.output();
    assert.deepEqual([code, text(stdout)], [expected, ""]);
    assert.match(text(stderr), said);
  }
});
