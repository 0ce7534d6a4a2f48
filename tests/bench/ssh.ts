/**
 * What ssh is worth through `ssm ssh-proxy`, beside the official plugin in the same run (Linux,
 * with OpenSSH's client and server).
 *
 * `deno run -A tests/bench/ssh.ts [--quick]`
 *
 * - SSM_OFFICIAL_PLUGIN=/path/to/session-manager-plugin measures that as well.
 * - SSM_EXECUTABLE=dist/ssm measures that executable instead of `main.ts`.
 *
 * @module
 */

import { SSMClient, StartSessionCommand } from "@aws-sdk/client-ssm";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { shellQuote } from "../../lib/text.ts";
import {
  canRunSsh,
  sshNode,
  type SshWorld,
  startSshWorld,
} from "../testkit/ssh_server.ts";

const plugin = Deno.env.get("SSM_OFFICIAL_PLUGIN");
const quick = Deno.args.includes("--quick");
const runs = quick ? 1 : 3;

const MB = 1_000_000;

/** A way to the sshd. */
interface Way {
  readonly name: string;
  /** The value of ProxyCommand, and what its environment has besides. */
  start(): Promise<{
    readonly proxy: string;
    readonly env: Readonly<Record<string, string>>;
  }>;
  /** Bytes to send and to get, so that each takes some seconds. */
  readonly up: number;
  readonly down: number;
}

function ours(world: SshWorld, up: number, down: number): Way {
  const proxy = [...world.ssm, "ssh-proxy", sshNode].map(shellQuote).join(" ");
  return {
    name: "ssm ssh-proxy",
    start: () => Promise.resolve({ proxy, env: {} }),
    up,
    down,
  };
}

/** The official plugin, started as the AWS CLI does (api.md §9). */
function official(
  path: string,
  world: SshWorld,
  up: number,
  down: number,
): Way {
  const { env } = world;
  const args = [
    "AWS_SSM_START_SESSION_RESPONSE",
    env.AWS_REGION ?? "us-east-1",
    "StartSession",
    "",
    JSON.stringify({ Target: sshNode }),
    env.AWS_ENDPOINT_URL ?? "",
  ];
  return {
    name: "plugin",
    async start() {
      return {
        proxy: [path, ...args].map(shellQuote).join(" ").replaceAll("%", "%%"),
        env: { AWS_SSM_START_SESSION_RESPONSE: await startSession(env) },
      };
    },
    up,
    down,
  };
}

async function startSession(
  env: Readonly<Record<string, string>>,
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
      Target: sshNode,
      DocumentName: "AWS-StartSSHSession",
      Parameters: { portNumber: ["22"] },
    }),
  );
  client.destroy();
  return JSON.stringify(answer);
}

/** One ssh, from its start to the first byte, and from there to the last. */
async function measure(
  world: SshWorld,
  way: Way,
  command: string,
  send: number,
): Promise<{ readonly login: number; readonly seconds: number }> {
  const { proxy, env } = await way.start();
  const begin = performance.now();
  const child = new Deno.Command("ssh", {
    args: [
      ...world.options,
      "-o",
      "LogLevel=ERROR",
      "-o",
      `ProxyCommand=${proxy}`,
      `${world.user}@${sshNode}`,
      command,
    ],
    env: { ...world.env, ...env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const feeding = feed(child.stdin, send);
  let login: number | undefined;
  for await (const _ of child.stdout) login ??= performance.now() - begin;
  const seconds = (performance.now() - begin - (login ?? 0)) / 1000;
  await feeding;
  const { code } = await child.status;
  if (code !== 0 || login === undefined) {
    throw new Error(`ssh ended with ${code} through ${way.name}`);
  }
  return { login, seconds };
}

async function feed(
  stream: WritableStream<Uint8Array>,
  bytes: number,
): Promise<void> {
  const writer = stream.getWriter();
  const chunk = new Uint8Array(64 * 1024);
  for (let left = bytes; left > 0; left -= chunk.length) {
    await writer.write(chunk.subarray(0, Math.min(left, chunk.length)));
  }
  await writer.close();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

async function measureWay(world: SshWorld, way: Way): Promise<number[]> {
  const logins: number[] = [], ups: number[] = [], downs: number[] = [];
  for (let run = 0; run < runs; run++) {
    // `ready` comes when the login is through; what follows is the transfer alone.
    const up = await measure(
      world,
      way,
      `echo ready; head -c ${way.up} >/dev/null`,
      way.up,
    );
    const down = await measure(
      world,
      way,
      `echo ready; sleep 0.2; head -c ${way.down} /dev/zero`,
      0,
    );
    logins.push(up.login, down.login);
    ups.push(way.up / MB / up.seconds);
    downs.push(way.down / MB / (down.seconds - 0.2));
  }
  return [median(logins), median(ups), median(downs)];
}

async function measurePace(pace: "real" | "fast"): Promise<void> {
  await using world = await startSshWorld(["--pace", pace]);
  const size = (full: number) => quick ? full / 4 : full;
  const down = size(pace === "real" ? 4 * MB : 200 * MB);
  const ways = [ours(world, size(300 * MB), down)];
  if (plugin !== undefined) {
    ways.unshift(official(plugin, world, size(4 * MB), down));
  }
  const columns = [];
  for (const way of ways) columns.push(await measureWay(world, way));
  console.log(
    `\n${pace === "real" ? "At the agent's pace" : "Without its pauses"}\n`,
  );
  console.log(`| | ${ways.map(({ name }) => name).join(" | ")} |`);
  console.log(`|---|${ways.map(() => "---:").join("|")}|`);
  const rows: [string, number][] = [
    ["to the first byte, ms", 0],
    ["up, MB/s", 2],
    ["down, MB/s", 2],
  ];
  for (const [at, [name, digits]] of rows.entries()) {
    const cells = columns.map((each) => (each[at] ?? NaN).toFixed(digits));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}

if (Deno.build.os !== "linux" || !canRunSsh()) {
  console.log("This bench needs Linux with OpenSSH's client and server.");
} else {
  console.log(
    `deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores`,
  );
  await measurePace("fast");
  await measurePace("real");
}
