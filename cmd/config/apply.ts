/**
 * From what the user typed to what a command gets: aliases of targets, then what was not typed from
 * the environment, and then from the user's file: the profile's section before the general one.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { FlagShape, Token } from "../argv.ts";
import { withVariables } from "../argv.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { expandAlias } from "../target/alias.ts";
import { targetVariable } from "../target/choose_target.ts";
import {
  type Arguments,
  replaceTargets,
  type TargetForm,
} from "../target/target_arguments.ts";
import type { Lookup } from "./place.ts";
import type { ConfiguredValue, UserConfig } from "./user_file.ts";

/** What is typed, and what it is for. */
export interface TypedCommand extends Arguments {
  readonly flags: readonly FlagShape[];
  /** The command, without `ssm`. */
  readonly command: string;
  /** How the command takes targets; `undefined` for one that takes none. */
  readonly form: TargetForm | undefined;
}

/** What a command gets. */
export interface AppliedCommand extends Arguments {
  /** Where values come from that were not typed, by flag: what to say before the value. */
  readonly sources: ReadonlyMap<string, string>;
  /** What stands in place of the aliases among the targets, by alias. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Applies environment and file.
 * @param typed What was typed.
 * @param config The user's file; `undefined` where there is none or none is asked.
 * @param context The environment.
 * @throws UsageError For targets whose aliases contradict one another.
 */
export function applySettings(
  typed: TypedCommand,
  config: UserConfig | undefined,
  context: Pick<Context, "env">,
): AppliedCommand {
  const { flags } = typed;
  const { tokens: expanded, rest, sources, aliases } = config === undefined
    ? { ...typed, sources: new Map<string, string>(), aliases: new Map() }
    : withAliases(typed, config, context);
  const tokens = withVariables(expanded, flags, context.env);
  for (const token of tokens.slice(expanded.length)) {
    if ("flag" in token && token.flag.variable !== undefined) {
      sources.set(token.flag.name, `${token.flag.variable}=`);
    }
  }
  if (config === undefined) return { tokens, rest, sources, aliases };
  const profile = profileInUse(typedProfile(tokens), config, context.env);
  const given = new Set(
    tokens.flatMap((token) => "flag" in token ? [token.flag.name] : []),
  );
  const added = flags.flatMap((flag): Token[] => {
    if (given.has(flag.name) || setInEnvironment(flag, context.env)) return [];
    const value = configured(flag.name, config, profile, typed.command);
    // Commands differ in what `--output` can be; one that has no such form has its own.
    if (
      value === undefined ||
      !value.texts.every((text) => flag.values?.includes(text) ?? true)
    ) return [];
    const { line, column } = value.at;
    sources.set(
      flag.name,
      `${visible(config.path)}:${line}:${column}: ${flag.name} `,
    );
    return tokensOf(flag, value);
  });
  return { tokens: [...tokens, ...added], rest, sources, aliases };
}

/**
 * What the file says of a setting.
 * @param name The flag.
 * @param config The file.
 * @param profile The profile in use; `undefined` where none of the file's sections is meant.
 * @param command The command, whose own key comes before the general one.
 */
export function configured(
  name: string,
  config: UserConfig,
  profile: string | undefined,
  command?: string,
): ConfiguredValue | undefined {
  const keys = command === undefined
    ? [name]
    : [`${command.replaceAll(" ", ".")}.${name}`, name];
  const own = profile === undefined ? undefined : config.profiles.get(profile);
  for (const section of [own, config.defaults]) {
    for (const key of keys) {
      const value = section?.get(key);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/**
 * The profile whose section counts: the flag's or SSM_PROFILE's, AWS's variables', the file's, or
 * `default`.
 * @param typed The flag's or SSM_PROFILE's.
 * @param config The file.
 * @param env The environment.
 */
export function profileInUse(
  typed: string | undefined,
  config: UserConfig,
  env: Lookup,
): string | undefined {
  if (typed !== undefined) return typed;
  const named = env("AWS_PROFILE") ?? env("AWS_DEFAULT_PROFILE");
  if (named !== undefined) return named;
  // Credentials of the environment belong to no profile.
  if (credentialsGiven(env)) return undefined;
  return config.defaults.get("profile")?.texts[0] ?? "default";
}

function typedProfile(tokens: readonly Token[]): string | undefined {
  const token = tokens.findLast((each) =>
    "flag" in each && each.flag.name === "profile"
  );
  return token !== undefined && "flag" in token ? token.value : undefined;
}

/**
 * True where the environment has a word on a flag, which the file does not overrule: by a variable
 * that the flag's description names, or another one that AWS tools know.
 * @param flag The flag.
 * @param env The environment.
 */
export function setInEnvironment(
  { name, variables = [] }: Pick<FlagShape, "name" | "variables">,
  env: Lookup,
): boolean {
  return variables.some((each) =>
    env(each) !== undefined ||
    env(each.replace(/^AWS_/, "AWS_DEFAULT_")) !== undefined
  ) || (name === "profile" && credentialsGiven(env));
}

function credentialsGiven(env: Lookup): boolean {
  return env("AWS_ACCESS_KEY_ID") !== undefined &&
    env("AWS_SECRET_ACCESS_KEY") !== undefined;
}

function tokensOf(flag: FlagShape, { texts }: ConfiguredValue): Token[] {
  if (flag.kind === "counter") {
    return Array.from(
      { length: Number(texts[0] ?? 0) },
      () => ({ flag, value: undefined }),
    );
  }
  return texts.map((value) => ({ flag, value }));
}

/** The flags that an alias may say. */
const aliasFlags = ["profile", "region", "user"] as const;

function withAliases(
  { tokens, rest, flags, form }: TypedCommand,
  config: UserConfig,
  context: Pick<Context, "env">,
): Arguments & {
  readonly sources: Map<string, string>;
  readonly aliases: ReadonlyMap<string, string>;
} {
  const sources = new Map<string, string>();
  const aliases = new Map<string, string>();
  if (form === undefined) return { tokens, rest, sources, aliases };
  const given = new Set(
    tokens.flatMap((token) => "flag" in token ? [token.flag.name] : []),
  );
  /** What the targets say, by flag; each target has a word, if only that it says nothing. */
  const said = new Map<string, { value: string | undefined; by: string }>();
  const replace = (text: string) => {
    const alias = expandAlias(text, config);
    if (alias !== undefined) aliases.set(text, alias.target);
    for (const name of aliasFlags) {
      const value = alias?.[name];
      const before = said.get(name);
      if (before !== undefined && before.value !== value && !given.has(name)) {
        throw new UsageError(
          `Cannot use ${visible(before.by)} and ${visible(text)} at once: ` +
            `as aliases they have different ${name}s`,
        );
      }
      said.set(name, { value, by: text });
    }
    return { target: alias?.target ?? text, user: alias?.user };
  };
  const variable = context.env(targetVariable);
  const standIn = variable === undefined || given.has("tag") ||
      expandAlias(variable, config) === undefined
    ? undefined
    : variable;
  const replaced = replaceTargets({ tokens, rest }, form, replace, standIn);
  const added = flags.flatMap((flag): Token[] => {
    const { value, by = "" } = said.get(flag.name) ?? {};
    if (value === undefined || given.has(flag.name)) return [];
    sources.set(flag.name, `the alias ${visible(by)}'s ${flag.name} `);
    return [{ flag, value }];
  });
  return {
    tokens: [...replaced.tokens, ...added],
    rest: replaced.rest,
    sources,
    aliases,
  };
}
