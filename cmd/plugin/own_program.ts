/**
 * How others can start this program, and how a file shows that it starts us.
 *
 * @module
 */

import { shellQuote } from "../../lib/text.ts";
import { ownCommand } from "../own_command.ts";

/** This program. */
export interface OwnProgram {
  /** The executable; Deno's, where we run from source. */
  readonly path: string;
  /** What has to stand before our arguments; nothing for an executable of our own. */
  readonly args: readonly string[];
}

/** How this process was started. */
export function ownProgram(): OwnProgram {
  const [path = "", ...args] = ownCommand();
  return { path, args };
}

/** The second line of a script of ours, by which it is known again. */
const mark =
  "# Written by 'ssm plugin install'; 'ssm plugin uninstall' removes it.";

/**
 * A script that starts us as the plugin, for where a link does not do.
 * @param own This program.
 */
export function pluginScript({ path, args }: OwnProgram): string {
  const command = [path, ...args].map(shellQuote).join(" ");
  return `#!/bin/sh\n${mark}\nexec ${command} plugin -- "$@"\n`;
}

/**
 * What a file on the PATH is to us: this very program, another copy of it, or not ours.
 * @param path The file.
 * @param own This program.
 */
export async function kinship(
  path: string,
  own: OwnProgram,
): Promise<"this" | "other" | "foreign"> {
  const script = await readStart(path, 4096);
  if (script.includes(mark)) {
    return script === pluginScript(own) ? "this" : "other";
  }
  // From source, Deno's executable may be linked to under any name.
  if (own.args.length > 0) return "foreign";
  const [target, ours] = await Promise.all([
    Deno.realPath(path),
    Deno.realPath(own.path),
  ]);
  if (target === ours) return "this";
  const { isSymlink } = await Deno.lstat(path);
  if (isSymlink && /[\\/]ssm(\.exe)?$/.test(target)) return "other";
  // A copy, as Windows has it. No two programs of this size have the same by chance.
  const [copy, original] = await Promise.all([
    Deno.stat(target),
    Deno.stat(ours),
  ]);
  return copy.size === original.size ? "this" : "foreign";
}

async function readStart(path: string, length: number): Promise<string> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(length);
  const read = await file.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, read));
}
