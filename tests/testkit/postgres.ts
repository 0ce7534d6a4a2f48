/**
 * A real PostgreSQL for one test, where it is installed as Debian's package installs it.
 *
 * @module
 */

import { StreamText } from "./forward_program.ts";

/** A running server; `await using` stops it and removes its data. */
export interface Postgres extends AsyncDisposable {
  /** Where it listens at 127.0.0.1. */
  readonly port: number;
}

/** Where Debian puts the programs, a folder for each version. */
const versions = "/usr/lib/postgresql";

/** Who runs it in root's place: the package makes the user. */
const user = "postgres";

/** Why there is none to start here; `undefined` where there is one. */
export const noPostgres: string | undefined = findReason();

function findReason(): string | undefined {
  if (programs() === undefined) return "PostgreSQL is not installed";
  if (!canRun("psql", "--version")) return "psql is not installed";
  if (Deno.uid() !== 0) return undefined;
  // The server refuses to be run by root.
  return canRun("setpriv", "--version") && canRun("id", "-u", user)
    ? undefined
    : `root cannot run PostgreSQL as ${user} here`;
}

/** The folder of the newest version's programs. */
function programs(): string | undefined {
  try {
    return [...Deno.readDirSync(versions)]
      .map(({ name }) => name)
      .sort((a, b) => Number(b) - Number(a))
      .map((name) => `${versions}/${name}/bin`)
      .find((bin) => canRun(`${bin}/initdb`, "--version"));
  } catch {
    return undefined;
  }
}

function canRun(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args }).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * Starts it, with the superuser `postgres` whom it asks for no password.
 * @param port Where.
 */
export async function startPostgres(port: number): Promise<Postgres> {
  const bin = programs();
  const folder = await Deno.makeTempDir({ prefix: "ssm-postgres-" });
  try {
    const ids = Deno.uid() === 0 ? await idsOf(user) : undefined;
    if (ids !== undefined) await Deno.chown(folder, ids.uid, ids.gid);
    const command = (name: string, ...args: string[]) => {
      const own = [`${bin}/${name}`, "-D", `${folder}/data`, ...args];
      const [program = "", ...all] = ids === undefined ? own : [
        "setpriv",
        `--reuid=${ids.uid}`,
        `--regid=${ids.gid}`,
        "--clear-groups",
        ...own,
      ];
      return new Deno.Command(program, {
        args: all,
        cwd: folder,
        env: { PATH: Deno.env.get("PATH") ?? "", LC_ALL: "C" },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
    };
    const made = await command(
      "initdb",
      "--auth=trust",
      "--username=postgres",
      "--encoding=UTF8",
      "--no-sync",
    ).output();
    if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
    };
    const child = command(
      "postgres",
      ...Object.entries(settings).flatMap(([key, value]) => [
        "-c",
        `${key}=${value}`,
      ]),
    ).spawn();
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) =>
      new StreamText(stream)
    );
    const dispose = async () => {
      try {
        // "Fast shutdown": it does not wait for clients.
        child.kill("SIGINT");
      } catch {
        // It has ended.
      }
      await Promise.all([child.status, stdout?.ended, stderr?.ended]);
      await Deno.remove(folder, { recursive: true });
    };
    try {
      await stderr?.until(/ready to accept connections/);
    } catch (error) {
      await dispose();
      throw error;
    }
    return { port, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    throw error;
  }
}

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const ask = async (flag: string) => {
    const { stdout } = await new Deno.Command("id", { args: [flag, name] })
      .output();
    return Number(new TextDecoder().decode(stdout));
  };
  return { uid: await ask("-u"), gid: await ask("-g") };
}
