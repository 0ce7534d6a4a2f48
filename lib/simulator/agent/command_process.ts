/**
 * The process of a command without a terminal, as `os/exec` starts it for the agent: no input, and
 * output either through two pipes or into one file.
 *
 * @module
 */

import { sessionEnvironment, workingDirectory } from "../pty/environment.ts";
import { endSession } from "../pty/session_processes.ts";
import { StartError } from "./session_plugin.ts";

/** A running command. */
export interface CommandProcess {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Its exit code, -1 where a signal ended it, as Go's `ExitCode`. */
  readonly ended: Promise<number>;
  /** Sends a signal to the process alone; one that has ended gets none. */
  signal(name: Deno.Signal): void;
  /** Ends the process and all that it started. */
  kill(): Promise<void>;
}

/**
 * Starts a command.
 *
 * @param words Program and arguments.
 * @param own The simulator's environment, from which the command's is made.
 * @param file Takes both outputs in place of the pipes.
 * @throws {StartError} When it cannot be started, with the text of Go that the agent passes on.
 */
export function startCommand(
  words: readonly string[],
  own: Readonly<Record<string, string>>,
  file?: string,
): CommandProcess {
  const env = sessionEnvironment(own);
  const [program = "", ...args] = file === undefined
    ? words
    : ["/bin/sh", "-c", 'exec >"$0" 2>&1 && exec "$@"', file, ...words];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env,
      clearEnv: true,
      cwd: workingDirectory(env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      // Whatever it starts can be found and ended with it.
      detached: true,
    }).spawn();
  } catch (error) {
    throw new StartError(
      goError(program, error),
      { cause: error },
    );
  }
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    ended: child.status.then(({ code, signal }) => signal === null ? code : -1),
    signal(name) {
      try {
        child.kill(name);
      } catch {
        // It has just ended.
      }
    },
    kill: () => endSession({ leader: child.pid, tty: "" }),
  };
}

/** What `os/exec` says. */
function goError(program: string, error: unknown): string {
  const why = error instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : "no such file or directory";
  return program.includes("/")
    ? `fork/exec ${program}: ${why}`
    : `exec: "${program}": executable file not found in $PATH`;
}
