/**
 * `ssm cp` as a program, and folders that stand for this machine and the node.
 *
 * @module
 */

import { programCommand } from "./executable.ts";

/** How a run of `ssm cp` ended. */
export interface CopyResult {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** What {@linkcode runCopyProgram} takes. */
export interface CopyRun {
  /** A whole environment that leads to a simulator. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly cwd: string;
  readonly stdin?: Uint8Array;
  /** True where standard input does not end behind that. */
  readonly openEnded?: boolean;
  /** Gets the running program. */
  readonly started?: (child: Deno.ChildProcess) => void;
}

/** Longer than any copy of a test takes; a safety net. Milliseconds. */
const deadline = 120_000;

/**
 * Runs `ssm cp`.
 *
 * @param args Its arguments.
 */
export async function runCopyProgram(
  args: readonly string[],
  { env, cwd, stdin, openEnded, started }: CopyRun,
): Promise<CopyResult> {
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [...first, "cp", ...args],
    env,
    clearEnv: true,
    cwd,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(deadline),
  }).spawn();
  started?.(child);
  const output = child.output();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that has failed reads nothing.
    await writer.write(stdin)
      .then(() => openEnded ? output.then(() => {}) : writer.close())
      .catch(() => {});
    if (openEnded) await writer.abort().catch(() => {});
  }
  const { code, stdout, stderr } = await output;
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

/** Two folders of a test's own. */
export interface CopyFolders extends AsyncDisposable {
  /** This machine's. */
  readonly here: string;
  /** The node's, as a path there. */
  readonly there: string;
}

/** Makes {@linkcode CopyFolders}; they are removed when disposed of. */
export async function copyFolders(): Promise<CopyFolders> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "ssm-copy-" }),
  );
  const here = `${folder}/here`, there = `${folder}/there`;
  await Deno.mkdir(here);
  await Deno.mkdir(there);
  return {
    here,
    there,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Every file below a folder with its content, folders with `/`, sorted. */
export async function tree(folder: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  const walk = async (path: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder + path)) {
      const below = `${path}/${name}`;
      if (isDirectory) {
        found.push([`${below}/`, ""]);
        await walk(below);
      } else {
        const bytes = await Deno.readFile(folder + below);
        found.push([below, new TextDecoder("latin1").decode(bytes)]);
      }
    }
  };
  await walk("");
  return found.sort(([a], [b]) => a < b ? -1 : 1);
}
