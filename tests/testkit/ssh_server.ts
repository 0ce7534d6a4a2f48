/**
 * A real sshd behind a simulated node: keys and configuration of its own, as the current user, on
 * loopback.
 *
 * @module
 */

import { freePort } from "./far_end.ts";
import { arePrograms } from "./programs.ts";
import {
  type SimulatorProgram,
  startSimulatorProgram,
} from "./simulator_program.ts";
import { cleanHome, programCommand } from "./executable.ts";

const sshd = "/usr/sbin/sshd";

/** True where a test with {@linkcode startSshWorld} can run. */
export function canRunSsh(...more: readonly string[]): boolean {
  return arePrograms(sshd, "ssh", "ssh-keygen", ...more);
}

/** The default node, which {@linkcode SshWorld} leads to the sshd. */
export const sshNode = "i-0123456789abcdef0";

/** How a program of an {@linkcode SshWorld} ended. */
export interface SshResult {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly text: string;
  readonly stderr: string;
}

/** A simulator, an sshd behind it, and a configuration that leads there. */
export interface SshWorld extends AsyncDisposable {
  readonly simulator: SimulatorProgram;
  /** A folder that is removed at the end. */
  readonly folder: string;
  /** The current user, whom the sshd lets in. */
  readonly user: string;
  /** Options for `ssm ssh`: which keys and known hosts. */
  readonly options: readonly string[];
  /** The same with ssm's own block in it, for `ssh -F`. */
  readonly config: string;
  readonly knownHosts: string;
  /** The sshd's public key, without a comment. */
  readonly hostKey: string;
  /** The environment of all programs here. */
  readonly env: Readonly<Record<string, string>>;
  /** argv of our program. */
  readonly ssm: readonly string[];
  /** Runs a program to its end. */
  run(
    command: readonly string[],
    options?: { readonly stdin?: Uint8Array; readonly cwd?: string },
  ): Promise<SshResult>;
}

/**
 * Starts it.
 * @param flags More flags of `ssm simulate`.
 * @param configFlags Flags of `ssm ssh-config`.
 */
export async function startSshWorld(
  flags: readonly string[] = [],
  configFlags: readonly string[] = [],
): Promise<SshWorld> {
  await using stack = new AsyncDisposableStack();
  // Short, as sockets are in it.
  const folder = await Deno.makeTempDir({ prefix: "ssm-ssh-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const user = await outputOf("id", "-un");
  for (const name of ["host", "client"]) {
    await outputOf(
      ..."ssh-keygen -q -t ed25519 -C test -N".split(" "),
      "",
      "-f",
      `${folder}/${name}`,
    );
  }
  await Deno.mkdir(`${folder}/keys`);
  const port = freePort();
  stack.defer(await startSshd(folder, port));
  const simulator = stack.use(
    await startSimulatorProgram([
      "--port-map",
      `22=${port}`,
      "--authorized-keys",
      `${folder}/keys`,
      ...flags,
    ]),
  );
  const home = stack.use(await cleanHome());
  const env = { ...simulator.env, ...home.env };
  const ssm = programCommand();
  const run = runIn(env);
  const knownHosts = `${folder}/known_hosts`;
  const settings = {
    IdentityFile: `${folder}/client`,
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "accept-new",
    HashKnownHosts: "no",
    BatchMode: "yes",
  };
  const config = `${folder}/config`;
  await Deno.writeTextFile(
    config,
    Object.entries(settings).map((each) => `${each.join(" ")}\n`).join(""),
  );
  const written = await run([
    ...ssm,
    "ssh-config",
    "web-server",
    "--user",
    user,
    `--write=${config}`,
    ...configFlags,
  ]);
  if (written.code !== 0) throw new Error(written.stderr);
  const [kind, key] = (await Deno.readTextFile(`${folder}/host.pub`)).split(
    " ",
  );
  const parts = stack.move();
  return {
    simulator,
    folder,
    user,
    config,
    knownHosts,
    hostKey: `${kind} ${key}`,
    env,
    ssm,
    run,
    options: [
      "-F",
      "none",
      ...Object.entries(settings).flatMap((
        each,
      ) => ["-o", each.join("=")]),
    ],
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function runIn(env: Readonly<Record<string, string>>): SshWorld["run"] {
  return async ([program = "", ...args], { stdin, cwd } = {}) => {
    const child = new Deno.Command(program, {
      args: [...args],
      env,
      clearEnv: true,
      ...(cwd === undefined ? {} : { cwd }),
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const feeding = stdin === undefined ? undefined : (async () => {
      const writer = child.stdin.getWriter();
      await writer.write(stdin);
      await writer.close();
    })().catch(() => {}); // It did not want all of it.
    const { code, stdout, stderr } = await child.output();
    await feeding;
    const decoder = new TextDecoder();
    return {
      code,
      stdout,
      text: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  };
}

async function outputOf(program = "", ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args })
    .output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trimEnd();
}

/** Starts an sshd; the function that ends it. */
async function startSshd(
  folder: string,
  port: number,
): Promise<() => Promise<void>> {
  const config = `${folder}/sshd_config`;
  await Deno.writeTextFile(
    config,
    `ListenAddress 127.0.0.1:${port}
HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/client.pub ${folder}/keys/${sshNode}/%u
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
`,
  );
  // Where the service has never run, root's sshd misses its empty folder.
  if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true });
  const child = new Deno.Command(sshd, {
    args: ["-D", "-e", "-f", config],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch (error) {
      if (tries < 200) await new Promise((wake) => setTimeout(wake, 25));
      else throw new Error(`sshd did not start: ${error}`);
    }
  }
  return async () => {
    child.kill("SIGTERM");
    await child.status;
    await said;
  };
}

/** Waits until the simulator has no session; fails if that takes long. */
export async function untilNoSession(world: SshWorld): Promise<void> {
  for (let tries = 0;; tries++) {
    const active = await world.simulator.activeSessions();
    if (active.length === 0) return;
    // An agent whose far end left first waits for acknowledgements, 30 s at the fast pace.
    if (tries > 800) throw new Error(`Sessions are left: ${active}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
