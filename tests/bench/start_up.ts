/**
 * What it costs to start: time and memory of `ssm --version` next to an empty program, under
 * `deno run`, and of the executables where they are given.
 *
 * `deno run -A tests/bench/start_up.ts [--runs N] [name=command…]`, where each `name=path` is one
 * more program to start with `--version`, an executable for instance. Rounds go through all
 * programs in turn, so a busy machine is busy for all of them; medians are printed. With
 * `--commands` the `--help` of every command is measured, too, and the slowest one named.
 *
 * @module
 */

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Sample {
  readonly milliseconds: number;
  /** MiB; NaN where the platform does not tell. */
  readonly memory: number;
}

/** GNU time, which knows the largest resident set of a child. */
const gnuTime = "/usr/bin/time";

async function hasGnuTime(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(gnuTime, {
      args: ["-f", "%M", "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

async function measure(program: Program, withTime: boolean): Promise<Sample> {
  const options = { stdin: "null", stdout: "null", stderr: "piped" } as const;
  const start = performance.now();
  const plain = await new Deno.Command(program.command, {
    args: [...program.args],
    ...options,
  }).output();
  const milliseconds = performance.now() - start;
  if (!plain.success) {
    throw new Error(
      `Cannot measure ${program.name}: ${
        new TextDecoder().decode(plain.stderr)
      }`,
    );
  }
  if (!withTime) return { milliseconds, memory: NaN };
  const timed = await new Deno.Command(gnuTime, {
    args: ["-f", "%M", program.command, ...program.args],
    ...options,
  }).output();
  const last = new TextDecoder().decode(timed.stderr).trim().split("\n").pop();
  return { milliseconds, memory: Number(last) / 1024 };
}

/** `ssm shell --help` and so on, for every command that the help lists. */
async function commandHelps(deno: string): Promise<Program[]> {
  const args = ["run", "--no-prompt", "--allow-all", "main.ts"];
  const { stdout } = await new Deno.Command(deno, { args: [...args, "--help"] })
    .output();
  const [, list = ""] = /^Commands:\n((?: +\S.*\n)+)/m
    .exec(new TextDecoder().decode(stdout)) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) =>
    name ?? ""
  );
  if (names.length === 0) throw new Error("Cannot read the help's commands");
  return names.map((name) => ({
    name: `ssm ${name} --help`,
    command: deno,
    args: [...args, name, "--help"],
  }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

async function main(args: readonly string[]): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-start-" });
  try {
    const empty = `${folder}/empty.ts`;
    await Deno.writeTextFile(empty, 'console.log("0.1.0");\n');
    const deno = Deno.execPath();
    const programs: Program[] = [
      { name: "an empty program", command: deno, args: ["run", empty] },
      {
        name: "ssm --version",
        command: deno,
        args: ["run", "--no-prompt", "--allow-all", "main.ts", "--version"],
      },
      {
        name: "ssm --help",
        command: deno,
        args: ["run", "--no-prompt", "--allow-all", "main.ts", "--help"],
      },
    ];
    let runs = 15;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? "";
      const at = arg.indexOf("=");
      if (arg === "--runs") runs = Number(args[++i]);
      else if (arg === "--commands") programs.push(...await commandHelps(deno));
      else if (at > 0) {
        const command = arg.slice(at + 1);
        programs.push({
          name: arg.slice(0, at),
          command,
          args: ["--version"],
        });
      } else throw new Error(`Cannot read arguments: ${arg} is no name=path`);
    }
    const withTime = await hasGnuTime();
    const samples = programs.map((): Sample[] => []);
    for (let round = -1; round < runs; round++) {
      for (const [i, program] of programs.entries()) {
        const sample = await measure(program, withTime);
        // The first round fills caches.
        if (round >= 0) samples[i]?.push(sample);
      }
    }
    console.log(
      `deno ${Deno.version.deno}, ${Deno.build.target}, ${runs} runs`,
    );
    const base = median((samples[0] ?? []).map((one) => one.milliseconds));
    let slowest = { name: "", time: 0 };
    for (const [i, program] of programs.entries()) {
      const own = samples[i] ?? [];
      const time = median(own.map((one) => one.milliseconds));
      const memory = median(own.map((one) => one.memory));
      if (program.name.endsWith("--help") && time > slowest.time) {
        slowest = { name: program.name, time };
      }
      const size = program.command === deno
        ? ""
        : `  ${((await Deno.stat(program.command)).size / 1e6).toFixed(1)} MB`;
      console.log(
        `${program.name.padEnd(24)} ${time.toFixed(1).padStart(7)} ms  ${
          memory.toFixed(1).padStart(6)
        } MiB  ${(time / base).toFixed(2)} × empty${size}`,
      );
    }
    console.log(
      `slowest help: ${slowest.name}, ${
        (slowest.time / base).toFixed(2)
      } × empty`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await main(Deno.args);
