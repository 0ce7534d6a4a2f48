/**
 * What `ssm cp` moves in a second, beside `scp` through the official plugin in the same run (Linux).
 *
 * `deno run -A tests/bench/cp.ts [--size MiB] [--pace real|fast]`
 *
 * - SSM_OFFICIAL_PLUGIN=/path/to/session-manager-plugin, with `aws`, `scp` and `sshd` installed,
 *   measures that as well.
 * - SSM_EXECUTABLE=dist/ssm measures that executable instead of `main.ts`.
 *
 * @module
 */

import { copyFolders } from "../testkit/copy_program.ts";
import { programCommand } from "../testkit/executable.ts";
import { random } from "../testkit/node_shell.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const node = "i-0123456789abcdef0";
const plugin = Deno.env.get("SSM_OFFICIAL_PLUGIN");
const MiB = 1024 * 1024;
const bytes = Number(flag("--size") ?? 64) * MiB;
const pace = flag("--pace") ?? "real";

function flag(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}

type Environment = Readonly<Record<string, string>>;

/** MB/s of a command that copies everything, from its start to its end. */
async function rate(
  command: readonly string[],
  env: Environment,
): Promise<string> {
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const seconds = (performance.now() - start) / 1000;
  if (!success) {
    throw new Error(`${command[0]}: ${new TextDecoder().decode(stderr)}`);
  }
  return `${(bytes / 1e6 / seconds).toFixed(2)} (${seconds.toFixed(1)} s)`;
}

/** A server for SSH on loopback, for a key of its own. */
async function startSshd(folder: string): Promise<{
  readonly port: number;
  readonly key: string;
  readonly process: Deno.ChildProcess;
}> {
  const key = `${folder}/key`, host = `${folder}/host`;
  for (const path of [key, host]) {
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", path],
    }).output();
  }
  await Deno.mkdir("/run/sshd", { recursive: true });
  await Deno.copyFile(`${key}.pub`, `${folder}/authorized`);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await Deno.writeTextFile(
    `${folder}/config`,
    `ListenAddress 127.0.0.1:${port}
HostKey ${host}
AuthorizedKeysFile ${folder}/authorized
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
Subsystem sftp internal-sftp
`,
  );
  const process = new Deno.Command("/usr/sbin/sshd", {
    args: ["-D", "-e", "-f", `${folder}/config`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (let tries = 0; tries < 100; tries++) {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { port, key, process };
}

const rows: (readonly [string, string, string])[] = [];

async function measure(
  name: string,
  up: readonly string[],
  down: readonly string[],
  env: Environment,
  targets: readonly string[],
): Promise<void> {
  const first = await rate(up, env);
  const second = await rate(down, env);
  rows.push([name, first, second]);
  for (const path of targets) await Deno.remove(path);
}

await using folders = await copyFolders();
await using simulator = await startSimulatorProgram(["--pace", pace]);
const { here, there } = folders;
await Deno.writeFile(`${here}/source`, random(bytes));
await Deno.copyFile(`${here}/source`, `${there}/source`);
const env: Environment = {
  ...simulator.env,
  AWS_EC2_METADATA_DISABLED: "true",
};
const targets = [`${here}/target`, `${there}/target`];

if (plugin !== undefined) {
  const { port, key, process } = await startSshd(here);
  try {
    const bin = `${here}/bin`;
    await Deno.mkdir(bin);
    await Deno.symlink(plugin, `${bin}/session-manager-plugin`);
    const proxy = `aws ssm start-session --target ${node} ` +
      `--document-name AWS-StartSSHSession --parameters portNumber=${port} ` +
      `--endpoint-url ${env.AWS_ENDPOINT_URL}`;
    const options = [
      "-o",
      `ProxyCommand=${proxy}`,
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-i",
      key,
    ];
    const remote = `root@${node}:${there}`;
    await measure(
      "scp through the official plugin",
      ["scp", ...options, `${here}/source`, `${remote}/target`],
      ["scp", ...options, `${remote}/source`, `${here}/target`],
      { ...env, PATH: `${bin}:${env.PATH}`, USER: "root" },
      targets,
    );
  } finally {
    process.kill();
    await process.status;
  }
}
for (const sessions of ["1", "4", undefined]) {
  const flags = sessions === undefined ? [] : ["--sessions", sessions];
  const cp = [...programCommand(), "cp", "-q", ...flags];
  await measure(
    sessions === undefined ? "ssm cp" : `ssm cp --sessions ${sessions}`,
    [...cp, `${here}/source`, `${node}:${there}/target`],
    [...cp, `${node}:${there}/source`, `${here}/target`],
    env,
    targets,
  );
}
console.log(
  `deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ` +
    `${bytes / MiB} MiB, --pace ${pace}\n`,
);
console.log("| MB/s (the whole command) | up | down |\n|---|---:|---:|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
