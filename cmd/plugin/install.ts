/**
 * `ssm plugin install`, `uninstall` and `status`: ourselves under the plugin's name on the PATH.
 *
 * @module
 */

import { shellQuote, visible } from "../../lib/text.ts";
import { pluginVersion } from "../../lib/version.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { Notices } from "../notices.ts";
import type { InstallFlags, UninstallFlags } from "../plugin.ts";
import {
  type FoundPlugin,
  pathFolders,
  pluginFile,
  pluginsOnPath,
  versionOf,
} from "./on_path.ts";
import { type OwnProgram, ownProgram } from "./own_program.ts";
import { ForeignPluginError, placePlugin } from "./place.ts";

/**
 * Puts us in the plugin's place.
 * @param flags As parsed.
 * @param context The world.
 * @param own This program.
 * @returns The exit code.
 * @throws CommandError
 */
export async function installPlugin(
  flags: InstallFlags,
  context: Context,
  own: OwnProgram = ownProgram(),
): Promise<number> {
  const notices = new Notices(context.terminal, flags, context.log);
  const found = await pluginsOnPath(context, own);
  const [first] = found;
  try {
    if (flags.dir === undefined && first?.kin === "this") {
      notices.say(`Installed already: ${visible(first.path)} is ssm`);
      return exitCodes.success;
    }
    const path = flags.dir === undefined
      ? await placeOnPath(first, flags.force, context, own)
      : await placeIn(absolute(flags.dir), flags.force, own);
    notices.say(`Installed: ${visible(path)} is ssm`);
    const now = await pluginsOnPath(context, own);
    sayWhatRuns(path, now, notices);
    return exitCodes.success;
  } finally {
    await notices.written();
  }
}

/** Which one the AWS CLI starts now, and which ones it does not. */
function sayWhatRuns(
  path: string,
  now: readonly FoundPlugin[],
  notices: Notices,
): void {
  const [first] = now;
  const folder = path.slice(0, -pluginFile.length - 1);
  if (first?.path !== path) {
    notices.say(
      (first === undefined
        ? `${visible(folder)} is not on the PATH`
        : `The AWS CLI still starts ${visible(first.path)}`) +
        "; put it first\n" +
        `hint: export PATH=${shellQuote(folder)}:"$PATH"`,
    );
    return;
  }
  for (const { path, kin } of now.slice(1)) {
    if (kin === "foreign") {
      notices.say(`It hides ${visible(path)}, which stays as it is`);
    }
  }
}

/** In the folder that fits best, of those before the one that runs so far. */
async function placeOnPath(
  first: FoundPlugin | undefined,
  force: boolean,
  context: Context,
  own: OwnProgram,
): Promise<string> {
  const folders = pathFolders(context);
  const last = first === undefined
    ? folders.length
    : folders.indexOf(first.folder) + 1;
  const candidates = preferred(folders.slice(0, last), context, own);
  let foreign: string | undefined;
  for (const folder of candidates) {
    try {
      return await placePlugin(folder, force, own);
    } catch (error) {
      if (error instanceof ForeignPluginError) foreign ??= error.path;
      else if (!isNoPlace(error)) throw error;
    }
  }
  throw new CommandError(
    foreign !== undefined
      ? `Cannot install: ${visible(foreign)} is not ours, and no folder ` +
        "that you may write to comes before it on the PATH"
      : first === undefined
      ? "Cannot install: you may write to no folder of the PATH"
      : "Cannot install: no folder that you may write to comes before " +
        `${visible(first.path)} on the PATH`,
    exitCodes.failed,
    [
      ...(foreign === undefined ? [] : ["ssm plugin install --force"]),
      'ssm plugin install --dir ~/.local/bin && export PATH=~/.local/bin:"$PATH"',
    ],
  );
}

async function placeIn(
  folder: string,
  force: boolean,
  own: OwnProgram,
): Promise<string> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    return await placePlugin(folder, force, own);
  } catch (error) {
    if (error instanceof ForeignPluginError) {
      throw new CommandError(
        `Cannot install: ${visible(error.path)} is not ours`,
        exitCodes.failed,
        [`ssm plugin install --dir ${shellQuote(folder)} --force`],
        [],
        { cause: error },
      );
    }
    if (!isNoPlace(error)) throw error;
    throw new CommandError(
      `Cannot install: ${visible(folder)} cannot be written to`,
      exitCodes.failed,
      [],
      [],
      { cause: error },
    );
  }
}

