/**
 * Every session-manager-plugin that the PATH leads to, in the order in which the AWS CLI finds them.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { kinship, type OwnProgram } from "./own_program.ts";
import { pluginName } from "./started_as.ts";

/** The plugin's file name on this platform. */
export const pluginFile: string = Deno.build.os === "windows"
  ? `${pluginName}.exe`
  : pluginName;

/** A session-manager-plugin on the PATH. */
export interface FoundPlugin {
  readonly path: string;
  readonly folder: string;
  /** This very program, another copy of it, or not ours. */
  readonly kin: "this" | "other" | "foreign";
}

/**
 * The folders of the PATH that are absolute, each once, in order. Others lead elsewhere from each
 * folder one works in.
 * @param context The world.
 */
export function pathFolders(context: Pick<Context, "env">): string[] {
  const windows = Deno.build.os === "windows";
  const all = (context.env("PATH") ?? "").split(windows ? ";" : ":")
    .filter((folder) => windows ? /^[a-z]:/i.test(folder) : folder[0] === "/")
    .map((folder) =>
      folder.length > 1 ? folder.replace(/[\\/]+$/, "") : folder
    );
  return [...new Set(all)];
}

/**
 * Finds them.
 * @param context The world.
 * @param own This program.
 */
export async function pluginsOnPath(
  context: Pick<Context, "env">,
  own: OwnProgram,
): Promise<FoundPlugin[]> {
  const found: FoundPlugin[] = [];
  for (const folder of pathFolders(context)) {
    const path = `${folder}/${pluginFile}`;
    try {
      const { isFile, mode } = await Deno.stat(path);
      if (!isFile || (mode !== null && (mode & 0o111) === 0)) continue;
      found.push({ path, folder, kin: await kinship(path, own) });
    } catch {
      // Nothing there, or nothing that we may start.
    }
  }
  return found;
}

/**
 * What a plugin answers to `--version`; `undefined` where it does not say.
 * @param path The plugin.
 */
export async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout, success } = await new Deno.Command(path, {
      args: ["--version"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(versionLimit),
    }).output();
    const text = new TextDecoder().decode(stdout).trim();
    return success && /^\d+(\.\d+){0,3}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** How long a plugin may take to say its version, in milliseconds. */
const versionLimit = 5_000;
