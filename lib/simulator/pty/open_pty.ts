/**
 * Chooses how a pseudo-terminal is made here.
 *
 * @module
 */

import { openNodePty } from "./node_pty.ts";
import { type Pty, PtyError, type PtyRequest } from "./pty.ts";
import { openScriptPty } from "./script_pty.ts";

/** The two ways to make a pseudo-terminal. */
export type PtyKind = "node-pty" | "script";

/**
 * The way that works in this process: node-pty under `deno run` from Deno 2.9 on, script(1) in a
 * compiled executable and before (deno.md §6).
 *
 * @param version Deno's version, as `2.9.6`.
 * @param standalone True in a compiled executable.
 */
export function choosePtyKind(
  version: string = Deno.version.deno,
  standalone: boolean = Deno.build.standalone,
): PtyKind {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const able = major > 2 || (major === 2 && minor >= 9);
  return able && !standalone ? "node-pty" : "script";
}

/**
 * Runs a program on a new pseudo-terminal, with whatever is there to make one.
 *
 * @param kind What to try first; script(1) is tried in any case.
 * @throws {PtyError} when nothing is, with a sentence that says what to install, or when the
 *     program cannot be started.
 */
export async function openPty(
  request: PtyRequest,
  kind: PtyKind = choosePtyKind(),
): Promise<Pty> {
  if (Deno.build.os === "windows") {
    throw new PtyError(
      "Cannot open a terminal on Windows: the simulator's agent needs Linux or macOS",
    );
  }
  await checkProgram(request);
  let nodeError: unknown;
  if (kind === "node-pty") {
    try {
      return await openNodePty(request);
    } catch (error) {
      nodeError = error;
    }
  }
  try {
    return await openScriptPty(request);
  } catch (error) {
    throw new PtyError(
      "Cannot open a terminal: install script(1) and stty(1) (Debian packages bsdutils and " +
        "coreutils; util-linux elsewhere), or run with Deno 2.9 and --allow-ffi",
      { cause: nodeError ?? error },
    );
  }
}

/**
 * Finds out before a terminal is opened that a program does not exist: both ways would report it
 * as an exit code of something else.
 */
async function checkProgram(request: PtyRequest): Promise<void> {
  const program = request.argv[0];
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'command -v -- "$1"', "sh", program],
    env: { PATH: request.env.PATH ?? "/usr/bin:/bin" },
    clearEnv: true,
    cwd: request.cwd,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) {
    throw new PtyError(
      `exec: ${JSON.stringify(program)}: executable file not found`,
    );
  }
}
