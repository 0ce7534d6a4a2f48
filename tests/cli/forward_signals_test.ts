import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import { startFront } from "../testkit/aws_front.ts";
import { connect, echoes, startEcho, untilClosed } from "../testkit/far_end.ts";
import {
  eventually,
  interrupt,
  listens,
  startForward,
} from "../testkit/forward_program.ts";
import { hasPty, openPty } from "../testkit/pty.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };

for (
  const [signal, code] of [
    ["SIGINT", 0],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const
) {
  Deno.test(
    `cli: forward ends with ${code} at ${signal}, with no session and no port left`,
    unix,
    async () => {
      await using simulator = await startSimulatorProgram();
      await using far = startEcho();
      await using forward = await startForward(simulator.env, [
        "web-server",
        `:${far.port}`,
        `:${far.port}`,
      ]);
      using conn = await connect(forward.port);
      assert.ok(await echoes(conn, "hello"));
      assert.equal((await simulator.activeSessions()).length, 2);
      forward.kill(signal);
      await untilClosed(conn);
      const { code: ended, stdout, stderr } = await forward.ended;
      assert.deepEqual([ended, stdout], [code, ""], stderr);
      assert.match(stderr, /^(Forwarding from [^\n]*\n)*$/);
      assert.equal(await listens(forward.port), false);
      assert.deepEqual(await simulator.activeSessions(), []);
    },
  );
}

Deno.test("cli: forward ends at once at a second SIGINT", unix, async () => {
  await using simulator = await startSimulatorProgram();
  await using forward = await startForward(simulator.env, ["db", ":80"]);
  // The service does not answer any more, so the session cannot be ended in good order.
  Deno.kill(simulator.pid, "SIGSTOP");
  try {
    forward.kill("SIGINT");
    await eventually(async () => !await listens(forward.port));
    forward.kill("SIGINT");
    // The first one alone would have given 0, once it had waited in vain.
    assert.equal((await forward.ended).code, 130);
  } finally {
    Deno.kill(simulator.pid, "SIGCONT");
  }
});

Deno.test(
  "cli: forward that a signal ends while it is given a session ends that session",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    await using front = startFront(simulator.env, {
      "ssm:StartSession": () => {
        asked.resolve();
        return answer.promise;
      },
    });
    const [program = "", ...first] = programCommand();
    const child = new Deno.Command(program, {
      args: [...first, "forward", "i-0fedcba9876543210", ":80"],
      env: { ...simulator.env, AWS_ENDPOINT_URL: front.endpoint },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await asked.promise;
    child.kill("SIGTERM");
    answer.resolve(undefined);
    const { code, stdout, stderr } = await child.output();
    assert.deepEqual([code, stdout.length, stderr.length], [143, 0, 0]);
    assert.equal(front.of("ssm:StartSession").length, 1);
    assert.equal(front.of("ssm:TerminateSession").length, 1);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: forward passes SIGTERM and SIGHUP on to its command, whose end decides",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    for (
      const [signal, script, code] of [
        ["SIGTERM", "echo begun; exec sleep 1000", 143],
        [
          "SIGHUP",
          "trap 'exit 9' HUP; echo begun; while :; do sleep 0.05; done",
          9,
        ],
      ] as const
    ) {
      await using forward = await startForward(simulator.env, [
        "db",
        ":80",
        "--",
        "sh",
        "-c",
        script,
      ]);
      await forward.stdout.until(/begun\n/);
      forward.kill(signal);
      assert.equal((await forward.ended).code, code);
      assert.equal(await listens(forward.port), false);
      assert.deepEqual(await simulator.activeSessions(), []);
    }
  },
);

Deno.test("cli: forward leaves Ctrl-C in a terminal to its command", {
  ignore: !hasPty,
}, async () => {
  await using simulator = await startSimulatorProgram();
  await using pty = await openPty([
    ...programCommand(),
    "forward",
    "db",
    ":80",
    "--",
    "sh",
    "-c",
    "trap 'echo no' INT; echo begun; until read answer; do :; done; exit $answer",
  ], { env: simulator.env, clearEnv: true });
  await pty.until("begun\r\n");
  await pty.write("\x03");
  await pty.until("no\r\n");
  await pty.write("5\n");
  assert.equal(await pty.exited, 5);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test(
  "cli: forward prints a line of figures on stderr at SIGUSR1, with -q and a command too",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    await using forward = await startForward(simulator.env, [
      "web-server",
      `:${far.port}`,
    ]);
    const figures =
      /(\d+) open, (\d+) total · up (.*?), down (.*?)( · [\d.]+ ms)? · \d+ resent · 0 reconnects\n/;
    forward.kill("SIGUSR1");
    assert.deepEqual(
      (await forward.stderr.until(figures)).slice(1, 5),
      ["0", "0", "0 B", "0 B"],
    );
    {
      using first = await connect(forward.port);
      using second = await connect(forward.port);
      assert.ok(await echoes(first, "x".repeat(1234)));
      assert.ok(await echoes(second, "y"));
      forward.kill("SIGUSR1");
      const [all, ...values] = await forward.stderr.until(figures);
      assert.deepEqual(values.slice(0, 4), ["2", "2", "1.2 kB", "1.2 kB"]);
      assert.match(all, / · [\d.]+ ms · /);
    }
    const { code, stdout, stderr } = await interrupt(forward);
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(
      stderr,
      /^(Forwarding from [^\n]*\n){1,2}(\d open, [^\n]*\n){2}$/,
    );

    await using quiet = await startForward(simulator.env, [
      "web-server",
      `:${far.port}`,
      "-q",
      "--",
      "sh",
      "-c",
      "echo begun >&2; exec sleep 1000",
    ], { ready: /begun\n/ });
    quiet.kill("SIGUSR1");
    await quiet.stderr.until(figures);
    quiet.kill("SIGTERM");
    const end = await quiet.ended;
    assert.equal(end.code, 143);
    assert.match(end.stderr, /^begun\n0 open, [^\n]*\n$/);
  },
);
