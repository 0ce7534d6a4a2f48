/**
 * IAM Identity Center: the device sign-in of `sso-oidc`, and of `sso` GetRoleCredentials and Logout.
 * These calls are REST, and are not signed.
 *
 * @module
 */

import { encodeBase64 } from "../../protocol/message/handshake.ts";
import type { RandomBytes, SimulatorCredentials } from "../credentials.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, optionalText } from "./json_input.ts";

/** How a simulated user answers a sign-in. */
export interface SignInBehaviour {
  /** What becomes of it; `expire`: nobody answers, and the code's time is over at once. */
  readonly answer: "approve" | "deny" | "expire";
  /** Questions that are answered with "pending" before that. */
  readonly polls: number;
  /** Whether the first question is answered with `slow_down`. */
  readonly slowDown: boolean;
}

/** What {@linkcode SimulatedSso} needs. */
export interface SimulatedSsoOptions {
  readonly behaviour: SignInBehaviour;
  /** What GetRoleCredentials gives. */
  readonly credentials: SimulatorCredentials;
  readonly random: RandomBytes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Seconds between two questions. */
  readonly interval: number;
  /** The API's base URL. */
  readonly endpoint: () => string;
}

/** Seconds that things are valid; those of AWS, but for the code's 10 minutes. */
const valid = { registration: 90 * 86_400, code: 600, token: 8 * 3600 };

/** A sign-in that is under way. */
interface Device {
  readonly clientId: string;
  readonly userCode: string;
  polls: number;
  confirmed: boolean;
}

/** A call of these services, by method and path. */
export type SsoCall =
  | "RegisterClient"
  | "StartDeviceAuthorization"
  | "CreateToken"
  | "GetRoleCredentials"
  | "Logout"
  | "Device";

const calls: Readonly<Record<string, SsoCall>> = {
  "POST /client/register": "RegisterClient",
  "POST /device_authorization": "StartDeviceAuthorization",
  "POST /token": "CreateToken",
  "GET /federation/credentials": "GetRoleCredentials",
  "POST /logout": "Logout",
  // The page that a user would confirm on.
  "GET /device": "Device",
};

/**
 * Which call a request is.
 * @param method Its method.
 * @param path Its path.
 */
export function ssoCallOf(method: string, path: string): SsoCall | undefined {
  const key = `${method} ${path}`;
  return Object.hasOwn(calls, key) ? calls[key] : undefined;
}

/** An error as OAuth has them, with AWS's name for it. */
export class OAuthError extends ApiError {
  override name = "OAuthError";
  /**
   * @param code AWS's error code.
   * @param error OAuth's (RFC 8628 §3.5).
   * @param description What it says to a person.
   */
  constructor(code: string, readonly error: string, description: string) {
    super(code, description);
  }
}

/** Identity Center's state in one run. */
export class SimulatedSso {
  readonly #options: SimulatedSsoOptions;
  readonly #clients = new Map<string, string>();
  readonly #devices = new Map<string, Device>();
  readonly #tokens = new Set<string>();
  readonly #refreshTokens = new Set<string>();
  readonly #scoped = new Set<string>();

  constructor(options: SimulatedSsoOptions) {
    this.#options = options;
  }

  /**
   * Answers a call.
   * @param call Which.
   * @param input Its JSON body; for `Device` the user's code.
   * @param bearer The header `x-amz-sso_bearer_token`.
   * @throws ApiError
   */
  handle(
    call: SsoCall,
    input: JsonObject,
    bearer: string | undefined,
  ): JsonObject {
    switch (call) {
      case "RegisterClient":
        return this.#register(input);
      case "StartDeviceAuthorization":
        return this.#authorize(input);
      case "CreateToken":
        return this.#token(input);
      case "GetRoleCredentials":
        return this.#roleCredentials(bearer);
      case "Logout":
        this.#known(bearer);
        this.#tokens.delete(bearer ?? "");
        return {};
      case "Device":
        return this.#confirm(optionalText(input, "userCode") ?? "");
    }
  }

  #register(input: JsonObject): JsonObject {
    if (optionalText(input, "clientType") !== "public") {
      throw new OAuthError(
        "InvalidClientMetadataException",
        "invalid_client_metadata",
        "clientType is public",
      );
    }
    const clientId = this.#secret(16);
    const clientSecret = this.#secret(48);
    this.#clients.set(clientId, clientSecret);
    const { scopes } = input;
    if (Array.isArray(scopes) && scopes.length > 0) this.#scoped.add(clientId);
    const issued = Math.floor(this.#options.now() / 1000);
    return {
      clientId,
      clientSecret,
      clientIdIssuedAt: issued,
      clientSecretExpiresAt: issued + valid.registration,
    };
  }

