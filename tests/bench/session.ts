/**
 * What a user of `ssm shell` waits for: the echo of a keystroke, and the end of the process after
 * the end of the remote shell. Linux, with util-linux's `script`.
 *
 * `deno run -A tests/bench/session.ts [--keys N] [--ends N]`; with `SSM_EXECUTABLE` it measures
 * that executable instead of `main.ts`.
 *
 * The echo goes through two terminals: the user's and the node's. Both are measured alone as well,
 * with the same program in them, and taken off.
 *
 * @module
 */

import { openPty as openNodePty } from "../../lib/simulator/pty/open_pty.ts";
import { openPty } from "../testkit/pty.ts";
import { shellWords } from "../testkit/shell_words.ts";

/** The terminal itself echoes each key; the program only takes them away. */
const echoing = "stty -icanon echo; echo READY; exec cat >/dev/null";

/** As long as a fast typist needs, so that each key travels alone. Milliseconds. */
const pause = 5;

const executable = Deno.env.get("SSM_EXECUTABLE");
const ssm = executable ? [executable] : [
  Deno.execPath(),
  "run",
  "--no-prompt",
  "--allow-all",
  "main.ts",
];

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  ] ?? NaN;
}

function key(i: number): string {
  return "abcdefghijklmnopqrstuvwxyz".charAt(i % 26);
}

async function echoTimes(
  keys: number,
  press: (key: string) => Promise<void>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = -50; i < keys; i++) {
    const start = performance.now();
    await press(key(i + 52));
    if (i >= 0) times.push(performance.now() - start);
    await sleep(pause);
  }
  return times;
}

/** Keys through a program on the user's terminal. */
async function throughTerminal(
  command: readonly string[],
  keys: number,
): Promise<number[]> {
  await using pty = await openPty(command);
  await pty.until("READY");
  await sleep(1000);
  return await echoTimes(keys, async (one) => {
    await pty.write(one);
    await pty.until(one);
  });
}

/** Keys through the simulator's terminal for its nodes, without client, network or agent. */
async function throughNodePty(keys: number): Promise<number[]> {
  const pty = await openNodePty({
    argv: ["/bin/sh", "-c", echoing],
    env: { PATH: Deno.env.get("PATH") ?? "", TERM: "xterm-256color" },
    cwd: Deno.cwd(),
    size: { cols: 80, rows: 24 },
  });
  const decoder = new TextDecoder();
  let text = "";
  const until = async (wanted: string) => {
    while (!text.includes(wanted)) {
      const bytes = await pty.read(4096);
      if (bytes === undefined) throw new Error("The program ended");
      text += decoder.decode(bytes);
    }
    text = "";
  };
  await until("READY");
  const times = await echoTimes(keys, async (one) => {
    await pty.write(new TextEncoder().encode(one));
    await until(one);
  });
  await pty.kill();
  return times;
}

function row(name: string, times: readonly number[]): void {
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  console.log(
    `${name.padEnd(44)} p50 ${p50.toFixed(2).padStart(7)} ms  p99 ${
      p99.toFixed(2).padStart(7)
    } ms`,
  );
}

async function measureEcho(keys: number): Promise<void> {
  const session = await throughTerminal([
    ...ssm,
    "simulate",
    "--pace",
    "fast",
    "--shell",
    `/bin/sh -c ${shellWords([echoing])}`,
    "--",
    ...ssm,
    "shell",
    "web-server",
  ], keys);
  const user = await throughTerminal(["/bin/sh", "-c", echoing], keys);
  const node = await throughNodePty(keys);
  row("echo through ssm shell, pace fast", session);
  row("the user's terminal alone", user);
  row("the simulator's terminal alone", node);
  const added = (share: number) =>
    percentile(session, share) - percentile(user, share) -
    percentile(node, share);
  console.log(
    `${"the client, loopback and the agent add".padEnd(44)} p50 ${
      added(0.5).toFixed(2).padStart(7)
    } ms  p99 ${added(0.99).toFixed(2).padStart(7)} ms`,
  );
}

/** The remote shell lives past the first second, in which agents do not read; it says when it ends, and a shell after `ssm shell` when that has. */
async function measureEnds(
  rounds: number,
  options: readonly string[],
): Promise<void> {
  const loop = `for i in $(seq ${rounds}); do ${
    shellWords([...ssm, "shell", "web-server"])
  }; echo "AFTER $(date +%s%N)"; done; echo FINISHED`;
  await using pty = await openPty([
    ...ssm,
    "simulate",
    ...options,
    "--shell",
    `/bin/sh -c ${shellWords(['sleep 1.5; echo "ENDED $(date +%s%N)"'])}`,
    "--",
    "/bin/sh",
    "-c",
    loop,
  ]);
  const text = await pty.until("FINISHED");
  const times = [...text.matchAll(/ENDED (\d+)[\s\S]*?AFTER (\d+)/g)].map((
    [, ended = "0", after = "0"],
  ) => Number(BigInt(after) - BigInt(ended)) / 1e6);
  if (times.length !== rounds) {
    throw new Error(
      `Cannot measure: ${times.length} of ${rounds} sessions ended well`,
    );
  }
  row(`end, ${options.join(" ")}`, times);
  console.log(
    `${"".padEnd(44)} max ${Math.max(...times).toFixed(2).padStart(7)} ms`,
  );
}

function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

console.log(
  `deno ${Deno.version.deno}, ${Deno.build.target}${
    executable ? ", executable" : ""
  }`,
);
await measureEcho(option("--keys", 1000));
const ends = option("--ends", 10);
await measureEnds(ends, ["--pace", "fast"]);
await measureEnds(ends, ["--pace", "real"]);
await measureEnds(ends, ["--pace", "fast", "--loss", "0.05"]);
