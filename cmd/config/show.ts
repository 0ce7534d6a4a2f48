/**
 * `ssm config show` and `alias list`: what is in effect, and why.
 *
 * @module
 */

import type { RouteMap } from "@stricli/core";
import { visible } from "../../lib/text.ts";
import type { ShowFlags } from "../config.ts";
import type { AliasListFlags } from "../config_alias.ts";
import type { CommandWorld, Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { tableRows } from "../target/choice.ts";
import { configured, profileInUse, setInEnvironment } from "./apply.ts";
import { printLines } from "./commands.ts";
import { loadUserConfig } from "./load.ts";
import { configPath, type Lookup } from "./place.ts";
import { type Setting, settingsOf } from "./settings.ts";
import type { UserConfig } from "./user_file.ts";

/** A setting in effect. */
export interface EffectiveSetting {
  readonly name: string;
  /** `null` where nothing says anything. */
  readonly value: string | readonly string[] | null;
  /** Where it comes from: a variable, a line of the file, or the built-in default. */
  readonly source: "flag" | "environment" | "file" | "default" | "unset";
  /** The variable, or `path:line:column`. */
  readonly where: string | null;
  /** Why what the file says does not count. */
  readonly note?: string;
}

/** Why the file's profile does not count. */
const credentialsFirst = "not used: credentials of the environment come first";

/**
 * What a setting is where its flag is not given.
 * @param setting Which.
 * @param config The file.
 * @param profile The profile in use.
 * @param env The environment.
 */
export function effective(
  { name, variables, repeats, builtIn }: Omit<Setting, "check" | "isNumber">,
  config: UserConfig | undefined,
  profile: string | undefined,
  env: Lookup,
): EffectiveSetting {
  const variable = variables.flatMap((each) => [
    each,
    each.replace(/^AWS_/, "AWS_DEFAULT_"),
  ]).find((each) => env(each) !== undefined);
  if (variable !== undefined) {
    const value = env(variable) ?? null;
    return { name, value, source: "environment", where: variable };
  }
  const found = config === undefined
    ? undefined
    : configured(name, config, profile);
  const overruled = setInEnvironment({ name, variables }, env);
  if (config !== undefined && found !== undefined && !overruled) {
    const { texts, at } = found;
    return {
      name,
      value: repeats ? texts : texts[0] ?? null,
      source: "file",
      where: `${config.path}:${at.line}:${at.column}`,
    };
  }
  return {
    name,
    value: builtIn ?? null,
    source: builtIn === undefined ? "unset" : "default",
    where: null,
    // No variable of its own is set, so it is the profile, and credentials overrule it.
    ...(found !== undefined && overruled ? { note: credentialsFirst } : {}),
  };
}

/**
 * `ssm config show`.
 * @param flags With which profile, and in which form.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function showSettings(
  flags: ShowFlags,
  root: RouteMap<CommandWorld>,
  context: Context,
): Promise<number> {
  const settings = settingsOf(root);
  const config = await loadUserConfig(context.env, () => settings);
  const profile = config === undefined
    ? flags.profile
    : profileInUse(flags.profile, config, context.env);
  const typed = flags.profile !== undefined &&
    context.env("SSM_PROFILE") !== flags.profile;
  const rows = settings.flatMap((each): EffectiveSetting[] => {
    const { name, keys } = each;
    if (name === "profile" && typed) {
      const value = flags.profile ?? null;
      return [{ name, value, source: "flag", where: "--profile" }];
    }
    const general = effective(each, config, profile, context.env);
    // One command's own key comes before the general one, unless a variable says something.
    const own = keys.filter((key) => key !== name && config !== undefined)
      .map((key) =>
        effective({ ...each, name: key }, config, profile, context.env)
      )
      .filter(({ source }) => source === "file");
    return keys.includes(name) || general.source !== "unset"
      ? [general, ...own]
      : own;
  });
  if (flags.output === "json") {
    const text = JSON.stringify(
      {
        path: configPath(context.env) ?? null,
        found: config !== undefined,
        profile: profile ?? null,
        settings: rows,
        aliases: Object.fromEntries(config?.aliases ?? []),
        groups: [...config?.groups.keys() ?? []],
      },
      null,
      2,
    );
    await printLines([text], context);
    return exitCodes.success;
  }
  await printLines(
    tableRows([
      ["SETTING", "VALUE", "FROM"],
      ...rows.map(({ name, value, source, where, note }) => [
        name,
        value === null ? "-" : [value].flat().join(" "),
        note ?? (source === "unset" ? "-" : where ?? source),
      ]),
    ]),
    context,
  );
  return exitCodes.success;
}

/**
 * `ssm config alias list`.
 * @param flags In which form.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function listAliases(
  flags: AliasListFlags,
  root: RouteMap<CommandWorld>,
  context: Context,
): Promise<number> {
  const config = await loadUserConfig(context.env, () => settingsOf(root));
  const aliases = [...config?.aliases ?? []];
  if (flags.output === "json") {
    const text = JSON.stringify(Object.fromEntries(aliases), null, 2);
    await printLines([text], context);
    return exitCodes.success;
  }
  if (aliases.length === 0) return exitCodes.success;
  await printLines(
    tableRows([
      ["ALIAS", "TARGET", "PROFILE", "REGION", "USER"],
      ...aliases.map(([name, { target, profile, region, user }]) => [
        visible(name),
        target,
        profile ?? "-",
        region ?? "-",
        user ?? "-",
      ]),
    ]),
    context,
  );
  return exitCodes.success;
}
