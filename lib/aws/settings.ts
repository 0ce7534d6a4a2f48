/**
 * Which profile, region, endpoint and certificates the calls to AWS use.
 *
 * What the SDK resolves well stays with it: `endpoint_url` of profiles and their `services`
 * sections, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_SSM` and the like, FIPS, dual-stack, retry
 * modes (design notes, "AWS SDK"). Decided here is what it does badly or not at all: the profile's
 * existence, the region's sources, `ca_bundle`.
 *
 * @module
 */

import type { Logger } from "../log/log.ts";
import { visible } from "../text.ts";
import { AwsCallError } from "./errors.ts";
import { type HintContext, hintsFor } from "./hints.ts";

/** What the user asked for; everything left out comes from the environment and the files. */
export interface AwsSettings {
  /** `--profile`; before AWS_PROFILE and AWS_DEFAULT_PROFILE. */
  readonly profile?: string | undefined;
  /** Who names that profile, for errors; `--profile` where nothing else is said. */
  readonly profileSource?: string | undefined;
  /** `--region`; before AWS_REGION, AWS_DEFAULT_REGION and the profile's. */
  readonly region?: string | undefined;
  /**
   * `--endpoint-url`: the endpoint of every service called. Calls that only fetch credentials
   * (STS AssumeRole, SSO) do not follow it, as in the AWS CLI: a source profile's signature and
   * an MFA code are not for a host given on the command line.
   */
  readonly endpointUrl?: string | undefined;
  /**
   * The endpoint of the SSM calls alone, unless `endpointUrl` is given: where a session was started
   * is where it is resumed and terminated (api.md §3), whatever the environment says.
   */
  readonly ssmEndpointUrl?: string | undefined;
  /**
   * Looks up an environment variable. The SDK reads the process's own environment, so a lookup
   * that differs from it misleads; the default is `Deno.env.get`.
   */
  readonly env?: (name: string) => string | undefined;
  /**
   * Asks the user for a code of the MFA device with this serial number or ARN. A rejection becomes
   * the cause of the credentials' error; an AwsCallError is that error itself.
   */
  readonly mfaCode?: (serial: string) => Promise<string>;
  /** Where certificates come from besides the platform's; see {@linkcode Trust}. */
  readonly trust?: Trust | undefined;
  /** Hears of the calls, and of every secret that they bring. */
  readonly log?: Logger;
  /** Our version, for the user agent `ssm/<version>`. */
  readonly version?: string | undefined;
}

/**
 * Certificates to trust besides the platform's. `lib/io/trust.ts` has functions that fit; without
 * them the bundle is read as it is and the system's store is left out.
 */
export interface Trust {
  /**
   * Those the user named, PEM.
   * @param caBundle AWS_CA_BUNDLE, else the profile's `ca_bundle`; a path.
   */
  readonly named: (caBundle: string | undefined) => Promise<readonly string[]>;
  /** Those of the operating system, PEM; asked for only when a certificate was not trusted. */
  readonly system: () => Promise<readonly string[]>;
}

/** What {@linkcode resolveSettings} found out. */
export interface ResolvedSettings {
  /** The profile's name, `default` when none was named. */
  readonly profile: string;
  /** The profile's name when the user named one, for hints. */
  readonly namedProfile: string | undefined;
  /** What the files say about the profile; empty when they say nothing. */
  readonly profileData: Readonly<Record<string, string | undefined>>;
  /** The region, `undefined` when no source gives one; see {@linkcode requireRegion}. */
  readonly region: string | undefined;
  /** Path of the certificate bundle: AWS_CA_BUNDLE, else the profile's `ca_bundle`. */
  readonly caBundle: string | undefined;
  /** The first profiles that can sign in with IAM Identity Center, for hints. */
  readonly ssoProfiles: readonly string[];
  /** True when credentials of the environment come before the profile's. */
  readonly credentialsFromEnvironment: boolean;
}

/** A region becomes part of a host name, so it must be one label of it (RFC 1123 §2.1). */
const HOST_LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;

/** Sections that are no profiles carry their kind before a dot (CONFIG_PREFIX_SEPARATOR). */
const otherSection = /^(sso-session|services)\./;

/** How many profiles a hint suggests at most. */
const mostSuggested = 3;

/**
 * Reads the environment and the two profile files and settles profile, region and bundle. The
 * files are read anew each time: a long session outlives many edits of them.
 *
 * @param settings What the user asked for.
 * @throws AwsCallError of kind `unknown-profile` when a profile was named that no file has, and
 * `invalid` for a region or endpoint URL that cannot be one.
 */
