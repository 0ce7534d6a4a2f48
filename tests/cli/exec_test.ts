import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { shellWords } from "../testkit/shell_words.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };
const both = ["sh", "-c", "echo out; echo err >&2; exit 7"];

/** Runs `sh` with `$SSM` as the program, so that files and pipes are real ones. */
async function sh(script: string, env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", script.replaceAll("$SSM", shellWords(programCommand()))],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

Deno.test(
  "cli exec: outputs apart and the code, by every way of a session",
  unix,
  async () => {
    for (
      const [simulate, flags, document] of [
        [[], [], /NonInteractive/],
        [[], ["--binary"], /NonInteractive/],
        [[], ["--env", "A=1"], /AWS-StartInteractive/],
        [["--no-separate-output"], [], /does not keep outputs apart/],
        [["--no-separate-output"], ["--binary"], /NonInteractive/],
        [
          ["--deny-document", "AWS-StartNonInteractiveCommand"],
          [],
          /trying another way[\s\S]*AWS-StartInteractive/,
        ],
        [
          ["--node", "name=web-server,agent=3.1.1374.0"],
          [],
          /AWS-StartInteractive/,
        ],
      ] as const
    ) {
      await using simulator = await startSimulatorProgram(simulate);
      const about = [...simulate, ...flags].join(" ");
      const { code, stdout, stderr } = await runProgram(
        // A machine that is too busy to read /dev/null in time takes it for input, which has a way of
        // its own.
        ["exec", "web-server", "-v", "-n", ...flags, "--", ...both],
        { env: simulator.env },
      );
      assert.equal(code, 7, `${about}: ${stderr}`);
      assert.equal(stdout, "out\n", about);
      assert.match(stderr, /^err$/m, about);
      assert.match(stderr, document, about);
      assert.deepEqual(await simulator.activeSessions(), [], about);
    }
  },
);

Deno.test(
  "cli exec: arguments arrive as typed, and without -v nothing else is said",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const words = ["a b", "it's", "", "$HOME", "*", "é\nñ", "{{x}}", "-x", '"'];
    for (const flags of [[], ["--binary"], ["--env", "A=1"]]) {
      const result = await runProgram(
        ["exec", "web-server", ...flags, "--", "printf", "%s|", ...words],
        { env: simulator.env },
      );
      assert.deepEqual(result, {
        code: 0,
        stdout: words.map((word) => `${word}|`).join(""),
        stderr: "",
      });
    }
  },
);

Deno.test(
  "cli exec: what is piped in reaches the command, byte for byte",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeFile(file, new Uint8Array([...bytes, ...bytes, 3, 0x1c]));
      const digest = `sha256sum <'${file}'`;
      const { stdout, stderr, code } = await sh(
        `${digest}; $SSM exec web-server -- sha256sum <'${file}'; cat '${file}' | $SSM exec web-server -- cat | sha256sum`,
        simulator.env,
      );
      assert.equal(code, 0);
      const [expected, ...rest] = stdout.trim().split("\n");
      assert.deepEqual(rest, [expected, expected], stderr);
      const early = await sh(
        `cat '${file}' | $SSM exec web-server -- sh -c 'exit 9'; echo $?`,
        simulator.env,
      );
      assert.deepEqual([early.stdout, early.stderr], ["9\n", ""]);
    } finally {
      await Deno.remove(file);
    }
  },
);

Deno.test("cli exec: a loop's own input stays with -n", unix, async () => {
  await using simulator = await startSimulatorProgram();
  const { stdout } = await sh(
    "printf '1\\n2\\n' | while read -r i; do $SSM exec web-server -n -- echo $i; done",
    simulator.env,
  );
  assert.equal(stdout, "1\n2\n");
});

Deno.test(
  "cli exec: a script and a variable of ours, which no call to AWS shows",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const script = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(
        script,
        'echo "$0 $1 $SECRET" | sed "s:^.*/::"; ls -l "$0" >&2; exit 3\n',
      );
      const { code, stdout, stderr } = await runProgram([
        "exec",
        "web-server",
        "--script",
        script,
        "--env",
        "SECRET",
        "--",
        "first word",
      ], { env: { ...simulator.env, SECRET: "hush" } });
      assert.equal(code, 3, stderr);
      assert.match(stdout, /^tmp\.\S+ first word hush\n$/);
      const [mode, file] = [
        /^\S+/.exec(stderr)?.[0],
        /\S+$/m.exec(stderr)?.[0],
      ];
      assert.equal(mode?.slice(4, 10), "------", "nobody else may read it");
      await assert.rejects(Deno.stat(file!), Deno.errors.NotFound);
    } finally {
      await Deno.remove(script);
    }
  },
);

Deno.test(
  "cli exec: codes of what does not run, is killed, or takes too long",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const run = (...args: string[]) =>
      runProgram(["exec", "web-server", ...args], { env: simulator.env });
    for (const flags of [[], ["--binary"], ["--env", "A=1"]]) {
      const none = await run(...flags, "--", "no-such-command");
      assert.equal(none.code, 127);
      assert.match(none.stderr, /no-such-command.*not found/);
      assert.equal(
        (await run(...flags, "--", "sh", "-c", "kill -9 $$")).code,
        137,
      );
      assert.equal((await run(...flags, "--shell", "true | false")).code, 1);
    }
    const late = await run("--timeout", "1", "--", "sleep", "600");
    assert.equal(late.code, 124);
    assert.equal(late.stderr, "ssm: Stopped by --timeout after 1 s\n");
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli exec: a reader that has gone ends it as SIGPIPE does",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const { stdout } = await sh(
      "exec 3>&1; { $SSM exec web-server -- yes; echo $? >&3; } | head -1 >/dev/null",
      simulator.env,
    );
    assert.equal(stdout, "141\n");
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli exec: a disk that is full is no success, however late that shows",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    await using simulator = await startSimulatorProgram();
    for (
      const command of [
        "-- echo x",
        "--shell 'echo x; exec sleep 600'",
        "--via run-command -n -- echo x",
      ]
    ) {
      const { code, stderr } = await sh(
        `$SSM exec web-server ${command} >/dev/full`,
        simulator.env,
      );
      assert.deepEqual(
        [code, stderr],
        [1, "ssm: Cannot write output: No space left on device\n"],
        command,
      );
    }
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli exec: a slow reader gets all that a fast command left behind",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram(["--pace", "real"]);
    const { stdout, stderr } = await sh(
      "$SSM exec web-server -- head -c 12000000 /dev/zero | { sleep 3; wc -c; }",
      simulator.env,
    );
    assert.deepEqual([stdout.trim(), stderr], ["12000000", ""]);
  },
);
