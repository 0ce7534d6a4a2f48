/**
 * A script that a simulated node runs for real, as the official agent does (`runscript.go`): the
 * lines in a file, run by `sh -c` in a process group of its own, which is killed as a whole.
 *
 * @module
 */

import { sessionEnvironment, workingDirectory } from "../pty/environment.ts";
import {
  streamLimit,
  streamOf,
  type StreamOutput,
  withText,
} from "./output.ts";

/** How a script ended. */
export interface ScriptResult {
  /** The exit code; -1 where a signal ended the shell. */
  readonly code: number;
  readonly stdout: StreamOutput;
  readonly stderr: StreamOutput;
}

/** What to run. */
export interface ScriptRequest {
  readonly lines: readonly string[];
  /** An absolute path, or empty for the node's own. */
  readonly workingDirectory: string;
  /** More of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Kills it. */
  readonly signal: AbortSignal;
}

/** What the agent gives as the exit code of a script that it killed (128 + SIGKILL). */
export const killedCode = 137;

/**
 * Runs a script to its end. A program that it left behind with our pipes is waited for, as the agent
 * does.
 * @param request What to run.
 */
export async function runScript(request: ScriptRequest): Promise<ScriptResult> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-command-" });
  try {
    const path = `${folder}/_script.sh`;
    await Deno.writeTextFile(path, request.lines.join("\n") + "\n", {
      mode: 0o700,
    });
    if (request.signal.aborted) return { code: killedCode, ...silence };
    return await run(path, request);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const silence = { stdout: streamOf(""), stderr: streamOf("") };

async function run(
  path: string,
  { workingDirectory: asked, env, signal }: ScriptRequest,
): Promise<ScriptResult> {
  const environment = { ...sessionEnvironment(Deno.env.toObject()), ...env };
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("/bin/sh", {
      args: ["-c", path],
      env: environment,
      clearEnv: true,
      cwd: asked || workingDirectory(environment),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    return { code: 1, stdout: silence.stdout, stderr: streamOf(failed(error)) };
  }
  const kill = () => {
    try {
      Deno.kill(-child.pid, "SIGKILL");
    } catch {
      // All of it has ended.
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    const [stdout, stderr, { code, signal: killer }] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      child.status,
    ]);
    if (signal.aborted) return { code: killedCode, stdout, stderr };
    const end = killer === null ? code : -1;
    return {
      code: end,
      stdout,
      stderr: end === 0 ? stderr : withText(stderr, agentWords(end, killer)),
    };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/**
 * What the agent writes at the end of a failed script's standard error.
 * @param code The script's exit code.
 * @param signal What killed it.
 */
export function agentWords(code: number, signal: string | null = null): string {
  const words = signal === null ? `exit status ${code}` : `signal: ${signal}`;
  return `failed to run commands: ${words}`;
}

function failed(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `failed to run commands: ${reason}`;
}

/** Reads to the end, and keeps what may be asked for. */
async function collect(
  stream: ReadableStream<Uint8Array>,
): Promise<StreamOutput> {
  const head = new Uint8Array(streamLimit);
  let total = 0;
  for await (const chunk of stream) {
    if (total < head.length) {
      head.set(chunk.subarray(0, head.length - total), total);
    }
    total += chunk.length;
  }
  return { head: head.slice(0, Math.min(total, head.length)), total };
}
