/**
 * What completions know: files of this machine, and nothing that has to be asked for.
 *
 * @module
 */

import { regionsLike } from "../../lib/aws/regions.ts";
import { root } from "../commands.ts";
import { loadUserConfig } from "../config/load.ts";
import { settingsOf } from "../config/settings.ts";
import type { UserConfig } from "../config/user_file.ts";
import type { Context } from "../context.ts";
import { knownSessions } from "../sessions/known.ts";
import { cachedNames } from "../target/memory.ts";
import { targetOfName } from "../target/target.ts";
import type { Candidate, CompletionSources, TypedPlace } from "./candidate.ts";

/**
 * The sources of this machine. One that cannot be read has nothing.
 * @param context The environment, and the caches.
 */
export function knownToUs(
  context: Pick<Context, "env" | "clock" | "recentNodes">,
): CompletionSources {
  return {
    targets: async (place) => {
      const known = [...await aliases(context), ...targets(place, context)];
      const recent = await (await context.recentNodes()).list();
      return [
        ...known,
        ...recent.map(({ id }) => ({ value: id })).filter(({ value }) =>
          known.every((each) => each.value !== value)
        ),
      ];
    },
    aliases: () => aliases(context),
    groups: async () =>
      [...(await userConfig(context))?.groups.values() ?? []]
        .map(({ name, forwards: { length } }) => ({
          value: name,
          about: `${length} forward${length === 1 ? "" : "s"}`,
        })),
    settings: () =>
      Promise.resolve(
        settingsOf(root).flatMap(({ keys, brief }) =>
          keys.map((value) => ({ value, about: brief }))
        ),
      ),
    sessions: async () => {
      const { clock } = context;
      const now = clock.wall?.() ?? clock.now();
      return (await knownSessions(context, now))
        .map(({ id, on }) => ({ value: id, about: `on ${on}` }));
    },
    profiles: () => profiles(context),
    regions: () => Promise.resolve(regions(context)),
  };
}

/** The user's file; one with mistakes says nothing here. */
async function userConfig(
  { env }: Pick<Context, "env">,
): Promise<UserConfig | undefined> {
  try {
    return await loadUserConfig(env, () => settingsOf(root));
  } catch {
    return undefined;
  }
}

async function aliases(
  context: Pick<Context, "env">,
): Promise<readonly Candidate[]> {
  return [...(await userConfig(context))?.aliases ?? []]
    .map(([value, { target }]) => ({ value, about: target }));
}

/** Name tags that were found or listed in the last days, with `name:` where they need it. */
function targets(
  place: TypedPlace,
  { env }: Pick<Context, "env">,
): Candidate[] {
  const endpoint = env("SSM_ENDPOINT_URL") ?? env("AWS_ENDPOINT_URL_SSM") ??
    env("AWS_ENDPOINT_URL") ?? "";
  // Credentials of the environment come before a profile that was not typed.
  const profile = place.profile ?? env("SSM_PROFILE") ??
    (env("AWS_ACCESS_KEY_ID") === undefined
      ? env("AWS_PROFILE") ?? env("AWS_DEFAULT_PROFILE")
      : "");
  const region = place.region ?? env("SSM_REGION") ?? env("AWS_REGION") ??
    env("AWS_DEFAULT_REGION");
  return cachedNames({
    endpoint,
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  }, env)
    .map((name) => ({ value: targetOfName(name) }));
}

/** Those of the partition that is worked in, that one's own first. */
function regions({ env }: Pick<Context, "env">): Candidate[] {
  const own = env("SSM_REGION") ?? env("AWS_REGION") ??
    env("AWS_DEFAULT_REGION") ?? "";
  return [...new Set([own, ...regionsLike(own)])].filter((one) => one !== "")
    .map((value) => ({ value }));
}

async function profiles(
  { env }: Pick<Context, "env">,
): Promise<readonly Candidate[]> {
  const home = env("HOME") ?? env("USERPROFILE") ?? "";
  const config = env("AWS_CONFIG_FILE") ?? `${home}/.aws/config`;
  const credentials = env("AWS_SHARED_CREDENTIALS_FILE") ??
    `${home}/.aws/credentials`;
  const names = new Set([
    ...sections(await textOf(config)).flatMap((section) =>
      section === "default"
        ? [section]
        : /^profile\s+(.+)$/.exec(section)?.slice(1) ?? []
    ),
    ...sections(await textOf(credentials)),
  ]);
  return [...names].map((value) => ({ value }));
}

/** Names of an INI file's sections, without quotes. */
function sections(text: string): string[] {
  return [...text.matchAll(/^\s*\[\s*([^\]]+?)\s*\]/gm)].map(([, name = ""]) =>
    name.replace(/["']/g, "")
  );
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}
