/**
 * A command on many nodes, as a program of its own beside a simulator of its own.
 */

import assert from "node:assert/strict";
import type { FleetOptions } from "../../cmd/exec/fleet/options.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const program = new URL("../testkit/fleet_program.ts", import.meta.url);

/** POSIX scripts need a shell. */
const ignore = Deno.build.os === "windows";

function start(
  env: Readonly<Record<string, string>>,
  options: Partial<FleetOptions>,
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program.pathname, JSON.stringify(options)],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(
  env: Readonly<Record<string, string>>,
  options: Partial<FleetOptions>,
) {
  const { code, stdout, stderr } = await start(env, options).output();
  const decoder = new TextDecoder();
  return {
    code,
    out: decoder.decode(stdout),
    err: decoder.decode(stderr).replaceAll("\u00a0", " "),
  };
}

const web = [{ key: "role", value: "web" }];

Deno.test("few nodes by sessions, and the same by Run Command", {
  ignore,
}, async () => {
  await using simulator = await startSimulatorProgram([
    ..."--node name=a,tag:role=web,computer=a".split(" "),
    ..."--node name=b,tag:role=web,computer=b".split(" "),
    ..."--node name=off,tag:role=web,computer=off,offline".split(" "),
  ]);
  const bySession = await run(simulator.env, {
    tags: web,
    script: {
      posix: ["echo out $NODE; echo err >&2; [ $NODE = a ] || exit 4"],
      windows: [],
    },
  });
  assert.equal(bySession.code, 1);
  assert.deepEqual(bySession.out.trimEnd().split("\n").sort(), [
    "a   | out a",
    "b   | out b",
  ]);
  assert.match(bySession.err, /^a {3}\| err$/m);
  assert.match(bySession.err, /^ {3}4 .* b {4}i-\w{17}$/m);
  assert.match(
    bySession.err,
    /^ 125 .* off {2}i-\w{17} {2}it is not connected .*\(ConnectionLost\)$/m,
  );
  const byCommand = await run(simulator.env, {
    tags: web,
    via: "run-command",
    json: true,
    script: {
      posix: ["printf 'out %s' $HOSTNAME; [ $HOSTNAME = a ] || exit 4"],
      windows: [],
    },
  });
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
    const { code, out, err } = await run(simulator.env, {
      tags: ["web", "api", "db", "worker", "cache"].map((value) => ({
        key: "role",
        value,
      })),
      script: { posix: ["hostname"], windows: ["echo windows; hostname"] },
    });
    assert.equal(code, 1);
    // Every twentieth is offline, every tenth runs Windows (simulator/fleet.ts).
    assert.match(err, /^400 nodes: 380 × 0, 20 × 125$/m);
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 380 + 20);
    assert.equal(new Set(lines).size, 400);
  },
);

Deno.test("Ctrl-C ends the command everywhere", { ignore }, async () => {
  await using simulator = await startSimulatorProgram(["--nodes", "100"]);
  const child = start(simulator.env, {
    tags: [{ key: "role", value: "api" }],
    via: "run-command",
    script: { posix: ["sleep 600"], windows: [] },
    verbose: 1,
  });
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
