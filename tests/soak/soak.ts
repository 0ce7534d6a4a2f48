/**
 * `deno task soak`: long sessions through every fault of the simulator, at full size. The same at
 * a tenth of it is part of the tests.
 *
 * @module
 */

import { type FaultyCommands, runFaultyCommands } from "./faulty_commands.ts";
import { type FaultyForward, runFaultyForward } from "./faulty_forward.ts";
import { type FaultyShell, runFaultyShell } from "./faulty_shell.ts";

const lossy = (loss: number) => ({
  loss,
  repeat: loss,
  reorder: loss,
  wrongDigest: loss / 5,
});

const runs: readonly (FaultyShell & { name: string })[] = [
  {
    name: "50 MB, 5 % loss, repeats, reordering, 100 closes, fast pace",
    bytes: 50_000_000,
    pace: "fast",
    faults: {
      up: lossy(0.05),
      down: lossy(0.05),
      closeAfterBytes: 150_000,
      closeLimit: 100,
      closeManner: "reset",
    },
  },
  {
    name: "10 MB, 0.3 % loss, repeats, reordering, 20 closes, real pace",
    bytes: 10_000_000,
    pace: "real",
    faults: {
      up: lossy(0.003),
      down: lossy(0.003),
      closeAfterBytes: 400_000,
      closeLimit: 20,
      closeManner: "close",
    },
  },
];

let failed = 0;
for (const run of runs) {
  const result = await runFaultyShell(run);
  const equal = result.arrived === result.expected;
  const clean = result.end.kind === "ended" && result.left.length === 0;
  if (!equal || !clean) failed++;
  console.log(
    `${run.name}: ${equal ? "equal" : "DIFFERENT"} ${result.arrived}, ` +
      `${result.bytes} bytes in ${result.seconds.toFixed(1)} s, ` +
      `${result.lost} lost, ${result.resumed} resumed, ` +
      `end ${JSON.stringify(result.end)}, left ${result.left.length}`,
  );
}

const commands: readonly (FaultyCommands & { name: string })[] = [
  {
    name: "500 commands of 100 kB on each output, no faults, fast pace",
    runs: 500,
    parallel: 10,
    bytes: 100_000,
    way: "plain",
    pace: "fast",
    faults: {},
  },
  {
    name: "500 of them, 2 % loss, repeats, reordering, fast pace",
    runs: 500,
    parallel: 10,
    bytes: 100_000,
    way: "plain",
    pace: "fast",
    faults: { up: lossy(0.02), down: lossy(0.02) },
  },
  {
    name: "100 encoded ones, 2 % loss, one reset each, fast pace",
    runs: 100,
    parallel: 10,
    bytes: 100_000,
    way: "pipe",
    pace: "fast",
    faults: {
      up: lossy(0.02),
      down: lossy(0.02),
      closeAfterBytes: 200_000,
      closeLimit: 1,
      closeManner: "reset",
    },
  },
];
for (const run of commands) {
  const result = await runFaultyCommands(run);
  const { whole, told, silent, resumed, seconds, left } = result;
  // What a lost connection takes with it may be missing, but never without a word.
  const expected = run.faults.closeLimit === undefined ? run.runs : 0;
  if (whole < expected || silent > 0 || left.length > 0) failed++;
  console.log(
    `${run.name}: ${whole} whole, ${told} told what they lost, ${silent} SILENT, ` +
      `${resumed} resumed in ${seconds.toFixed(1)} s, left ${left.length}`,
  );
}

const MiB = 1024 * 1024;
const forwards: readonly (FaultyForward & { name: string })[] = [
  {
    name:
      "1 GiB each way, 8 connections, 2 % loss, repeats, reordering, 100 resets, fast pace",
    bytes: 1024 * MiB,
    connections: 8,
    simulate: [
      "--loss=0.02",
      "--repeat=0.02",
      "--reorder=0.02",
      "--close-after-bytes=20000000",
      "--close-limit=100",
      "--close-manner=reset",
    ],
    forward: ["--sessions=1"],
  },
  {
    name:
      "32 MiB each way, 8 connections, 0.3 % loss, repeats, reordering, 10 closes, real pace",
    bytes: 32 * MiB,
    connections: 8,
    simulate: [
      "--pace=real",
      "--loss=0.003",
      "--repeat=0.003",
      "--reorder=0.003",
      "--close-after-bytes=6000000",
      "--close-limit=10",
    ],
    forward: ["--sessions=1"],
  },
];
for (const { name, ...run } of forwards) {
  const result = await runFaultyForward(run, true);
  const well = result.equal === run.connections && result.refused === 0 &&
    result.code === 0 && result.left.length === 0;
  if (!well) failed++;
  console.log(
    `${name}: ${result.equal} of ${run.connections} equal in ` +
      `${result.seconds.toFixed(1)} s, ${result.lost} lost, ` +
      `${result.resumed} resumed, ${result.refused} of ${result.attempts} ` +
      `connections refused, exit ${result.code}, left ${result.left.length}, ` +
      `RSS ${result.rss.join(" ")} MiB`,
  );
}
if (failed > 0) Deno.exit(1);
