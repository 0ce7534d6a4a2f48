import assert from "node:assert/strict";
import { imitate } from "../../../lib/simulator/command/imitation.ts";
import { outputContent } from "../../../lib/simulator/command/output.ts";
import { runScript } from "../../../lib/simulator/command/script.ts";

const env = { HOSTNAME: "node-00042.internal" };

function run(...lines: string[]) {
  const { code, stdout, stderr, duration } = imitate(lines, env);
  return {
    code,
    stdout: outputContent(stdout),
    stderr: outputContent(stderr),
    duration,
  };
}

const scripts: string[][] = [
  ["echo hello  'two  words' \"$HOSTNAME\" a\\ b"],
  ["true && echo yes || echo no; false && echo yes || echo no"],
  ["[ $HOSTNAME != node-00042.internal ] || exit 7", "echo not me"],
  ["A=1; B='x y'; echo $A ${B} \"$B\" '$B' $NONE \"$NONE\" ''"],
  ["echo to error >&2; echo -n there"],
  ["sh -c 'exit 5'; echo $?"],
  ["# nothing but a comment"],
  ["exec sh -c 'echo in; exit 2'", "echo never"],
  ["seq 3"],
  ["test x = x && test ! x = y && echo ok # so it is"],
  ["echo a#b; false"],
];

Deno.test("what is imitated does as a shell does", {
  ignore: Deno.build.os === "windows",
}, async () => {
  for (const lines of scripts) {
    const real = await runScript({
      lines,
      workingDirectory: "",
      env,
      signal: new AbortController().signal,
    });
    const imitated = run(...lines);
    assert.deepEqual(
      {
        code: imitated.code,
        stdout: imitated.stdout,
        stderr: imitated.stderr,
      },
      {
        code: real.code,
        stdout: outputContent(real.stdout),
        stderr: outputContent(real.stderr),
      },
      lines.join("\n"),
    );
  }
});

Deno.test("what is not known is a command that was not found", () => {
  assert.equal(run("uptime").code, 127);
  assert.match(run("uptime").stderr, /uptime: not found/);
  assert.equal(run("echo `date`").code, 2);
  assert.equal(run("echo 'open").code, 2);
});

Deno.test("sleeping takes time, and long output no more memory than is shown", () => {
  assert.equal(run("sleep 1.5; sleep 2").duration, 3500);
  const { stdout } = imitate(["seq 1000000"], env);
  assert.equal(stdout.total, 6_888_896);
  assert.ok(stdout.head.length < 30_000);
});
