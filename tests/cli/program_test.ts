import assert from "node:assert/strict";
import { version } from "../../lib/version.ts";
import {
  programCommand,
  projectFolder,
  runProgram,
} from "../testkit/executable.ts";

Deno.test("cli: --version", async () => {
  const { code, stdout, stderr } = await runProgram(["--version"]);
  assert.deepEqual([code, stdout, stderr], [0, `${version}\n`, ""]);
});

Deno.test("cli: --version loads no package", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-npm", "--no-remote", "main.ts", "--version"],
    cwd: projectFolder,
    stderr: "inherit",
  }).output();
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout), `${version}\n`);
});

Deno.test("cli: every command's help has examples", async () => {
  const { code, stdout, stderr } = await runProgram(["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const [, table = ""] = stdout.split("Commands:\n");
  const commands = [...table.matchAll(/^ {2}(\S+) {2,}\S/gm)]
    .map((match) => match[1] ?? "").filter((name) => /^[a-z]/.test(name));
  assert.ok(commands.includes("shell") && commands.includes("simulate"));
  for (const command of commands) {
    const help = await runProgram([command, "--help"]);
    assert.deepEqual([help.code, help.stderr], [0, ""], command);
    assert.match(help.stdout, /\nExamples:\n {2}# /, command);
    assert.equal(help.stdout.includes("\x1b"), false);
  }
});

Deno.test("cli: mistakes on the command line give 125 and say what to do", async () => {
  for (
    const [args, text] of [
      [["shel"], "ssm: Unknown command: shel; did you mean ssm shell?\n"],
      [["shell", "web", "--regoin", "x"], "did you mean --region?\n"],
      [
        ["shell", "--region", "x", "--profile", "nobody"],
        "no target is given\n  the nodes cannot be listed: Cannot ",
      ],
      [["simulate", "--"], "none follows the --\n"],
      [["simulate", "--node", "nmae=web"], "unknown 'nmae'"],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(args);
    assert.deepEqual([code, stdout], [125, ""], args.join(" "));
    assert.ok(stderr.includes(text), stderr);
    assert.match(stderr, /^ssm: /);
  }
});

Deno.test("cli: missing settings say where to set them", async () => {
  const keys = {
    AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  for (
    const [args, env, text] of [
      [
        ["i-0123456789abcdef0"],
        keys,
        /none is set: give --region, set AWS_REGION/,
      ],
      [
        ["i-0123456789abcdef0", "--region", "us-east-1"],
        {},
        /Cannot load credentials: /,
      ],
      [
        ["web", "--profile", "nobody"],
        {},
        /^ssm: Cannot [^\n]*--profile [^\n]*"nobody"/,
      ],
      [
        ["web"],
        { AWS_PROFILE: "nobody" },
        /^ssm: Cannot [^\n]*AWS_PROFILE [^\n]*"nobody"/,
      ],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(["shell", ...args], {
      env,
    });
    assert.deepEqual([code, stdout], [125, ""], stderr);
    assert.match(stderr, text);
    assert.match(stderr, /\nhint: /);
    assert.doesNotMatch(stderr, /secret|at async|\.ts:/);
  }
});

Deno.test("cli: a service that cannot be reached is named", async () => {
  // Bound, not listening to: nothing else can take the port meanwhile.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, stderr } = await runProgram([
    "shell",
    "i-0123456789abcdef0",
    "--endpoint-url",
    `http://127.0.0.1:${port}`,
    "--region",
    "us-east-1",
  ], {
    env: {
      AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX",
      AWS_SECRET_ACCESS_KEY: "s",
    },
  });
  assert.equal(code, 125);
  assert.match(stderr, new RegExp(`cannot reach 127\\.0\\.0\\.1:${port}`));
});

Deno.test("cli: a reader that goes away ends it quietly", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const { stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: [
      "-c",
      // The reader is gone before the first byte is written.
      '{ sleep 0.2; "$@" --help; echo "code $?" >&2; } | true',
      "sh",
      ...programCommand(),
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "");
  assert.equal(new TextDecoder().decode(stderr), "code 141\n");
});
