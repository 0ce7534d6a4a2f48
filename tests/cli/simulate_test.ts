import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const program = programCommand();
const unix = { ignore: Deno.build.os === "windows" };

/** `ssm simulate FLAGS -- COMMAND`. */
function simulate(
  flags: readonly string[],
  command: readonly string[],
  options: Parameters<typeof runProgram>[1] = {},
) {
  return runProgram(
    ["simulate", "--pace", "fast", ...flags, "--", ...command],
    options,
  );
}

Deno.test("cli: the command's exit code is simulate's", unix, async () => {
  for (
    const [command, code] of [
      [["sh", "-c", "exit 7"], 7],
      [["sh", "-c", "kill -KILL $$"], 137],
      [["ssm-no-such-command"], 127],
      [["/etc/passwd"], 126],
    ] as const
  ) {
    const result = await simulate([], command);
    assert.equal(result.code, code, result.stderr);
    assert.equal(result.stdout, "");
  }
});

Deno.test(
  "cli: the command's environment leads to the simulator alone",
  unix,
  async () => {
    const { code, stdout } = await simulate(
      ["--region", "eu-west-1"],
      ["env"],
      {
        env: {
          AWS_PROFILE: "mine",
          SSM_PROFILE: "mine",
          SSM_REGION: "us-east-1",
          AWS_ENDPOINT_URL_SSM: "https://elsewhere.example",
          KEPT: "yes",
        },
      },
    );
    assert.equal(code, 0);
    const names = new Map(
      stdout.split("\n").map((line) => line.split("=", 2) as [string, string]),
    );
    assert.equal(names.get("AWS_REGION"), "eu-west-1");
    assert.match(
      names.get("AWS_ENDPOINT_URL") ?? "",
      /^http:\/\/127\.0\.0\.1:/,
    );
    assert.equal(names.get("KEPT"), "yes");
    for (const name of ["AWS_PROFILE", "SSM_PROFILE", "SSM_REGION"]) {
      assert.equal(names.has(name), false, name);
    }
    assert.equal(names.has("AWS_ENDPOINT_URL_SSM"), false);
  },
);

Deno.test(
  "cli: piped commands run, and the command returns by itself",
  unix,
  async () => {
    const { code, stdout, stderr } = await simulate(
      ["--shell", "sh"],
      [...program, "shell", "web-server"],
      { stdin: "echo $((6*7)); stty size" },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\b42\r\n/);
    assert.match(
      stderr,
      /^Session \S+ on i-0123456789abcdef0 \(web-server\)\n/,
    );
    assert.match(stderr, /Session ended\n$/);
  },
);

Deno.test(
  "cli: both transports, and a session encrypted with KMS",
  unix,
  async () => {
    for (
      const [flags, more] of [
        [[], ["--transport", "builtin"]],
        [["--kms-key", "alias/sessions"], ["-v"]],
      ] as const
    ) {
      const { code, stdout, stderr } = await simulate(
        ["--shell", "sh", ...flags],
        [...program, "shell", "i-0123456789abcdef0", ...more],
        { stdin: "echo $((6*7))\n" },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\b42\r\n/);
      assert.equal(stderr.includes("encrypted with KMS"), flags.length > 0);
    }
  },
);

Deno.test("cli: a node that takes no sessions says why", unix, async () => {
  for (
    const [node, text] of [
      [
        "name=web,offline",
        /is not connected: the agent is offline since \d{4}-\d\d-\d\dT/,
      ],
      ["name=web,stopped", /is not connected: the instance is stopped/],
      ["name=web,unregistered", /is not connected: the node never registered/],
    ] as const
  ) {
    const { code, stdout, stderr } = await simulate(
      ["--node", node],
      [...program, "shell", "web"],
    );
    assert.deepEqual([code, stdout], [125, ""]);
    assert.match(stderr, text);
    assert.match(stderr, /\nhint: ssm doctor i-/);
  }
});

Deno.test(
  "cli: a name that several nodes have lists them; a typing error is noticed",
  unix,
  async () => {
    const flags = ["--node", "name=web", "--node", "name=web,tag:a=b"];
    const several = await simulate(flags, [...program, "shell", "web"]);
    assert.equal(several.code, 125);
    assert.equal(
      several.stderr.match(/^ {2}i-[0-9a-f]{17} {2}Online/gm)?.length,
      2,
    );
    assert.match(several.stderr, /\nhint: ssm shell i-[0-9a-f]{17}\n$/);
    const typed = await simulate([], [...program, "shell", "wbe-server"]);
    assert.equal(typed.code, 125);
    assert.match(
      typed.stderr,
      /did you mean web-server\?\nhint: ssm shell web-server\n$/,
    );
  },
);

Deno.test(
  "cli: a connection that is closed again and again loses nothing",
  unix,
  async () => {
    const { code, stdout, stderr } = await simulate(
      ["--shell", "sh", "--close-after-bytes", "20000", "--close-limit", "4"],
      [...program, "shell", "web-server"],
      {
        stdin:
          "i=0; while [ $i -lt 8000 ]; do echo line $i; i=$((i+1)); done\n",
      },
    );
    assert.equal(code, 0, stderr);
    const lines = [...stdout.matchAll(/^line (\d+)\r$/gm)].map((m) =>
      Number(m[1])
    );
    assert.equal(lines.length, 8000);
    assert.equal(lines.every((line, at) => line === at), true);
    assert.match(stderr, /Connection lost: [^\n]*\nConnection resumed after /);
  },
);

Deno.test(
  "cli: a session that cannot be resumed ends and says so",
  unix,
  async () => {
    const { code, stderr } = await simulate(
      ["--shell", "sh", "--close-after-bytes", "5000", "--refuse-resume"],
      [...program, "shell", "web-server"],
      { stdin: "while :; do echo line; done\n" },
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /\nssm: .*timed out/);
  },
);

Deno.test(
  "cli: --timeout ends a session with 124, and nothing is left of it",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram(["--shell", "sh"]);
    const { code, stderr } = await runProgram(
      ["shell", "web-server", "--timeout", "2s"],
      { env: simulator.env, stdin: "sleep 1000\n" },
    );
    assert.equal(code, 124, stderr);
    assert.match(stderr, /ssm: Stopped by --timeout after 2 s\n$/);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: without a command simulate runs until Ctrl-C, with 0",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram(["--shell", "sh"]);
    const { code, stdout } = await runProgram(["shell", "db", "-q"], {
      env: simulator.env,
      stdin: "echo $((6*7))\n",
    });
    assert.equal(code, 0);
    assert.match(stdout, /\b42\r\n/);
    assert.equal(await simulator.interrupt(), 0);
  },
);

Deno.test("cli: the demo types commands where nobody can", unix, async () => {
  const { code, stdout, stderr } = await runProgram([
    "simulate",
    "--demo",
    "--shell",
    "sh",
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /stty size\r\n24 80\r\n/);
  assert.match(stderr, /Session \S+ on i-0123456789abcdef0 \(web-server\)\n/);
});
