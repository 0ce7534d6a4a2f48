import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { connect, echoes, startEcho } from "../testkit/far_end.ts";
import { interrupt, startForward } from "../testkit/forward_program.ts";
import { hasPty } from "../testkit/pty.ts";
import {
  runInTerminal,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };
const needsPty = { ignore: !hasPty };
const A = "a".repeat(32);
const B = "b".repeat(32);

Deno.test(
  "cli: a shell in the only task's container takes piped input, encrypted too",
  unix,
  async () => {
    for (const flags of [[], ["--kms-key", "alias/sessions"]]) {
      await using simulator = await startSimulatorProgram(flags);
      const { code, stdout, stderr } = await runProgram(
        ["shell", "ecs:prod/web"],
        { env: simulator.env, stdin: "echo $0 $((6*7)) && tty\n" },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^\/bin\/sh 42\r\n\/dev\//m);
      assert.match(
        stderr,
        /^Session ecs-execute-command-\w+ in ecs:prod\/web\/\w{32}\/app\n/,
      );
      assert.match(stderr, /\nSession ended\n$/);
      assert.deepEqual(await simulator.activeSessions(), []);
    }
  },
);

Deno.test(
  "cli: --command is split into words and run without a shell",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const { code, stdout, stderr } = await runProgram([
      "shell",
      "ecs:prod/web/app",
      "--command",
      "printf '%s|' '$HOME' a\\ b ; x",
      "-q",
    ], { env: simulator.env });
    assert.deepEqual([code, stdout, stderr], [0, "$HOME|a b|;|x|", ""]);

    const missing = await runProgram([
      "shell",
      "ecs:prod/web",
      "--command",
      "/no/such/shell",
      "-q",
    ], { env: simulator.env });
    assert.equal(missing.code, 125, missing.stderr);
    assert.match(missing.stderr, /^ssm: Unable to start command: .*\/no\/such/);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: exec in a container has outputs apart, exit code, input and variables",
  unix,
  async () => {
    for (const flags of [[], ["--kms-key", "alias/sessions"]]) {
      await using simulator = await startSimulatorProgram(flags);
      const { env } = simulator;
      const exec = (args: readonly string[], stdin?: string) =>
        runProgram(
          ["exec", "-q", ...args],
          stdin === undefined ? { env } : { env, stdin },
        );
      assert.deepEqual(
        await exec([
          "ecs:prod/web",
          "--",
          "sh",
          "-c",
          "echo out; echo err >&2; exit 7",
        ]),
        { code: 7, stdout: "out\n", stderr: "err\n" },
      );
      const words = [
        "a b",
        "it's",
        "",
        "$HOME",
        "{{x}}",
        '"',
        "é\nñ",
        "#",
        "\\",
      ];
      assert.deepEqual(
        await exec([
          "ecs:prod/web/app",
          "--env",
          "A=it's {{mine}}",
          "--",
          "sh",
          "-c",
          'cat; printf %s "$A"; printf "|%s" "$@"',
          "sh",
          ...words,
        ], "typed\n"),
        {
          code: 0,
          stdout: "typed\nit's {{mine}}" +
            words.map((word) => `|${word}`).join(""),
          stderr: "",
        },
      );
      assert.deepEqual(await simulator.activeSessions(), []);
    }
  },
);

Deno.test(
  "terminal: exec -t in a container ends with the command's code",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using program = await runInTerminal([
      ...programCommand(),
      "exec",
      "-t",
      "ecs:prod/web",
      "--",
      "sh",
      "-c",
      "tty; read line; exit 5",
    ], simulator.env);
    await program.pty.until(/\/dev\/\S+\r\n/);
    await program.pty.write("\r");
    assert.equal(await program.code(), 5);
    assert.equal(await program.pty.settings(), program.settingsBefore);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: exec says what a container lacks, and that Run Command has none",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--task",
      "service=off,no-exec",
      "--task",
      "service=windows,platform=Windows",
      "--task",
      "service=web",
    ]);
    for (
      const [target, flags, message] of [
        [
          "off",
          [],
          /execute command was not enabled when the task was started/,
        ],
        ["windows", [], /Cannot run a command in a Windows container/],
        ["web", ["--via", "run-command"], /Run Command reaches no containers/],
        [
          "web",
          ["i-0123456789abcdef0"],
          /it is a container of ECS, and runs on many nodes take no containers/,
        ],
      ] as const
    ) {
      const { code, stdout, stderr } = await runProgram(
        ["exec", `ecs:prod/${target}`, ...flags, "--", "true"],
        { env: simulator.env },
      );
      assert.deepEqual([code, stdout], [125, ""], stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "terminal: a task is chosen, then one of its containers",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--task",
      `id=${A},no-exec`,
      "--task",
      `id=${B},container=app+worker,sidecar=log`,
    ]);
    await using program = await runInTerminal([
      ...programCommand(),
      "shell",
      "ecs:prod/web",
      "--command",
      "env PS1='in-the-task> ' sh",
    ], simulator.env);
    const { pty } = program;
    await pty.until("Task> ");
    await pty.until(new RegExp(`> ${B} {2}RUNNING {2}agent RUNNING {2}20`));
    await pty.until(new RegExp(` ${A} {2}RUNNING {2}exec off {7}20`));
    await pty.write("\r");
    await pty.until("Container> ");
    await pty.write("worker\r");
    await pty.until(`in ecs:prod/web/${B}/worker\r\n`);
    await pty.until("in-the-task> ");
    await pty.write("stty size\r");
    await pty.until("24 80\r\n");
    await pty.write("sh -c \"echo be''gun; exec sleep 1000\"\r");
    await pty.until("begun\r\n");
    await pty.write("\x03");
    await pty.until("in-the-task> ");
    assert.equal((await simulator.activeSessions()).length, 1);
    await pty.write("\r~.");
    await pty.until("Session left\r\n");
    assert.equal(await program.code(), 0);
    assert.equal(await pty.settings(), program.settingsBefore);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "terminal: SIGTERM ends the session in a container and restores the terminal",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using program = await runInTerminal(
      [...programCommand(), "shell", "ecs:prod/web"],
      simulator.env,
    );
    await program.pty.until(/[#$] $/);
    Deno.kill(program.pid, "SIGTERM");
    assert.equal(await program.code(), 143);
    assert.equal(await program.pty.settings(), program.settingsBefore);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: a lost connection to a container resumes",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--close-after-bytes",
      "20000",
      "--close-limit",
      "2",
    ]);
    const { code, stdout, stderr } = await runProgram(
      ["shell", "ecs:prod/web"],
      { env: simulator.env, stdin: "seq -s, 1 9999\n" },
    );
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /\nConnection lost: [^\n]*\nConnection resumed after /,
    );
    const numbers = Array.from({ length: 9999 }, (_, i) => i + 1).join(",");
    assert.ok(stdout.replaceAll(/[\r\n]/g, "").includes(numbers));
  },
);

