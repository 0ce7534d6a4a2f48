/**
 * What a forward is worth, beside the official plugin in the same run (Linux).
 *
 * `deno run -A tests/bench/forward.ts [--seconds N] [--quick]`
 *
 * - SSM_OFFICIAL_PLUGIN=/path/to/session-manager-plugin measures that as well.
 * - SSM_EXECUTABLE=dist/ssm measures that executable instead of `main.ts`.
 * - SSM_BENCH_REAL=URL, SSM_BENCH_FAST=URL name a Session Manager to use in place of the simulator,
 *   at the agent's pace and without it, as one made of the official agent's code.
 *
 * @module
 */

import { SSMClient, StartSessionCommand } from "@aws-sdk/client-ssm";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { programCommand } from "../testkit/executable.ts";
import {
  download,
  echo,
  type FarEnd,
  openMany,
  sleep,
  startFarEnd,
  upload,
} from "../testkit/load.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const node = "i-0123456789abcdef0";
const plugin = Deno.env.get("SSM_OFFICIAL_PLUGIN");
const quick = Deno.args.includes("--quick");
const at = Deno.args.indexOf("--seconds");
const time = 1000 * (at < 0 ? quick ? 1 : 4 : Number(Deno.args[at + 1]));
const textDecoder = new TextDecoder();

/** A client that forwards a port. */
interface Client extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from StartSession's answer to listening; for ours from the start of the program. */
  readonly listening: number;
}

type Environment = Readonly<Record<string, string>>;

/** Ours; the time to listening begins with the program, as StartSession is a part of it. */
async function ours(
  env: Environment,
  far: number,
  flags: readonly string[],
): Promise<Client> {
  const [program = "", ...first] = programCommand();
  const start = performance.now();
  const child = new Deno.Command(program, {
    args: [
      ...first,
      "forward",
      node,
      "--remote",
      String(far),
      "--json",
      "-q",
      ...flags,
    ],
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error("ssm forward did not start");
  const listening = performance.now() - start;
  const { localPort, pid } = JSON.parse(textDecoder.decode(value));
  return {
    port: localPort,
    pid,
    listening,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.status;
      await reader.cancel();
    },
  };
}

async function startSession(
  env: Environment,
  far: number,
): Promise<string> {
  const client = new SSMClient({
    region: env.AWS_REGION ?? "us-east-1",
    endpoint: env.AWS_ENDPOINT_URL ?? "",
    requestHandler: new FetchHttpHandler(),
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN ?? "",
    },
  });
  const { $metadata: _, ...answer } = await client.send(
    new StartSessionCommand({
      Target: node,
      DocumentName: "AWS-StartPortForwardingSession",
      Parameters: { portNumber: [String(far)], localPortNumber: ["0"] },
    }),
  );
  client.destroy();
  return JSON.stringify(answer);
}

/** The official plugin, started as the AWS CLI does (api.md §9). */
async function official(
  path: string,
  env: Environment,
  far: number,
): Promise<Client> {
  const answer = await startSession(env, far);
  const start = performance.now();
  const child = new Deno.Command(path, {
    args: [
      "AWS_SSM_START_SESSION_RESPONSE",
      env.AWS_REGION ?? "us-east-1",
      "StartSession",
      "",
      JSON.stringify({ Target: node }),
      env.AWS_ENDPOINT_URL ?? "",
    ],
    env: { ...env, AWS_SSM_START_SESSION_RESPONSE: answer },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("Waiting for connections")) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error(`The plugin ended: ${text}`);
    text += textDecoder.decode(value);
  }
  const listening = performance.now() - start;
  return {
    port: Number(/Port (\d+) opened/.exec(text)?.[1]),
    pid: child.pid,
    listening,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await reader.cancel();
      await child.status;
    },
  };
}