/** A folder that cannot have the plugin, for whatever reason. */
function isNoPlace(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.AlreadyExists ||
    (error instanceof Error && "code" in error && error.code === "EROFS");
}

/**
 * Where people keep programs of their own first; folders whose contents are made anew by other
 * programs never.
 */
function preferred(
  folders: readonly string[],
  context: Context,
  own: OwnProgram,
): string[] {
  const home = context.env("HOME") ?? context.env("USERPROFILE");
  const kept = folders.filter((folder) =>
    !/[\\/](shims|node_modules[\\/]\.bin)$/.test(folder)
  );
  const first = [
    ...(own.args.length > 0 ? [] : [own.path.replace(/[\\/][^\\/]*$/, "")]),
    ...(home === undefined ? [] : [`${home}/.local/bin`, `${home}/bin`]),
    "/usr/local/bin",
    "/opt/homebrew/bin",
  ].filter((folder) => kept.includes(folder));
  return [...new Set([...first, ...kept])];
}

function absolute(folder: string): string {
  const rooted = Deno.build.os === "windows"
    ? /^([a-z]:|[\\/])/i.test(folder)
    : folder.startsWith("/");
  const path = rooted ? folder : `${Deno.cwd()}/${folder}`;
  return path.length > 1 ? path.replace(/[\\/]+$/, "") : path;
}

/**
 * Takes us out of the plugin's place.
 * @param flags As parsed.
 * @param context The world.
 * @param own This program.
 * @returns The exit code.
 * @throws CommandError
 */
export async function uninstallPlugin(
  flags: UninstallFlags,
  context: Context,
  own: OwnProgram = ownProgram(),
): Promise<number> {
  const notices = new Notices(context.terminal, flags, context.log);
  const found = await pluginsOnPath(context, own);
  const ours = found.filter(({ kin }) => kin !== "foreign");
  try {
    for (const { path } of ours) {
      try {
        await Deno.remove(path);
      } catch (error) {
        throw new CommandError(
          `Cannot remove ${visible(path)}: ${
            error instanceof Error ? visible(error.message) : String(error)
          }`,
          exitCodes.failed,
          [],
          [],
          { cause: error },
        );
      }
      notices.say(`Removed: ${visible(path)}`);
    }
    if (ours.length === 0) {
      notices.say("Nothing to remove: no session-manager-plugin is ssm");
    }
    const next = found.find(({ kin }) => kin === "foreign");
    notices.say(
      next === undefined
        ? "The AWS CLI finds no session-manager-plugin now"
        : `The AWS CLI starts ${visible(next.path)} now`,
    );
    return exitCodes.success;
  } finally {
    await notices.written();
  }
}

/**
 * Prints which plugins there are.
 * @param context The world.
 * @param own This program.
 * @returns The exit code: 0 when the AWS CLI starts us.
 * @throws CommandError When there is none.
 */
export async function pluginStatus(
  context: Context,
  own: OwnProgram = ownProgram(),
): Promise<number> {
  const found = await pluginsOnPath(context, own);
  if (found.length === 0) {
    throw new CommandError(
      "The AWS CLI finds no session-manager-plugin: none is on the PATH",
      exitCodes.sessionFailed,
      ["ssm plugin install"],
    );
  }
  const rows = await Promise.all(found.map(async ({ path, kin }) => ({
    path: visible(path),
    version: kin === "this" ? pluginVersion : await versionOf(path) ?? "?",
    what: kin === "this"
      ? "ssm"
      : kin === "other"
      ? "another ssm"
      : "another program",
  })));
  const width = Math.max(...rows.map(({ path }) => path.length));
  await context.terminal.write(
    new TextEncoder().encode(
      rows.map(({ path, version, what }) =>
        `${path.padEnd(width)}  ${version}  ${what}\n`
      ).join(""),
    ),
  );
  return found[0]?.kin === "foreign"
    ? exitCodes.sessionFailed
    : exitCodes.success;
}
