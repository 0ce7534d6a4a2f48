/**
 * What a command on many nodes costs (Linux): time, memory, and calls to AWS.
 *
 * `deno run -A tests/bench/fleet.ts [nodes…]`
 *
 * The simulator's log has a line for each call; refused ones are those above `--api-rate`.
 *
 * @module
 */

import {
  CountedSimulator,
  processMemory,
} from "../testkit/counted_simulator.ts";
import { programCommand } from "../testkit/executable.ts";

const counts = Deno.args.length > 0 ? Deno.args.map(Number) : [1_000, 10_000];
const [program = "", ...first] = programCommand();

/** The most calls in any one second. */
function busiest(at: readonly number[]): number {
  let most = 0;
  for (let last = 0, first = 0; last < at.length; last++) {
    while ((at[last] ?? 0) - (at[first] ?? 0) >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Runs the program once and prints what it cost. */
async function measure(
  title: string,
  simulatorArgs: readonly string[],
  args: readonly string[],
): Promise<void> {
  const simulator = await CountedSimulator.start(simulatorArgs);
  const start = performance.now();
  const child = new Deno.Command(program, {
    args: [...first, "exec", ...args],
    env: simulator.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let lines = 0;
  const drain = async () => {
    for await (const chunk of child.stdout) {
      for (const byte of chunk) if (byte === 10) lines++;
    }
  };
  const errors = new Response(child.stderr).text();
  let most = 0;
  let early = 0;
  const sample = setInterval(async () => {
    const now = await processMemory(child.pid, "VmRSS");
    if (lines > 0) early ||= now;
    most = Math.max(most, await processMemory(child.pid, "VmHWM"));
  }, 100);
  const [{ code }] = await Promise.all([child.status, drain()]);
  clearInterval(sample);
  const seconds = (performance.now() - start) / 1000;
  await simulator.stop();
  console.log(
    `\n${title}: ${seconds.toFixed(1)} s, exit code ${code}, ${lines} lines; ` +
      `RSS with the first line ${early.toFixed(0)} MiB, at most ${
        most.toFixed(0)
      } MiB`,
  );
  console.log((await errors).split("\n")[0]);
  for (const [name, { at, refused }] of simulator.calls) {
    console.log(
      `  ${name.padEnd(28)} ${String(at.length).padStart(5)} calls, ` +
        `${(at.length / seconds).toFixed(1)}/s, at most ${busiest(at)}/s, ` +
        `${refused} refused`,
    );
  }
}

const everybody = ["web", "api", "db", "worker", "cache"].flatMap((role) => [
  "--tag",
  `role=${role}`,
]);
const script = [
  "--shell",
  "hostname; [ $HOSTNAME != node-00042.internal ] || exit 3",
];

// Linux nodes that are all there.
const fifty = Array.from({ length: 50 }, (_, i) => [
  "--node",
  `name=node-${i},tag:role=web`,
]).flat();
for (const parallel of ["10", "50"]) {
  await measure(`50 by sessions, ${parallel} at a time`, fifty, [
    ..."--tag role=web --parallel".split(" "),
    parallel,
    ..."-- echo hello".split(" "),
  ]);
}
for (const count of counts) {
  const nodes = ["--nodes", String(count)];
  const args = [...everybody, "--via", "run-command", ...script];
  await measure(`${count} by Run Command`, nodes, args);
  await measure(
    `${count} by Run Command, at most 3 calls/s of each operation`,
    [...nodes, "--api-rate", "3"],
    args,
  );
}
