/**
 * Signing in with IAM Identity Center by the device authorization flow (RFC 8628): we register,
 * get a code, the user enters it in a browser anywhere, and we ask until that is done.
 *
 * @module
 */

import { AwsCallError } from "./errors.ts";
import type { SsoCache, SsoRegistration, SsoToken } from "./sso_cache.ts";
import type { SsoLogin } from "./sso_profile.ts";

/** What the user is to do. */
export interface DeviceAuthorization {
  readonly deviceCode: string;
  /** What the user enters, or compares. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it. */
  readonly verificationUriComplete: string;
  /** Seconds that the user has. */
  readonly expiresIn: number;
  /** Seconds between two questions; `undefined` for RFC 8628's 5. */
  readonly interval: number | undefined;
}

/** What CreateToken answered. */
export type TokenAnswer =
  | {
    readonly kind: "token";
    readonly accessToken: string;
    readonly refreshToken: string | undefined;
    /** Seconds. */
    readonly expiresIn: number;
  }
  | { readonly kind: "pending" | "slow-down" | "expired" | "denied" };

/** The calls of the service; all reject with AwsCallError. */
export interface DeviceCalls {
  /** RegisterClient. */
  register(
    name: string,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<SsoRegistration>;
  /** StartDeviceAuthorization. */
  authorize(
    registration: SsoRegistration,
    startUrl: string,
    signal: AbortSignal,
  ): Promise<DeviceAuthorization>;
  /** CreateToken. */
  token(
    registration: SsoRegistration,
    deviceCode: string,
    signal: AbortSignal,
  ): Promise<TokenAnswer>;
}

/** What {@linkcode signIn} needs. */
export interface SignInOptions {
  readonly login: SsoLogin;
  readonly calls: DeviceCalls;
  readonly cache: SsoCache;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits so many milliseconds; rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Shows the user what to do. */
  readonly onPending: (authorization: DeviceAuthorization) => void;
}

/** Seconds between two questions where the service names none, and added by each slow_down (RFC 8628 §3.5). */
const step = 5;

/** What is left of a token or registration that is still used, in milliseconds; botocore's figure. */
export const expiryWindow = 15 * 60_000;

/**
 * Signs in, and writes it where the AWS CLI and the SDKs look.
 * @param options What with.
 * @param signal Gives up.
 * @returns When the sign-in ends, in milliseconds since the epoch.
 * @throws AwsCallError
 */
export async function signIn(
  options: SignInOptions,
  signal: AbortSignal,
): Promise<SsoToken> {
  const { login, calls, cache, now } = options;
  let registration = await cache.registration(login);
  const fits = registration !== undefined &&
    registration.expiresAt - now() > expiryWindow;
  if (registration === undefined || !fits) {
    registration = await register(options, signal);
  }
  let authorization: DeviceAuthorization;
  try {
    authorization = await calls.authorize(registration, login.startUrl, signal);
  } catch (error) {
    // The service forgets registrations before their time.
    if (!fits || !isInvalidClient(error)) throw error;
    registration = await register(options, signal);
    authorization = await calls.authorize(registration, login.startUrl, signal);
  }
  options.onPending(authorization);
  const token = await poll(options, registration, authorization, signal);
  await cache.writeToken(login, token, registration);
  return token;
}

async function register(
  { login, calls, cache, now }: SignInOptions,
  signal: AbortSignal,
): Promise<SsoRegistration> {
  // The name under which the sign-in is listed in the access portal.
  const suffix = login.sessionName ?? String(Math.floor(now() / 1000));
  const name = `ssm-client-${suffix}`;
  const registration = await calls.register(name, login.scopes, signal);
  await cache.writeRegistration(login, registration);
  return registration;
}

async function poll(
  { calls, now, sleep }: SignInOptions,
  registration: SsoRegistration,
  { deviceCode, interval, expiresIn }: DeviceAuthorization,
  signal: AbortSignal,
): Promise<SsoToken> {
  const end = now() + expiresIn * 1000;
  let seconds = interval ?? step;
  while (now() < end) {
    await sleep(seconds * 1000, signal);
    const answer = await calls.token(registration, deviceCode, signal);
    switch (answer.kind) {
      case "token":
        return {
          accessToken: answer.accessToken,
          refreshToken: answer.refreshToken,
          expiresAt: now() + answer.expiresIn * 1000,
        };
      case "slow-down":
        seconds += step;
        break;
      case "denied":
        throw failed("AccessDenied", "it was refused in the browser");
      case "expired":
        throw tooLate();
    }
  }
  throw tooLate();
}

function isInvalidClient(error: unknown): boolean {
  return error instanceof AwsCallError &&
    /^(InvalidClient|UnauthorizedClient)/.test(error.code);
}

function tooLate(): AwsCallError {
  return failed(
    "ExpiredToken",
    "the code's time was over before it was confirmed in the browser",
  );
}

function failed(code: string, reason: string): AwsCallError {
  return new AwsCallError({ action: "login", code, kind: "invalid", reason });
}