Deno.test(
  "cli: forward reaches a port of the task and a host behind it, in one session",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--host",
      "db.internal=127.0.0.1",
    ]);
    await using far = startEcho();
    for (const remote of [`${far.port}`, `db.internal:${far.port}`]) {
      await using forward = await startForward(simulator.env, [
        "ecs:prod/web",
        "--remote",
        remote,
      ]);
      using one = await connect(forward.port);
      using two = await connect(forward.port);
      assert.ok(await echoes(one, "to the task"));
      assert.ok(await echoes(two, "to the task too"));
      assert.equal((await simulator.activeSessions()).length, 1);
      one.close();
      two.close();
      const { code, stderr } = await interrupt(forward);
      assert.equal(code, 0, stderr);
      assert.ok(
        stderr.includes(
          remote.includes(":")
            ? ` -> ${remote}\n`
            : ` -> ecs:prod/web:${remote}\n`,
        ),
        stderr,
      );
      assert.deepEqual(await simulator.activeSessions(), []);
    }
  },
);

Deno.test(
  "cli: the target of a session goes through to StartSession",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram(["--task", `id=${A}`]);
    const described = await runProgram(
      ["forward", "ecs:prod/web", ":1", "-v", "--", "true"],
      { env: simulator.env },
    );
    const [target = ""] = /ecs:prod_\S+/.exec(described.stderr) ?? [];
    assert.match(target, new RegExp(`^ecs:prod_${A}_${A}-\\d+$`));
    const shell = await runProgram(["shell", target], {
      env: simulator.env,
      stdin: "echo $0\n",
    });
    assert.equal(shell.code, 0, shell.stderr);
    assert.match(shell.stdout, /^sh\r\n/m);
  },
);

