/**
 * Signing in with IAM Identity Center and out again, for the profile of one identity.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import { SsoCache } from "./sso_cache.ts";
import { ssoLogout } from "./sso_logout.ts";
import { type DeviceAuthorization, expiryWindow, signIn } from "./sso_login.ts";
import { SsoOidcCalls } from "./sso_oidc.ts";
import { type SsoLogin, ssoLoginOf } from "./sso_profile.ts";

/** What a sign-in came to. */
export interface SignedIn {
  readonly login: SsoLogin;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** True where the SDKs renew it by themselves for as long as the session lasts. */
  readonly renewable: boolean;
  /** False where there was one already. */
  readonly fresh: boolean;
}

/** How to sign in. */
export interface SignInRequest {
  /** Sign in even where that is not needed. */
  readonly force: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits so many milliseconds; rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Shows the user what to do. */
  readonly onPending: (
    authorization: DeviceAuthorization,
    login: SsoLogin,
  ) => void;
}

/** The sign-ins of one identity's profile. */
export class SsoCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * Signs in.
   * @param request How.
   * @param signal Gives up.
   * @throws AwsCallError
   */
  async signIn(request: SignInRequest, signal: AbortSignal): Promise<SignedIn> {
    const login = await this.#login();
    const cache = await this.#cache();
    const before = request.force ? undefined : await cache.token(login);
    if (
      before !== undefined && before.expiresAt - request.now() > expiryWindow
    ) {
      return {
        login,
        expiresAt: before.expiresAt,
        renewable: before.refreshToken !== undefined,
        fresh: false,
      };
    }
    const { expiresAt, refreshToken } = await signIn({
      login,
      cache,
      calls: new SsoOidcCalls(this.#clients, login.region),
      now: request.now,
      sleep: request.sleep,
      onPending: (authorization) => request.onPending(authorization, login),
    }, signal);
    return {
      login,
      expiresAt,
      renewable: refreshToken !== undefined,
      fresh: true,
    };
  }

  /**
   * Signs out: the service is told, as far as it can be reached, and the token's file is removed.
   * @param signal Gives up.
   * @returns What was signed out of, and whether there was a sign-in.
   * @throws AwsCallError
   */
  async signOut(
    signal: AbortSignal,
  ): Promise<{ readonly login: SsoLogin; readonly removed: boolean }> {
    const login = await this.#login().catch((error) => {
      throw asLogout(error);
    });
    const cache = await this.#cache();
    const token = await cache.token(login);
    if (token !== undefined) {
      await ssoLogout(
        this.#clients,
        login.region,
        token.accessToken,
        signal,
      )
        // Without a network, or for a token that is over already, the file's end is all there is.
        .catch(() => {});
      signal.throwIfAborted();
    }
    return { login, removed: await cache.remove(login) };
  }

  async #login(): Promise<SsoLogin> {
    const { profile } = await this.#clients.resolved();
    const { loadSharedConfigFiles, loadSsoSessionData } = await import(
      "@smithy/shared-ini-file-loader"
    );
    const [files, ssoSessions] = await Promise.all([
      loadSharedConfigFiles({ ignoreCache: true }),
      loadSsoSessionData(),
    ]);
    const profiles: Record<string, Record<string, string | undefined>> = {};
    for (const file of [files.configFile, files.credentialsFile]) {
      for (const [name, section] of Object.entries(file)) {
        profiles[name] = { ...profiles[name], ...section };
      }
    }
    return ssoLoginOf(profile, { profiles, ssoSessions });
  }

  /** Where the SDK reads; `~` is what it takes for the home folder. */
  async #cache(): Promise<SsoCache> {
    const { getSSOTokenFilepath } = await import(
      "@smithy/shared-ini-file-loader"
    );
    const path = getSSOTokenFilepath("any").replaceAll("\\", "/");
    return new SsoCache(path.slice(0, path.lastIndexOf("/")));
  }
}

/** Why a profile signs in otherwise is why it cannot sign out; how to set it up does not help. */
function asLogout(error: unknown): unknown {
  return error instanceof AwsCallError && error.action === "login"
    ? new AwsCallError(
      { ...error, action: "logout", reason: error.reason, hints: [] },
      { cause: error },
    )
    : error;
}

/**
 * A URL to open in a browser.
 * @param text The service's.
 * @throws AwsCallError of kind `invalid` for what is no web page by HTTPS, or on loopback by HTTP.
 */
export function browserUrl(text: string): string {
  const url = URL.parse(text);
  const safe = url?.protocol === "https:" ||
    (url?.protocol === "http:" &&
      /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname));
  if (url !== null && safe) return url.href;
  throw new AwsCallError({
    action: "login",
    code: "InvalidVerificationUri",
    kind: "invalid",
    reason: `the service names ${visible(JSON.stringify(text))}, ` +
      "which is no address to sign in at",
  });
}
