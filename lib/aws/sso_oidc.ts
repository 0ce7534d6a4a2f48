/**
 * The calls of the service `sso-oidc`, which signs in without credentials.
 *
 * @module
 */

import type { SSOOIDCClient } from "@aws-sdk/client-sso-oidc";
import { visible } from "../text.ts";
import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import type { SsoRegistration } from "./sso_cache.ts";
import type {
  DeviceAuthorization,
  DeviceCalls,
  TokenAnswer,
} from "./sso_login.ts";

/** The grant of RFC 8628 §3.4. */
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** The calls in one region. */
export class SsoOidcCalls implements DeviceCalls {
  readonly #clients: AwsClients;
  readonly #region: string;
  #client: Promise<SSOOIDCClient> | undefined;

  /**
   * @param clients Whose connections.
   * @param region Identity Center's.
   */
  constructor(clients: AwsClients, region: string) {
    this.#clients = clients;
    this.#region = region;
  }

  /** RegisterClient, as a client that keeps no secret of its own. */
  async register(
    name: string,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<SsoRegistration> {
    const { RegisterClientCommand } = await import("@aws-sdk/client-sso-oidc");
    const output = await this.#call(
      "sso-oidc:RegisterClient",
      async () =>
        (await this.#oidc()).send(
          new RegisterClientCommand({
            clientName: name,
            clientType: "public",
            ...(scopes.length === 0 ? {} : { scopes: [...scopes] }),
          }),
          abortable(signal),
        ),
      signal,
    );
    return {
      clientId: output.clientId ?? "",
      clientSecret: output.clientSecret ?? "",
      expiresAt: (output.clientSecretExpiresAt ?? 0) * 1000,
    };
  }

  /** StartDeviceAuthorization. */
  async authorize(
    { clientId, clientSecret }: SsoRegistration,
    startUrl: string,
    signal: AbortSignal,
  ): Promise<DeviceAuthorization> {
    const { StartDeviceAuthorizationCommand } = await import(
      "@aws-sdk/client-sso-oidc"
    );
    const output = await this.#call(
      "sso-oidc:StartDeviceAuthorization",
      async () =>
        (await this.#oidc()).send(
          new StartDeviceAuthorizationCommand({
            clientId,
            clientSecret,
            startUrl,
          }),
          abortable(signal),
        ),
      signal,
    );
    return {
      deviceCode: output.deviceCode ?? "",
      userCode: output.userCode ?? "",
      verificationUri: output.verificationUri ?? "",
      verificationUriComplete: output.verificationUriComplete ?? "",
      expiresIn: output.expiresIn ?? 600,
      interval: output.interval,
    };
  }

  /** CreateToken; that the user has not answered yet is an answer. */
  async token(
    { clientId, clientSecret }: SsoRegistration,
    deviceCode: string,
    signal: AbortSignal,
  ): Promise<TokenAnswer> {
    const { CreateTokenCommand } = await import("@aws-sdk/client-sso-oidc");
    try {
      const output = await this.#call(
        "sso-oidc:CreateToken",
        async () =>
          (await this.#oidc()).send(
            new CreateTokenCommand({
              clientId,
              clientSecret,
              grantType: deviceGrant,
              deviceCode,
            }),
            abortable(signal),
          ),
        signal,
      );
      return {
        kind: "token",
        accessToken: output.accessToken ?? "",
        refreshToken: output.refreshToken,
        expiresIn: output.expiresIn ?? 0,
      };
    } catch (error) {
      const kind = error instanceof AwsCallError
        ? answers[error.code]
        : undefined;
      if (kind === undefined) throw error;
      return { kind };
    }
  }

  /** The calls need no credentials, so none are looked for, and none of theirs can be mended. */
  async #call<Result>(
    action: string,
    run: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      const failure = await this.#clients.explain(error, action);
      const said = descriptionOf(error);
      if (said === undefined || failure.kind === "network") throw failure;
      throw new AwsCallError(
        {
          action,
          code: failure.code,
          kind: failure.kind,
          reason: visible(said),
        },
        { cause: error },
      );
    }
  }

  #oidc(): Promise<SSOOIDCClient> {
    return this.#client ??= (async () => {
      const { SSOOIDCClient } = await import("@aws-sdk/client-sso-oidc");
      return new SSOOIDCClient(
        await this.#clients.unsignedConfiguration(this.#region),
      );
    })();
  }
}

/** Errors of CreateToken that are answers (RFC 8628 §3.5). */
const answers: Readonly<
  Record<string, Exclude<TokenAnswer["kind"], "token">>
> = {
  AuthorizationPendingException: "pending",
  SlowDownException: "slow-down",
  ExpiredTokenException: "expired",
  AccessDeniedException: "denied",
};

/** The service's words are in OAuth's `error_description`, and its message says nothing. */
function descriptionOf(error: unknown): string | undefined {
  const text: unknown =
    typeof error === "object" && error !== null && "error_description" in error
      ? error.error_description
      : undefined;
  return typeof text === "string" && text !== "" ? text : undefined;
}
