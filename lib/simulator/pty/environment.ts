/**
 * What a program on the simulated node finds in its environment.
 *
 * @module
 */

/**
 * The environment of a session's program, made from the simulator's own.
 *
 * The node is not the simulator: nothing that starts with `AWS_` is passed on, so a program on
 * the node never acts with the credentials of whoever runs the simulator. TERM and LANG are as the
 * agent sets them (sessions.md §2.5).
 *
 * @param own The simulator's environment.
 */
export function sessionEnvironment(
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (!name.startsWith("AWS_") && !foreign.has(name)) env[name] = value;
  }
  env.TERM = "xterm-256color";
  env.LANG ||= "C.UTF-8";
  // What is tried on a simulated node is no part of the user's own history.
  env.HISTFILE = "/dev/null";
  return env;
}

/** Variables that describe the terminal the simulator runs in, not the session's. */
const foreign = new Set([
  "COLUMNS",
  "LINES",
  "TERMCAP",
  "TMUX",
  "TMUX_PANE",
  "STY",
  "WINDOW",
  "WINDOWID",
  "TERM_PROGRAM",
  "TERM_PROGRAM_VERSION",
]);

/**
 * The user's shell as argv.
 *
 * @param chosen The simulator's option, if set.
 * @param own The simulator's environment.
 */
export function userShell(
  chosen: readonly string[] | undefined,
  own: Readonly<Record<string, string>>,
): [string, ...string[]] {
  const [program, ...rest] = chosen ?? [];
  if (program !== undefined && program !== "") return [program, ...rest];
  return [own.SHELL || "/bin/sh"];
}

/**
 * Where a session's program starts: the home directory, or the root where there is none.
 *
 * @param env The program's environment.
 */
export function workingDirectory(
  env: Readonly<Record<string, string>>,
): string {
  try {
    if (env.HOME && Deno.statSync(env.HOME).isDirectory) return env.HOME;
  } catch {
    // No such directory, or not ours to see.
  }
  return "/";
}