/** CPU seconds that a process has used. */
async function cpu(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** MiB of memory that a process has. */
async function rss(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

type Row = Record<string, string>;

async function rate(
  client: Client,
  run: () => Promise<{ bytes: number; seconds: number }>,
): Promise<{ rate: string; cost: string }> {
  const before = await cpu(client.pid);
  const { bytes, seconds } = await run();
  // The half second at the beginning costs as much as the rest.
  const used = (await cpu(client.pid) - before) * seconds / (seconds + 0.5);
  return {
    rate: (bytes / 1e6 / seconds).toFixed(2),
    cost: (used / (bytes / 2 ** 30)).toFixed(1),
  };
}

function percentile(sorted: readonly number[], share: number): string {
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return (sorted[index] ?? NaN).toFixed(2);
}

async function measureClient(
  make: () => Promise<Client>,
  far: FarEnd,
): Promise<Row> {
  const row: Row = {};
  {
    await using client = await make();
    row["to listening, ms"] = client.listening.toFixed(0);
    await sleep(500);
    row["RSS idle, MiB"] = (await rss(client.pid)).toFixed(0);
    const trips = await echo(client.port, quick ? 100 : 500);
    row["echo p50, ms"] = percentile(trips, 0.5);
    row["echo p99, ms"] = percentile(trips, 0.99);
    if (!quick) {
      using _many = await openMany(client.port, 1000);
      row["RSS with 1000, MiB"] = (await rss(client.pid)).toFixed(0);
    }
  }
  await using client = await make();
  for (const connections of [1, 8]) {
    const up = await rate(
      client,
      () => upload(client.port, far, connections, time),
    );
    row[`up ×${connections}, MB/s`] = up.rate;
    if (connections === 1) row["up, CPU s/GiB"] = up.cost;
    // What was on its way is not to count for the next.
    await sleep(500);
  }
  for (const connections of [1, 8]) {
    const down = await rate(
      client,
      () => download(client.port, connections, time),
    );
    row[`down ×${connections}, MB/s`] = down.rate;
    if (connections === 1) row["down, CPU s/GiB"] = down.cost;
    await sleep(500);
  }
  row["RSS after, MiB"] = (await rss(client.pid)).toFixed(0);
  return row;
}

/** Every figure of every client at one pace. */
async function measurePace(pace: "real" | "fast"): Promise<void> {
  const url = Deno.env.get(
    pace === "real" ? "SSM_BENCH_REAL" : "SSM_BENCH_FAST",
  );
  await using simulator = await startSimulatorProgram(
    pace === "real" ? ["--pace", "real"] : [],
  );
  const env: Environment = {
    ...simulator.env,
    ...(url === undefined ? {} : { AWS_ENDPOINT_URL: url }),
    AWS_EC2_METADATA_DISABLED: "true",
  };
  await using far = startFarEnd();
  const clients: [string, () => Promise<Client>][] = [
    [
      "ssm, 1 KiB",
      () => ours(env, far.port, ["--sessions", "1", "--payload-size", "1024"]),
    ],
    ["ssm", () => ours(env, far.port, ["--sessions", "1"])],
    ["ssm, 4 sessions", () => ours(env, far.port, ["--sessions", "4"])],
  ];
  if (plugin !== undefined) {
    clients.unshift(["plugin", () => official(plugin, env, far.port)]);
  }
  const rows: [string, Row][] = [];
  for (const [name, make] of clients) {
    rows.push([name, await measureClient(make, far)]);
  }
  console.log(
    `\n${pace === "real" ? "At the agent's pace" : "Without its pauses"}${
      url === undefined ? ", simulator" : ", another far end"
    }\n`,
  );
  const figures = Object.keys(rows[0]![1]);
  console.log(`| | ${rows.map(([name]) => name).join(" | ")} |`);
  console.log(`|---|${rows.map(() => "---:").join("|")}|`);
  for (const figure of figures) {
    console.log(
      `| ${figure} | ${rows.map(([, row]) => row[figure] ?? "").join(" | ")} |`,
    );
  }
}

if (Deno.build.os !== "linux") {
  console.log("This bench reads /proc, which only Linux has.");
} else {
  console.log(
    `deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores`,
  );
  await measurePace("fast");
  await measurePace("real");
}
