/**
 * Where the user's own files are: the configuration, and what is remembered between two runs. On
 * macOS as on Linux, as gh, git and kubectl have it: people who keep such files keep them together.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** Looks up an environment variable; an empty one counts as not set. */
export type Lookup = (name: string) => string | undefined;

/** The variable that names the configuration file. */
export const configVariable = "SSM_CONFIG";

/**
 * The configuration file: `SSM_CONFIG`, else `ssm/config.jsonc` in XDG_CONFIG_HOME, in ~/.config, or
 * on Windows in %APPDATA%.
 * @param env The environment.
 * @param os The system, for the tests.
 * @returns `undefined` where no variable says where the user's files are.
 */
export function configPath(
  env: Lookup,
  os: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  const named = env(configVariable);
  if (named !== undefined) return named;
  const folder = userFolder(env, os, {
    xdg: "XDG_CONFIG_HOME",
    below: ".config",
    windows: "APPDATA",
  });
  return folder === undefined ? undefined : `${folder}/config.jsonc`;
}

/**
 * {@linkcode configPath} for commands that need one.
 * @param env The environment.
 * @throws UsageError
 */
export function requireConfigPath(env: Lookup): string {
  const path = configPath(env);
  if (path !== undefined) return path;
  throw new UsageError(
    "Cannot find your configuration: HOME is not set",
    [`export ${configVariable}=/path/to/config.jsonc`],
  );
}

/**
 * The folder of what is remembered between two runs and is no setting: `ssm` in XDG_STATE_HOME, in
 * ~/.local/state, or on Windows in %LOCALAPPDATA%.
 * @param env The environment.
 * @param os The system, for the tests.
 * @returns `undefined` where no variable says where the user's files are.
 */
export function stateFolder(
  env: Lookup,
  os: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  return userFolder(env, os, {
    xdg: "XDG_STATE_HOME",
    below: ".local/state",
    windows: "LOCALAPPDATA",
  });
}

function userFolder(
  env: Lookup,
  os: typeof Deno.build.os,
  names: {
    readonly xdg: string;
    readonly below: string;
    readonly windows: string;
  },
): string | undefined {
  const xdg = env(names.xdg);
  // The XDG specification has relative paths ignored.
  if (xdg !== undefined && isAbsolute(xdg)) return `${xdg}/ssm`;
  if (os === "windows") {
    const folder = env(names.windows);
    if (folder !== undefined) return `${folder}/ssm`;
  }
  const home = env("HOME") ?? env("USERPROFILE");
  return home === undefined ? undefined : `${home}/${names.below}/ssm`;
}

function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path);
}
