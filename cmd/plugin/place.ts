/**
 * The plugin's file in a folder: a link to us, a copy on Windows, or a script where we run from
 * source or a link does not tell its name.
 *
 * @module
 */

import { pluginVersion } from "../../lib/version.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { pluginFile, versionOf } from "./on_path.ts";
import { kinship, type OwnProgram, pluginScript } from "./own_program.ts";

/** A plugin that is not ours stands there. */
export class ForeignPluginError extends Error {
  override name = "ForeignPluginError";
  /** @param path Where. */
  constructor(readonly path: string) {
    super(`${path} is not ours`);
  }
}

/**
 * Makes us the plugin of a folder.
 * @param folder Must exist.
 * @param force Replaces what is not ours.
 * @param own This program.
 * @returns The path of the plugin.
 * @throws ForeignPluginError, CommandError, and Deno's errors for a folder that takes no files.
 */
export async function placePlugin(
  folder: string,
  force: boolean,
  own: OwnProgram,
): Promise<string> {
  const path = `${folder}/${pluginFile}`;
  if (!force && await isForeign(path, own)) throw new ForeignPluginError(path);
  const isSource = own.args.length > 0;
  if (Deno.build.os === "windows") {
    if (isSource) {
      throw new CommandError(
        "Cannot install from source on Windows, where the AWS CLI starts nothing but executables",
        exitCodes.failed,
        ["deno task compile"],
      );
    }
    await moved(path, (made) => Deno.copyFile(own.path, made));
    return path;
  }
  const writeScript = (made: string) =>
    Deno.writeTextFile(made, pluginScript(own), {
      createNew: true,
      mode: 0o755,
    });
  if (isSource) {
    await moved(path, writeScript);
    return path;
  }
  await moved(path, (made) => Deno.symlink(own.path, made));
  // What a link was called is not told everywhere.
  if (await versionOf(path) !== pluginVersion) await moved(path, writeScript);
  return path;
}

/** A link that leads nowhere is nobody's. */
async function isForeign(path: string, own: OwnProgram): Promise<boolean> {
  try {
    return await kinship(path, own) === "foreign";
  } catch (error) {
    // Deno 2.6 calls such a link a loop.
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.FilesystemLoop
    ) return false;
    throw error;
  }
}

/** Makes a file beside its place and moves it there, so that there always is a whole one. */
async function moved(
  path: string,
  make: (path: string) => Promise<void>,
): Promise<void> {
  const made = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    await make(made);
    await Deno.rename(made, path);
  } catch (error) {
    await Deno.remove(made).catch(() => {});
    throw error;
  }
}
