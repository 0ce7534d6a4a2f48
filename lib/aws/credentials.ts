/**
 * Where credentials come from: the SDK's providers, in the AWS CLI's order, remembered until they
 * expire, with errors that say what to do.
 *
 * @module
 */

import type {
  AwsCredentialIdentity,
  AwsCredentialIdentityProvider,
} from "@smithy/types";
import type { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { visible } from "../text.ts";
import { AwsCallError, toAwsCallError } from "./errors.ts";
import { hintsFor, ssoLoginCommand } from "./hints.ts";
import {
  type AwsSettings,
  hintContext,
  type ResolvedSettings,
  resolveSettings,
} from "./settings.ts";

/** Credentials, whatever their source. `expiration` is absent for those that do not expire. */
export type Credentials = AwsCredentialIdentity;

/** Before this much is left, in milliseconds, credentials are replaced; the SDK's own figure. */
const EXPIRY_MARGIN = 5 * 60_000;

/** A refresh within this many milliseconds of the last one is answered with the same credentials. */
const FRESH_FOR = 10_000;

/** Keys of a profile that say where its credentials are. */
const CREDENTIAL_KEYS = [
  "aws_access_key_id",
  "role_arn",
  "credential_process",
  "sso_session",
  "sso_start_url",
  "sso_account_id",
  "web_identity_token_file",
  "login_session",
];

/** The credentials of one identity. */
export class CredentialSource {
  readonly #settings: AwsSettings;
  readonly #handler: () => Promise<FetchHttpHandler>;
  readonly #now: () => number;
  #current: Credentials | undefined;
  #resolvedAt = -Infinity;
  #usedMfa = false;
  #pending: Promise<Credentials> | undefined;

  /**
   * @param settings Which profile, and how to ask for an MFA code.
   * @param handler The request handler for STS and SSO.
   * @param now Milliseconds since the epoch; tests give their own.
   */
  constructor(
    settings: AwsSettings,
    handler: () => Promise<FetchHttpHandler>,
    now: () => number = Date.now,
  ) {
    this.#settings = settings;
    this.#handler = handler;
    this.#now = now;
  }

  /** What was found last, expired or not; `undefined` before the first time. */
  get current(): Credentials | undefined {
    return this.#current;
  }

  /**
   * The credentials, from memory while they last.
   *
   * @throws AwsCallError of kind `no-credentials`, `expired-credentials`, `unknown-profile`,
   * `network` or what STS or SSO said.
   */
  async get(): Promise<Credentials> {
    const current = this.#current;
    if (current !== undefined && this.#left(current) > EXPIRY_MARGIN) {
      return current;
    }
    return await this.#renewOrKeep();
  }

  /**
   * Credentials newly fetched from their source, for ResumeSession an hour later
   * (data-channel.md §8.3): files are read again, the SSO token looked up again. While the old
   * ones are valid they stay in use where new ones cannot be had, and where having them would ask
   * the user for another MFA code.
   *
   * @param options `force`: the service called the old ones expired, so they are no fallback.
   * @throws AwsCallError as {@linkcode get} does.
   */
  async refresh(
    options: { readonly force?: boolean } = {},
  ): Promise<Credentials> {
    if (options.force === true) return await this.#renew();
    const current = this.#current;
    if (current !== undefined && this.#left(current) > 0) {
      if (this.#now() - this.#resolvedAt < FRESH_FOR) return current;
      if (this.#usedMfa && this.#left(current) > EXPIRY_MARGIN) return current;
    }
    return await this.#renewOrKeep();
  }

  /** How long they are valid yet, in milliseconds. */
  #left(credentials: Credentials): number {
    return credentials.expiration === undefined
      ? Infinity
      : credentials.expiration.getTime() - this.#now();
  }

  async #renewOrKeep(): Promise<Credentials> {
    try {
      return await this.#renew();
    } catch (error) {
      const current = this.#current;
      if (current !== undefined && this.#left(current) > 0) return current;
      throw error;
    }
  }

  /** One resolution at a time; callers share it. */
  #renew(): Promise<Credentials> {
    this.#pending ??= this.#resolve().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #resolve(): Promise<Credentials> {
    const resolved = await resolveSettings(this.#settings);
    let askedForCode = false;
    const provider = await this.#provider(resolved, () => {
      askedForCode = true;
    });
    let credentials: Credentials;
    try {
      credentials = await provider();
    } catch (error) {
      throw explain(error, resolved);
    }
    // A source that serves what has expired (a metadata service out of order, a stale file) is
    // told apart from one that serves nothing.
    if (this.#left(credentials) <= 0) {
      throw new AwsCallError({
        action: "credentials",
        code: "ExpiredCredentials",
        kind: "expired-credentials",
        reason: `the credentials of ${describe(resolved)} expired at ` +
          `${credentials.expiration?.toISOString()}`,
        hints: hintsFor("expired-credentials", hintContext(resolved)),
      });
    }
    const { log } = this.#settings;
    log?.secret(credentials.secretAccessKey);
    log?.secret(credentials.sessionToken ?? "");
    log?.event({
      level: 1,
      what: "credentials",
      values: {
        of: describe(resolved),
        "expires-at": credentials.expiration?.toISOString(),
      },
    });
    this.#current = credentials;
    this.#resolvedAt = this.#now();
    this.#usedMfa = askedForCode;
    return credentials;
  }

  /**
   * Chooses the source as the AWS CLI does: a profile named on the command line, the environment,
   * a profile that says where its credentials are, and then the SDK's chain with web identity,
   * ECS and IMDS. A profile's own source is final: the SDK's whole chain would go on to IMDS
   * after a failed credential_process or SSO login, and lose the reason.
   */
  async #provider(
    resolved: ResolvedSettings,
    onMfa: () => void,
  ): Promise<AwsCredentialIdentityProvider> {
    const providers = await import("@aws-sdk/credential-providers");
    if (resolved.credentialsFromEnvironment) return providers.fromEnv();
    const requestHandler = await this.#handler();
    const ask = this.#settings.mfaCode;
    const init = {
      profile: resolved.profile,
      ignoreCache: true,
      // For SSO, whose region is the profile's sso_region: a region here would win over it.
      clientConfig: { requestHandler },
      // For STS, which signs for the session's region unless the profile has its own.
      parentClientConfig: {
        requestHandler,
        profile: resolved.profile,
        ...(resolved.region === undefined ? {} : { region: resolved.region }),
      },
      ...(ask === undefined ? {} : {
        mfaCodeProvider: async (serial: string) => {
          onMfa();
          try {
            return await ask(serial);
          } catch (error) {
            throw withoutCode(error);
          }
        },
      }),
    };
    return CREDENTIAL_KEYS.some((key) => resolved.profileData[key])
      ? providers.fromIni(init)
      : providers.fromNodeProviderChain(init);
  }
}

