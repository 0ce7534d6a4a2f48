/**
 * The signals that end us, and the exit codes they make.
 *
 * @module
 */

/** The signals that ask a program to end, where the platform has them. */
export const endingSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** Numbers of the signals that end programs (POSIX; the same on Linux and macOS). */
const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/**
 * 128+n, as shells have it.
 * @param signal A signal's name; an unknown one counts as SIGTERM.
 */
export function signalExitCode(signal: string): number {
  return 128 + (signalNumbers[signal] ?? 15);
}

/** The reason of an AbortSignal that `--timeout` aborted. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
  /** @param after Milliseconds. */
  constructor(readonly after: number) {
    super(`Stopped by --timeout after ${after / 1000} s`);
  }
}