export async function resolveSettings(
  settings: AwsSettings,
): Promise<ResolvedSettings> {
  const env = environmentOf(settings);
  const [named, source] = nameOfProfile(settings);
  const profile = named ?? "default";
  const { loadSharedConfigFiles } = await import(
    "@smithy/shared-ini-file-loader"
  );
  const files = await loadSharedConfigFiles({ ignoreCache: true });
  // The credentials file's words win over the config file's, as in every AWS tool.
  const inConfig = files.configFile[profile];
  const inCredentials = files.credentialsFile[profile];
  if (named !== undefined && inConfig === undefined && !inCredentials) {
    const known = [
      ...new Set([
        ...Object.keys(files.configFile).filter((name) =>
          !otherSection.test(name)
        ),
        ...Object.keys(files.credentialsFile),
      ]),
    ].sort();
    const looked = filesLookedIn(env);
    throw new AwsCallError({
      action: "profile",
      code: "UnknownProfile",
      kind: "unknown-profile",
      reason: `${source} names ${visible(JSON.stringify(named))}, ` +
        `but ${visible(looked.join(" and "))} ` +
        (looked.length === 1 ? "has " : "have ") +
        (known.length === 0
          ? "no profile"
          : `only ${visible(known.join(", "))}`),
      hints: hintsFor("unknown-profile", { profile: named }),
    });
  }
  const profileData = { ...inConfig, ...inCredentials };
  const region = firstOf(
    settings.region,
    env("AWS_REGION"),
    env("AWS_DEFAULT_REGION"),
    profileData.region,
  );
  if (region !== undefined && !HOST_LABEL.test(region)) {
    throw invalid(
      `${visible(JSON.stringify(region))} is not a region, as us-east-1 is`,
    );
  }
  for (const url of [settings.endpointUrl, settings.ssmEndpointUrl]) {
    if (url !== undefined) checkEndpoint(url);
  }
  return {
    profile,
    namedProfile: named,
    profileData,
    region,
    ssoProfiles: Object.entries(files.configFile)
      .filter(([name, data]) =>
        !otherSection.test(name) && (data?.sso_session || data?.sso_start_url)
      )
      .map(([name]) => name).slice(0, mostSuggested),
    caBundle: firstOf(env("AWS_CA_BUNDLE"), profileData.ca_bundle),
    credentialsFromEnvironment: !settings.profile &&
      Boolean(env("AWS_ACCESS_KEY_ID") && env("AWS_SECRET_ACCESS_KEY")),
  };
}

/**
 * The region, or an error that says where to set one.
 *
 * @param resolved What {@linkcode resolveSettings} gave.
 * @throws AwsCallError of kind `no-region`.
 */
export function requireRegion(resolved: ResolvedSettings): string {
  if (resolved.region !== undefined) return resolved.region;
  throw new AwsCallError({
    action: "region",
    code: "NoRegion",
    kind: "no-region",
    reason:
      "none is set: give --region, set AWS_REGION, or set region in the profile " +
      visible(resolved.profile),
    hints: hintsFor("no-region", { profile: resolved.namedProfile }),
  });
}

/**
 * What hints may draw on.
 *
 * @param resolved What {@linkcode resolveSettings} gave.
 */
export function hintContext(resolved: ResolvedSettings): HintContext {
  const { namedProfile, profileData, credentialsFromEnvironment } = resolved;
  return {
    profile: namedProfile,
    source: credentialsFromEnvironment
      ? "environment"
      : profileData.sso_session || profileData.sso_start_url
      ? "sso"
      : "other",
  };
}

/**
 * The environment lookup of these settings.
 *
 * @param settings What the user asked for.
 */
export function environmentOf(
  settings: AwsSettings,
): (name: string) => string | undefined {
  return settings.env ?? ((name) => Deno.env.get(name));
}

/** The named profile and who named it. */
function nameOfProfile(settings: AwsSettings): [string | undefined, string] {
  const env = environmentOf(settings);
  if (settings.profile) {
    return [settings.profile, settings.profileSource ?? "--profile"];
  }
  for (const name of ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]) {
    const value = env(name);
    if (value) return [value, name];
  }
  return [undefined, ""];
}

/** The files the SDK's loader reads, as it finds them, each once. */
function filesLookedIn(env: (name: string) => string | undefined): string[] {
  return [
    ...new Set([
      env("AWS_CONFIG_FILE") || "~/.aws/config",
      env("AWS_SHARED_CREDENTIALS_FILE") || "~/.aws/credentials",
    ]),
  ];
}

/** An empty variable counts as none, as in the AWS CLI. */
function firstOf(...values: (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== "");
}

function checkEndpoint(text: string): void {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(
      `--endpoint-url ${
        visible(JSON.stringify(text))
      } is not a URL with https or http`,
    );
  }
}

function invalid(reason: string): AwsCallError {
  return new AwsCallError({
    action: "settings",
    code: "InvalidSetting",
    kind: "invalid",
    reason,
  });
}