function describe(resolved: ResolvedSettings): string {
  return resolved.credentialsFromEnvironment
    ? "the environment"
    : `the profile ${visible(resolved.profile)}`;
}

/** Why there is no MFA code: not the profile's fault, so its hints do not help. */
function withoutCode(error: unknown): AwsCallError {
  if (error instanceof AwsCallError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new AwsCallError({
    action: "credentials",
    code: "NoMfaCode",
    kind: "no-credentials",
    reason: visible(text.replace(/^Cannot/, "cannot")),
  }, { cause: error });
}

/** The providers' errors are text; this gives them a kind, a name and a hint. */
function explain(error: unknown, resolved: ResolvedSettings): AwsCallError {
  const context = hintContext(resolved);
  const { profile } = context;
  const { ssoProfiles } = resolved;
  const text = error instanceof Error ? error.message : String(error);
  const fail = (
    kind: "no-credentials" | "expired-credentials",
    reason: string,
    hints: readonly string[],
  ) =>
    new AwsCallError({
      action: "credentials",
      code: error instanceof Error ? error.name : "CredentialsProviderError",
      kind,
      reason,
      hints,
    }, { cause: error });
  const general = toAwsCallError(error, "credentials", context);
  if (general.kind === "network") return general;
  // Token file missing, unreadable, over-aged, not refreshable; or refused by the SSO service.
  if (
    context.source === "sso" &&
    /sso session|sso token|token is expired|UnauthorizedException|session token not found/i
      .test(text)
  ) {
    return fail(
      "expired-credentials",
      `the SSO login of ${describe(resolved)} is missing or has expired`,
      [ssoLoginCommand(profile)],
    );
  }
  if (/no MFA code callback/.test(text)) {
    return fail(
      "no-credentials",
      `${
        describe(resolved)
      } requires an MFA code, and there is no terminal to ask on`,
      [],
    );
  }
  if (/Could not load credentials from any providers/.test(text)) {
    return fail(
      "no-credentials",
      "no source has any: neither the environment, nor the profile " +
        `${visible(resolved.profile)}, nor web identity, ECS or EC2 metadata`,
      hintsFor("no-credentials", { profile, ssoProfiles }),
    );
  }
  // STS said no: its code has a kind of its own.
  if (general.kind !== "service") return general;
  return fail(
    "no-credentials",
    `${describe(resolved)} gives none: ${visible(text.trim())}`,
    hintsFor("no-credentials", { profile, ssoProfiles }),
  );
}
