/**
 * The real program as tests run it: `main.ts` with the documented permissions, or, with
 * SSM_EXECUTABLE, an executable.
 *
 * @module
 */

import { fromFileUrl } from "./paths.ts";
import {
  executablePermissions,
  nativeTerminalPermission,
} from "../../scripts/permissions.ts";

/** The repository's folder. */
export const projectFolder = fromFileUrl(new URL("../../", import.meta.url));

/** argv of the program, without its arguments. */
export function programCommand(): string[] {
  const executable = Deno.env.get("SSM_EXECUTABLE");
  if (executable) return [executable];
  return [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--quiet",
    ...executablePermissions.map((permission) => permission.flag),
    nativeTerminalPermission,
    `--config=${projectFolder}deno.json`,
    `${projectFolder}main.ts`,
  ];
}

/** How a run of the program ended. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@linkcode runProgram} takes besides the arguments. */
export interface ProgramOptions {
  /** Added to an environment that has PATH and a HOME without any AWS configuration. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input holds; none when absent. */
  readonly stdin?: string;
}

/** Longer than anything takes that runs to its end by itself; a safety net. Milliseconds. */
const deadline = 120_000;

/**
 * Runs the program to its end.
 * @param args Its arguments.
 */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  await using home = await cleanHome();
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [...first, ...args],
    env: { ...home.env, ...options.env },
    clearEnv: true,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(deadline),
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A home folder of the test's own, with nothing of AWS in it. */
export interface CleanHome extends AsyncDisposable {
  readonly path: string;
  /** A whole environment: PATH, HOME, and what keeps Deno's cache and AWS's metadata in place. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a {@linkcode CleanHome}; it is removed when disposed of. */
export async function cleanHome(): Promise<CleanHome> {
  const path = await Deno.makeTempDir({ prefix: "ssm-home-" });
  const kept: Record<string, string> = {};
  for (
    const name of ["PATH", "SystemRoot", "TMPDIR", "TEMP", "DENO_TLS_CA_STORE"]
  ) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return {
    path,
    env: {
      ...kept,
      HOME: path,
      USERPROFILE: path,
      SHELL: "/bin/sh",
      DENO_DIR: denoFolder(),
      AWS_EC2_METADATA_DISABLED: "true",
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

let knownDenoFolder: string | undefined;

/** Where this Deno keeps its cache: another HOME must not make it download everything anew. */
function denoFolder(): string {
  if (knownDenoFolder === undefined) {
    const { stdout } = new Deno.Command(Deno.execPath(), {
      args: ["info", "--json"],
      cwd: projectFolder,
    }).outputSync();
    const info: { denoDir: string } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    knownDenoFolder = info.denoDir;
  }
  return knownDenoFolder;
}
