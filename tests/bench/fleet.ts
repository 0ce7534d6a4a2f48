/**
 * What a command on many nodes costs (Linux): time, memory, and calls to AWS.
 *
 * `deno run -A tests/bench/fleet.ts [nodes…]`
 *
 * The simulator's log has a line for each call; refused ones are those above `--api-rate`.
 *
 * @module
 */

import { programCommand } from "../testkit/executable.ts";

const counts = Deno.args.length > 0 ? Deno.args.map(Number) : [1_000, 10_000];
const decoder = new TextDecoder();
const [program = "", ...first] = programCommand();

/** Calls of one operation. */
interface Calls {
  /** When each came, in milliseconds. */
  readonly at: number[];
  refused: number;
}

/** A simulator whose calls are counted. */
class CountedSimulator {
  readonly env: Record<string, string> = {};
  readonly calls = new Map<string, Calls>();
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(args: readonly string[]): Promise<CountedSimulator> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "main.ts", "simulate", "-v", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const simulator = new CountedSimulator(child);
    void simulator.#count();
    let text = "";
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk);
      if (/^export [\s\S]*\n$/m.test(text)) break;
    }
    for (
      const [, name = "", value = ""] of text.matchAll(/^export (\w+)=(.*)$/gm)
    ) {
      simulator.env[name] = value.replace(/^'(.*)'$/, "$1");
    }
    return simulator;
  }

  async #count(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stderr) {
      const lines = (rest + decoder.decode(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, name = "", error] = /^api: \w+ (\w+)(?:: (\w+))?/.exec(line) ??
          [];
        if (name === "") continue;
        const calls = this.calls.get(name) ?? { at: [], refused: 0 };
        calls.at.push(performance.now());
        if (error === "ThrottlingException") calls.refused++;
        this.calls.set(name, calls);
      }
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#child.status;
  }
}

/** A field of /proc/…/status in MiB. */
async function memory(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) /
    1024;
}

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
    const now = await memory(child.pid, "VmRSS");
    if (lines > 0) early ||= now;
    most = Math.max(most, await memory(child.pid, "VmHWM"));
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
