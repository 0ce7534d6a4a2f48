/**
 * `deno task compile [--target T] [--output F]`: one executable with everything in it.
 *
 * 1. `deno bundle` with the `module` condition, code splitting and minification: one file for what
 *    every command needs, further ones for what is imported dynamically, the AWS SDK above all.
 *    They are loaded when needed, so `--version` costs what an empty program costs
 *    (docs/decisions/aws_sdk.md).
 * 2. `deno compile` of that bundle alone: no configuration, no packages, no lock file, the
 *    permissions of `permissions.ts`, no questions for more of them, and no code cache. The cache
 *    lies in the temporary folder under a name that anybody can take first, and is trusted: a local
 *    user could run code with this one's credentials.
 *
 * @module
 */

import { executablePermissions } from "./permissions.ts";

/** The machines an executable can be made for. */
export const targets = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** One of {@linkcode targets}. */
export type Target = typeof targets[number];

/**
 * Left out of the bundle: a native module that the simulator tries to load under `deno run` and
 * does without in the executable.
 */
const external = ["@lydell/node-pty"];

const usage = `Usage: deno task compile [--target <target>] [--output <file>]

Makes an executable for this machine, or for one of these:
${targets.map((target) => `  ${target}`).join("\n")}`;

/** What the command line asks for. */
export interface CompileOptions {
  /** `undefined`: this machine. */
  readonly target: Target | undefined;
  /** Where the executable goes, relative to the current folder. */
  readonly output: string;
}

/**
 * Reads the command line.
 *
 * @param args The arguments after the script's name.
 * @throws {Error} For anything unknown, with what to do instead.
 */
export function parseCompileOptions(args: readonly string[]): CompileOptions {
  let target: Target | undefined;
  let output: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const [name = "", inline] = (args[i] ?? "").split(/=(.*)/s);
    if (name !== "--target" && name !== "--output") {
      throw new Error(`Cannot read arguments: ${name} is unknown\n\n${usage}`);
    }
    const value = inline ?? args[++i];
    if (value === undefined || value === "") {
      throw new Error(
        `Cannot read arguments: ${name} needs a value\n\n${usage}`,
      );
    }
    if (name === "--output") output = value;
    else {
      target = targets.find((one) => one === value);
      if (target === undefined) {
        throw new Error(
          `Cannot read arguments: ${value} is no target\n\n${usage}`,
        );
      }
    }
  }
  return { target, output: output ?? defaultOutput(target) };
}

function defaultOutput(target: Target | undefined): string {
  const windows = target === undefined
    ? Deno.build.os === "windows"
    : target.includes("windows");
  const name = target === undefined ? "ssm" : `ssm-${target}`;
  return `dist/${name}${windows ? ".exe" : ""}`;
}

/** The arguments of the first step. */
export function bundleArguments(entry: string, outdir: string): string[] {
  return [
    "bundle",
    "--quiet",
    "--minify",
    "--code-splitting",
    ...external.flatMap((name) => ["--external", name]),
    "--outdir",
    outdir,
    entry,
  ];
}

/** The arguments of the second step. */
export function compileArguments(
  bundle: string,
  options: CompileOptions,
): string[] {
  return [
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-npm",
    "--no-remote",
    "--no-lock",
    "--no-prompt",
    "--no-code-cache",
    ...executablePermissions.map((one) => one.flag),
    ...(options.target === undefined ? [] : ["--target", options.target]),
    "--output",
    options.output,
    bundle,
  ];
}

async function deno(
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot compile: deno ${args[0]} failed`);
}

/**
 * Makes the executable.
 *
 * @param entry The program's main file.
 * @throws {Error} Where one of the two steps fails; what it had to say went to standard error.
 */
export async function compile(
  entry: string,
  options: CompileOptions,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-bundle-" });
  try {
    // The packages' entry points meant for bundlers: without this condition some come as CommonJS,
    // which cannot be shaken (508 instead of 368 KB for the Session Manager client alone).
    await deno(bundleArguments(entry, folder), { DENO_CONDITIONS: "module" });
    const name = entry.replace(/^.*[\\/]/, "").replace(/\.ts$/, ".js");
    await deno(compileArguments(`${folder}/${name}`, options));
    const { size } = await Deno.stat(options.output);
    console.error(`${options.output}: ${(size / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
      console.error(usage);
    } else {
      await compile("main.ts", parseCompileOptions(Deno.args));
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
