/**
 * Other programs on our standard streams.
 *
 * @module
 */

/** Variables to set, and (`undefined`) to take away. */
export type EnvironmentChanges = Readonly<Record<string, string | undefined>>;

/** How another program ended. */
export interface ChildEnd {
  readonly code: number;
  /** Set when a signal ended it. */
  readonly signal: string | undefined;
}

/** Another program, on our standard streams. */
export interface ChildProgram {
  readonly ended: Promise<ChildEnd>;
  kill(signal: Deno.Signal): void;
}

/**
 * Starts a program.
 * @param command argv.
 * @param environment Changes to ours.
 * @throws Deno.errors.NotFound, Deno.errors.PermissionDenied
 */
export function runProgram(
  command: readonly string[],
  environment: EnvironmentChanges,
): ChildProgram {
  const [program = "", ...args] = command;
  const variables = { ...Deno.env.toObject() };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete variables[name];
    else variables[name] = value;
  }
  const child = new Deno.Command(program, {
    args,
    env: variables,
    clearEnv: true,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return {
    ended: child.status.then(({ code, signal }) => ({
      code,
      signal: signal ?? undefined,
    })),
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has just ended.
      }
    },
  };
}
