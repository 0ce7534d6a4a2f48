/**
 * A command on many nodes, as a program of its own beside a simulator of its own.
 */

import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

/** POSIX scripts need a shell. */
const ignore = Deno.build.os === "windows";

function start(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Deno.ChildProcess {
  const [program = "", ...first] = programCommand();
  return new Deno.Command(program, {
    args: [...first, "exec", ...args],
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
) {
  const { code, stdout, stderr } = await start(env, args).output();
  const decoder = new TextDecoder();
  return {
    code,
    out: decoder.decode(stdout),
    err: decoder.decode(stderr).replaceAll("\u00a0", " "),
  };
}

const everybody = ["web", "api", "db", "worker", "cache"].flatMap((role) => [
  "--tag",
  `role=${role}`,
]);

Deno.test("few nodes by sessions, and the same by Run Command", {
  ignore,
}, async () => {
  await using simulator = await startSimulatorProgram([
    ..."--node name=a,tag:role=web,computer=a".split(" "),
    ..."--node name=b,tag:role=web,computer=b".split(" "),
    ..."--node name=off,tag:role=web,computer=off,offline".split(" "),
  ]);
  const bySession = await run(simulator.env, [
    ..."--tag role=web --tag role=db --shell".split(" "),
    "echo out; echo err >&2; exit 4",
  ]);
  assert.equal(bySession.code, 1);
  assert.deepEqual(bySession.out.trimEnd().split("\n").sort(), [
    "a   | out",
    "b   | out",
  ]);
  assert.match(bySession.err, /^a {3}\| err$/m);
  assert.match(bySession.err, /^ {3}4 .* b {4}i-\w{17}$/m);
  assert.match(
    bySession.err,
    /^ 125 .* off {2}i-\w{17} {2}it is not connected .*\(ConnectionLost\)$/m,
  );
  assert.deepEqual(await simulator.activeSessions(), []);
  const byCommand = await run(simulator.env, [
    ..."--tag role=web --via run-command --json --shell".split(" "),
    "printf 'out %s' $HOSTNAME; [ $HOSTNAME = a ] || exit 4",
  ]);
  assert.equal(byCommand.code, 1);
  const events = byCommand.out.trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(
    events.filter(({ event }) => event === "output").map(({ text }) => text)
      .sort(),
    ["out a", "out b"],
  );
  assert.deepEqual(events.at(-1), {
    event: "summary",
    nodes: 3,
    succeeded: 1,
    failed: 2,
    skipped: 0,
    truncated: 0,
    codes: { 0: 1, 4: 1, 125: 1 },
    exitCode: 1,
  });
});

Deno.test(
  "hundreds of nodes by Run Command, of both platforms, against a limit",
  {
    ignore,
  },
  async () => {
    await using simulator = await startSimulatorProgram(
      "--nodes 400 --api-rate 4".split(" "),
    );
    const { code, out, err } = await run(simulator.env, [
      ...everybody,
      "--shell",
      "hostname",
    ]);
    assert.equal(code, 1);
    // Every twentieth is offline, every tenth runs Windows (simulator/fleet.ts).
    assert.match(err, /^400 nodes: 380 × 0, 20 × 125$/m);
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 380);
    assert.equal(new Set(lines).size, 380);
  },
);

Deno.test("Ctrl-C ends the command everywhere", { ignore }, async () => {
  await using simulator = await startSimulatorProgram(["--nodes", "100"]);
  const child = start(
    simulator.env,
    "--tag role=api --via run-command -v -- sleep 600".split(" "),
  );
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("Command ")) text += (await reader.read()).value ?? "";
  child.kill("SIGINT");
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  const { code } = await child.status;
  await child.stdout.cancel();
  assert.equal(code, 130);
  assert.match(text, /Ending the command on all nodes/);
  assert.match(text, /it was cancelled/);
});

Deno.test("Ctrl-C reaches every session's command, and none is left behind", {
  ignore,
}, async () => {
  await using simulator = await startSimulatorProgram([
    ..."--node name=a,tag:role=web --node name=b,tag:role=web".split(" "),
  ]);
  const child = start(simulator.env, [
    ..."--tag role=web --shell".split(" "),
    "trap 'echo caught; kill $!; exit 9' INT; echo ready; sleep 600 & wait",
  ]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (enough: () => boolean) => {
    while (!enough()) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
  };
  await until(() => text.split("ready").length > 2);
  // The agent takes no signal in the first moment (pitfalls.md §2.12).
  child.kill("SIGINT");
  await until(() => false);
  const errors = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 130);
  assert.match(errors, /Ctrl-C was passed on to all nodes/);
  assert.deepEqual(
    text.trimEnd().split("\n").filter((line) => line.includes("caught"))
      .sort(),
    ["a | caught", "b | caught"],
    errors,
  );
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("output that cannot be written ends the sessions of all nodes", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using simulator = await startSimulatorProgram(
    "--node name=a --node name=b --node name=c".split(" "),
  );
  const inShell = async (line: string) => {
    const { code, stderr } = await new Deno.Command("bash", {
      args: ["-c", line, "bash", ...programCommand(), "exec", "a", "b", "c"],
      env: simulator.env,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return { code, err: new TextDecoder().decode(stderr) };
  };
  const folder = await Deno.makeTempDir();
  // The one that comes first says nothing, and would not notice.
  const script = (name: string) =>
    `'mkdir ${folder}/${name} 2>/dev/null && exec sleep 600; yes'`;
  const closed = await inShell(
    `"$@" --shell ${script("closed")} | head -1; exit \${PIPESTATUS[0]}`,
  );
  assert.deepEqual(closed, { code: 141, err: "" });
  assert.deepEqual(await simulator.activeSessions(), []);
  const full = await inShell(`"$@" --shell ${script("full")} >/dev/full`);
  assert.equal(full.err, "ssm: Cannot write output: No space left on device\n");
  assert.equal(full.code, 1);
  assert.deepEqual(await simulator.activeSessions(), []);
  await Deno.remove(folder, { recursive: true });
});
