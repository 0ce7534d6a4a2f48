/**
 * What the short commands of `ssm config` do.
 *
 * @module
 */

import type { RouteMap } from "@stricli/core";
import { visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import type { SectionFlags } from "../config.ts";
import type { AliasFlags } from "../config_alias.ts";
import type { CommandWorld, Context } from "../context.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import type { GeneralFlags } from "../flags.ts";
import { Notices } from "../notices.ts";
import { suggest } from "../suggest.ts";
import { type Change, changeConfig } from "./change.ts";
import { loadUserConfig, problemLines, readConfigText } from "./load.ts";
import { requireConfigPath } from "./place.ts";
import { readRepositoryFile, repositoryFileName } from "./repository_file.ts";
import { type Setting, settingsOf } from "./settings.ts";
import { readUserFile } from "./user_file.ts";

type Root = RouteMap<CommandWorld>;

/**
 * Writes lines to standard output.
 * @param lines Without their ends.
 * @param context The world.
 */
export async function printLines(
  lines: readonly string[],
  context: Pick<Context, "terminal">,
): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join("");
  await context.terminal.write(new TextEncoder().encode(text));
}

/**
 * `ssm config path`.
 * @param context The world.
 * @returns The exit code.
 */
export async function printPath(context: Context): Promise<number> {
  await printLines([requireConfigPath(context.env)], context);
  return exitCodes.success;
}

/**
 * `ssm config get`.
 * @param name The setting.
 * @param flags Whose section.
 * @param root Every command.
 * @param context The world.
 * @returns 0; 1 where the file does not have it.
 */
export async function getSetting(
  name: string,
  { profile }: SectionFlags,
  root: Root,
  context: Context,
): Promise<number> {
  const settings = settingsOf(root);
  settingCalled(name, settings, profile);
  const config = await loadUserConfig(context.env, () => settings);
  const section = profile === undefined
    ? config?.defaults
    : config?.profiles.get(profile);
  const value = section?.get(name);
  if (value === undefined) return exitCodes.sessionFailed;
  await printLines(value.texts, context);
  return exitCodes.success;
}

/** What `ssm config set` and `unset` change. */
export interface SettingChange extends SectionFlags {
  readonly name: string;
  /** None for `unset`. */
  readonly values?: readonly string[];
}

/**
 * `ssm config set`.
 * @param change What, where.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function setSetting(
  { name, values = [], ...flags }: SettingChange,
  root: Root,
  context: Context,
): Promise<number> {
  const settings = settingsOf(root);
  const setting = settingCalled(name, settings, flags.profile);
  const value = valueOf(setting, values);
  return await change(
    { path: place(name, flags.profile), value },
    settings,
    flags,
    context,
  );
}

/**
 * `ssm config unset`.
 * @param change What, where.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function unsetSetting(
  { name, ...flags }: SettingChange,
  root: Root,
  context: Context,
): Promise<number> {
  const settings = settingsOf(root);
  settingCalled(name, settings, flags.profile);
  return await change(
    { path: place(name, flags.profile), value: undefined },
    settings,
    flags,
    context,
  );
}

/**
 * `ssm config alias add`.
 * @param change What stands for what.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function addAlias(
  { alias, target, profile, region, user, ...flags }: AliasFlags & {
    readonly alias: string;
    readonly target: string;
  },
  root: Root,
  context: Context,
): Promise<number> {
  const more = { profile, region, user };
  const value = Object.values(more).every((each) => each === undefined)
    ? target
    : { target, ...more };
  return await change(
    { path: ["aliases", alias], value },
    settingsOf(root),
    flags,
    context,
  );
}

/**
 * `ssm config alias remove`.
 * @param change Which.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function removeAlias(
  { alias, ...flags }: GeneralFlags & { readonly alias: string },
  root: Root,
  context: Context,
): Promise<number> {
  const settings = settingsOf(root);
  const config = await loadUserConfig(context.env, () => settings);
  const known = [...config?.aliases.keys() ?? []];
  if (!known.includes(alias)) {
    throw new CommandError(
      `There is no alias ${visible(alias)}` +
        didYouMean(suggest(alias, known)),
      exitCodes.failed,
      ["ssm config alias list"],
    );
  }
  return await change(
    { path: ["aliases", alias], value: undefined },
    settings,
    flags,
    context,
  );
}

/**
 * `ssm config validate`.
 * @param file As typed; `undefined` for the user's own.
 * @param flags How much is said.
 * @param root Every command.
 * @param context The world.
 * @returns 0; 1 where something is wrong.
 */
export async function validateFile(
  file: string | undefined,
  flags: GeneralFlags,
  root: Root,
  context: Context,
): Promise<number> {
  const path = file ?? requireConfigPath(context.env);
  const text = await readConfigText(path);
  const notices = new Notices(context.terminal, flags);
  if (text === undefined) {
    if (file !== undefined) {
      throw new CommandError(
        `Cannot read ${visible(path)}: there is no such file`,
        exitCodes.failed,
      );
    }
    notices.say(`There is no ${visible(path)}; everything is at its default`);
    await notices.written();
    return exitCodes.success;
  }
  const { problems } = path.split(/[/\\]/).at(-1) === repositoryFileName
    ? readRepositoryFile(text)
    : readUserFile(text, path, settingsOf(root));
  await printLines(problemLines(path, problems), context);
  if (problems.length > 0) return exitCodes.sessionFailed;
  notices.say(`${visible(path)} is as it should be`);
  await notices.written();
  return exitCodes.success;
}

async function change(
  what: Change,
  settings: readonly Setting[],
  flags: GeneralFlags,
  context: Context,
): Promise<number> {
  const { path, changed } = await changeConfig(what, settings, context);
  const notices = new Notices(context.terminal, flags);
  notices.say(
    changed ? `Wrote ${visible(path)}` : `${visible(path)} is as it should be`,
  );
  await notices.written();
  return exitCodes.success;
}

function place(name: string, profile: string | undefined): string[] {
  return profile === undefined
    ? ["defaults", name]
    : ["profiles", profile, name];
}

function settingCalled(
  name: string,
  settings: readonly Setting[],
  profile: string | undefined,
): Setting {
  const found = settings.find(({ keys }) => keys.includes(name));
  if (found !== undefined && !(name === "profile" && profile !== undefined)) {
    return found;
  }
  const known = settings.flatMap(({ keys }) => keys);
  throw new UsageError(
    found === undefined
      ? `There is no setting ${visible(name)}` +
        didYouMean(nearest(name.replace(/^--/, ""), known))
      : "Cannot set profile in the section of a profile",
    ["ssm config show"],
  );
}

/** One command's own keys, where the name is theirs; else what looks like it. */
function nearest(name: string, known: readonly string[]): string[] {
  const own = known.filter((key) => key.endsWith(`.${name}`));
  return own.length > 0 ? own : suggest(name, known);
}

/** What is typed as what stands in the file. */
function valueOf(setting: Setting, values: readonly string[]): unknown {
  const { kind, repeats, name } = setting;
  if (repeats) return values;
  const [value = "", second] = values;
  if (second !== undefined) {
    throw new UsageError(`Cannot set ${name}: it has one value`);
  }
  if (kind === "boolean" && /^(true|false)$/.test(value)) {
    return value === "true";
  }
  return kind === "counter" && /^\d+$/.test(value) || setting.isNumber(value)
    ? Number(value)
    : value;
}