  #authorize(input: JsonObject): JsonObject {
    const clientId = this.#client(input);
    const startUrl = optionalText(input, "startUrl") ?? "";
    if (!URL.canParse(startUrl)) {
      throw new OAuthError(
        "InvalidRequestException",
        "invalid_request",
        "Invalid startUrl provided",
      );
    }
    const deviceCode = this.#secret(48);
    const letters = [...this.#options.random(8)]
      .map((byte) => String.fromCharCode(65 + byte % 26)).join("");
    const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
    this.#devices.set(deviceCode, {
      clientId,
      userCode,
      polls: 0,
      confirmed: false,
    });
    const page = `${this.#options.endpoint()}/device`;
    return {
      deviceCode,
      userCode,
      verificationUri: page,
      verificationUriComplete: `${page}?user_code=${userCode}`,
      expiresIn: valid.code,
      interval: this.#options.interval,
    };
  }

  #token(input: JsonObject): JsonObject {
    const clientId = this.#client(input);
    if (optionalText(input, "grantType") === "refresh_token") {
      const refreshToken = optionalText(input, "refreshToken") ?? "";
      if (!this.#refreshTokens.has(refreshToken)) {
        throw new OAuthError(
          "InvalidGrantException",
          "invalid_grant",
          "Invalid refresh token provided",
        );
      }
      return this.#issue(clientId);
    }
    const code = optionalText(input, "deviceCode") ?? "";
    const device = this.#devices.get(code);
    if (device === undefined || device.clientId !== clientId) {
      throw new OAuthError(
        "InvalidGrantException",
        "invalid_grant",
        "Invalid device code provided",
      );
    }
    const { answer, polls, slowDown } = this.#options.behaviour;
    device.polls++;
    if (slowDown && device.polls === 1) {
      throw new OAuthError("SlowDownException", "slow_down", "Too fast");
    }
    if (!device.confirmed && device.polls <= polls) {
      throw new OAuthError(
        "AuthorizationPendingException",
        "authorization_pending",
        "The user has not confirmed yet",
      );
    }
    this.#devices.delete(code);
    if (answer === "deny") {
      throw new OAuthError(
        "AccessDeniedException",
        "access_denied",
        "The user refused",
      );
    }
    if (answer === "expire") {
      throw new OAuthError(
        "ExpiredTokenException",
        "expired_token",
        "The device code has expired",
      );
    }
    return this.#issue(clientId);
  }

  #issue(clientId: string): JsonObject {
    const accessToken = this.#secret(48);
    this.#tokens.add(accessToken);
    const answer = {
      accessToken,
      tokenType: "Bearer",
      expiresIn: valid.token,
    };
    // Without a scope a sign-in cannot be renewed, as with AWS.
    if (!this.#scoped.has(clientId)) return answer;
    const refreshToken = this.#secret(48);
    this.#refreshTokens.add(refreshToken);
    return { ...answer, refreshToken };
  }

  #roleCredentials(bearer: string | undefined): JsonObject {
    this.#known(bearer);
    const { accessKeyId, secretAccessKey, sessionToken } =
      this.#options.credentials;
    return {
      roleCredentials: {
        accessKeyId,
        secretAccessKey,
        sessionToken,
        expiration: this.#options.now() + 3_600_000,
      },
    };
  }

  #confirm(userCode: string): JsonObject {
    for (const device of this.#devices.values()) {
      if (device.userCode !== userCode) continue;
      device.confirmed = true;
      return {};
    }
    throw new ApiError("ResourceNotFoundException", "No such code", 404);
  }

  #client(input: JsonObject): string {
    const clientId = optionalText(input, "clientId") ?? "";
    const secret = this.#clients.get(clientId);
    if (
      secret === undefined || secret !== optionalText(input, "clientSecret")
    ) {
      throw new OAuthError(
        "InvalidClientException",
        "invalid_client",
        "Invalid client provided",
      );
    }
    return clientId;
  }

  #known(bearer: string | undefined): void {
    if (bearer !== undefined && this.#tokens.has(bearer)) return;
    throw new ApiError(
      "UnauthorizedException",
      "Session token not found or invalid",
      401,
    );
  }

  #secret(length: number): string {
    return encodeBase64(this.#options.random(length))
      .replace(/[+/=]/g, "");
  }
}