for (
  const [described, target, message, hint] of [
    [
      "no-exec",
      "prod/web",
      /execute command was not enabled when the task was started$/,
      /^aws ecs update-service --cluster prod --service web --enable-execute-command --force-new/,
    ],
    [
      "no-role",
      "prod/web",
      /the task has no task role, so its agent may not connect/,
      /^aws ecs describe-task-definition .*:task-definition\/web:1 --query/,
    ],
    [
      "no-permission",
      "prod/web",
      /ECS counts the agent as running, yet Session Manager cannot reach it$/,
      /^aws iam simulate-principal-policy .*:role\/web-task --action-names/,
    ],
    [
      "version=1.3.0",
      "prod/web",
      /Fargate platform version 1\.3\.0 has no execute command; 1\.4\.0 or/,
      /--platform-version LATEST --force-new-deployment$/,
    ],
    [
      "agent-stopped",
      "prod/web",
      /the agent that takes commands is STOPPED \(/,
      /^aws ecs update-service .* --force-new-deployment$/,
    ],
    [
      `id=${A},stopped`,
      `prod/${A}`,
      /the task is STOPPED \(Task stopped by user\)$/,
      /^aws ecs describe-tasks --cluster prod --tasks a+$/,
    ],
    [
      "pending",
      "prod/web",
      /the task is PENDING$/,
      /^aws ecs describe-tasks /,
    ],
    [
      "container=app+worker",
      "prod/web",
      /^Cannot choose a container: ecs:prod\/web\/\w{32} has 2$/,
      /^ssm shell ecs:prod\/web\/\w{32}\/app$/,
    ],
    [
      "service=web",
      "prd/web",
      /^Cannot find cluster prd in this account and region; did you mean prod\?$/,
      /^ssm shell ecs:prod\/web$/,
    ],
    [
      "service=backend",
      "prod/backnd",
      /^Cannot find service backnd in cluster prod; did you mean backend\?$/,
      /^ssm shell ecs:prod\/backend$/,
    ],
    [
      "service=web",
      "prod/web/ap",
      /^Cannot find container ap in ecs:prod\/web\/\w{32}; did you mean app\?$/,
      /^ssm shell ecs:prod\/web\/app$/,
    ],
    [
      "service=web",
      "prod/web/x/app",
      /^Cannot use ecs:prod\/web\/x\/app: x is no task: a task's id has 32/,
      undefined,
    ],
  ] as const
) {
  Deno.test(
    `cli: ecs:${target} with ${described} says what is wrong, with 125`,
    unix,
    async () => {
      await using simulator = await startSimulatorProgram([
        "--task",
        described,
      ]);
      const { code, stdout, stderr } = await runProgram([
        "shell",
        `ecs:${target}`,
      ], { env: simulator.env });
      assert.deepEqual([code, stdout], [125, ""], stderr);
      const [first = "", ...more] = stderr.trimEnd().split("\n");
      assert.match(first.replace(/^ssm: /, ""), message);
      const hints = more.filter((line) => line.startsWith("hint: "))
        .map((line) => line.slice("hint: ".length));
      if (hint === undefined) assert.deepEqual(hints, []);
      else assert.match(hints[0] ?? "", hint);
      assert.deepEqual(await simulator.activeSessions(), []);
    },
  );
}

Deno.test(
  "cli: several tasks without a terminal are listed, and forward says the same as shell",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--task",
      `id=${A}`,
      "--task",
      `id=${B},no-exec`,
    ]);
    const { code, stdout, stderr } = await runProgram([
      "forward",
      "ecs:prod/web/app",
      "--remote",
      "80",
    ], { env: simulator.env });
    assert.deepEqual([code, stdout], [125, ""]);
    assert.match(
      stderr,
      new RegExp(
        "^ssm: Cannot choose a task: ecs:prod/web/app has 2\\n" +
          `  ${A}  RUNNING  agent RUNNING  20\\S+\\n` +
          `  ${B}  RUNNING  exec off       20\\S+\\n` +
          `hint: ssm forward ecs:prod/web/${A}/app --remote 80\\n$`,
      ),
    );
    const refused = await runProgram(
      ["forward", `ecs:prod/${B}`, "--remote", "80"],
      { env: simulator.env },
    );
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /execute command was not enabled/);
  },
);

Deno.test(
  "cli: a third session in a container says that there are two",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using _one = await startForward(simulator.env, [
      "ecs:prod/web",
      ":1",
      ":2",
    ]);
    const { code, stderr } = await runProgram(["shell", "ecs:prod/web"], {
      env: simulator.env,
    });
    assert.equal(code, 125, stderr);
    assert.match(stderr, /the container has as many sessions as it may have\n/);
    assert.match(stderr, /\nhint: aws ssm describe-sessions --state Active /);
  },
);

Deno.test(
  "cli: who may not execute commands is told so by AWS's words",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--deny-document",
      "AmazonECS-ExecuteInteractiveCommand",
    ]);
    const { code, stderr } = await runProgram(["shell", "ecs:prod/web"], {
      env: simulator.env,
    });
    assert.equal(code, 125, stderr);
    assert.match(
      stderr,
      /^ssm: Cannot execute command in task: access to ecs:ExecuteCommand is denied: /,
    );
  },
);
