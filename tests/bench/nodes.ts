/**
 * What it costs to see all nodes (Linux): the choice and `ssm list` over several regions, in time,
 * calls to AWS and memory.
 *
 * `deno run -A tests/bench/nodes.ts [nodes]`; `SSM_EXECUTABLE=dist/ssm` measures the executable.
 *
 * @module
 */

import {
  CountedSimulator,
  processMemory,
} from "../testkit/counted_simulator.ts";
import { cleanHome, programCommand } from "../testkit/executable.ts";
import { openPty } from "../testkit/pty.ts";

const nodes = Deno.args[0] ?? "5000";
const regions = ["us-east-1", "eu-west-1", "eu-central-1", "ap-south-1"];

const simulatorArgs = [
  "--pace",
  "fast",
  "--nodes",
  nodes,
  "--region",
  regions.join(","),
];

async function withSimulator(
  run: (env: Readonly<Record<string, string>>) => Promise<string>,
): Promise<void> {
  const simulator = await CountedSimulator.start(simulatorArgs);
  await using home = await cleanHome();
  const said = await run({ ...home.env, ...simulator.env });
  await simulator.stop();
  const calls = [...simulator.calls].map(([name, { at, refused }]) =>
    `${at.length} ${name}${refused > 0 ? ` (${refused} refused)` : ""}`
  );
  console.log(`${said}\n  ${calls.join(", ")}`);
}

/** Runs the program to its end. */
async function list(args: readonly string[]): Promise<void> {
  await withSimulator(async (env) => {
    const [program = "", ...first] = programCommand();
    const start = performance.now();
    const child = new Deno.Command(program, {
      args: [...first, "list", ...args],
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let most = 0;
    const sample = setInterval(async () => {
      most = Math.max(most, await processMemory(child.pid, "VmHWM"));
    }, 20);
    const { stdout } = await child.output();
    clearInterval(sample);
    const time = performance.now() - start;
    const lines = new TextDecoder().decode(stdout).split("\n").length - 1;
    return `ssm list ${args.join(" ")}: ${lines} lines in ` +
      `${(time / 1000).toFixed(2)} s, at most ${most.toFixed(0)} MiB`;
  });
}

/** From Enter to the first frame, the first nodes, all of them, and the answer to a key. */
async function choose(args: readonly string[]): Promise<void> {
  await withSimulator(async (env) => {
    const start = performance.now();
    const since = () => Math.round(performance.now() - start);
    await using pty = await openPty([...programCommand(), ...args], {
      env,
      clearEnv: true,
      size: { cols: 120, rows: 40 },
    });
    await pty.until("Node> ");
    const frame = since();
    await pty.until(/> \S+ +m?i-/);
    const first = since();
    await pty.write("0042");
    await pty.until(/0042 [^\r\n]*> \S*0042\S* +m?i-/s);
    const filtered = since();
    await pty.until(new RegExp(`\\d+/${nodes}\x1b`));
    const all = since();
    const keys: number[] = [];
    let query = "";
    await pty.write("\x15");
    await pty.until(`> \x1b[0m `);
    for (const key of "node-4991") {
      query += key;
      const typed = performance.now();
      await pty.write(key);
      await pty.until(`> \x1b[0m${query} `);
      // The whole frame.
      await pty.until("\x1b[?25h");
      keys.push(performance.now() - typed);
    }
    const most = await processMemory(pty.pid, "VmHWM");
    await pty.write("\x03");
    await pty.exited;
    keys.sort((a, b) => a - b);
    return `ssm ${args.join(" ")}: screen after ${frame} ms, nodes after ` +
      `${first} ms, filtered after ${filtered} ms, all ${nodes} after ${all} ms; ` +
      `a key ${keys[keys.length >> 1]?.toFixed(0)} ms, at most ` +
      `${keys.at(-1)?.toFixed(0)} ms; at most ${most.toFixed(0)} MiB`;
  });
}

await choose(["--all-regions"]);
await list(["--all-regions", "--all"]);
await list(["--all-regions", "--output", "json"]);
await list(["--output", "ids"]);
