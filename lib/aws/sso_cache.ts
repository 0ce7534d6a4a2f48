/**
 * The folder of sign-ins that the AWS CLI, the SDKs and we share: `~/.aws/sso/cache`, one file for
 * each sign-in and each registration, named and written as botocore does (botocore/utils.py,
 * SSOTokenFetcher; its JSON has a space behind commas and colons).
 *
 * @module
 */

import type { SsoLogin } from "./sso_profile.ts";

/** A client that is registered with Identity Center. */
export interface SsoRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A sign-in. */
export interface SsoToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Renews it, where the registration has a scope. */
  readonly refreshToken: string | undefined;
}

/** The files of one user. */
export class SsoCache {
  readonly #folder: string;

  /** @param folder Where they are. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The token of a sign-in; `undefined` where there is none or it cannot be read. */
  async token(login: SsoLogin): Promise<SsoToken | undefined> {
    const file = await this.#read(await tokenKey(login));
    const { accessToken, expiresAt, refreshToken, startUrl, region } = file;
    const time = timeOf(expiresAt);
    if (
      typeof accessToken !== "string" || time === undefined ||
      // Another session by that name, before its file was changed.
      startUrl !== undefined && startUrl !== login.startUrl ||
      region !== undefined && region !== login.region
    ) return undefined;
    return {
      accessToken,
      expiresAt: time,
      refreshToken: typeof refreshToken === "string" ? refreshToken : undefined,
    };
  }

  /**
   * Writes a sign-in, with the registration that it belongs to, so that whoever reads it can renew
   * it.
   */
  async writeToken(
    login: SsoLogin,
    token: SsoToken,
    registration: SsoRegistration,
  ): Promise<void> {
    await this.#write(await tokenKey(login), {
      startUrl: login.startUrl,
      region: login.region,
      accessToken: token.accessToken,
      expiresAt: timestamp(token.expiresAt),
      clientId: registration.clientId,
      clientSecret: registration.clientSecret,
      registrationExpiresAt: timestamp(registration.expiresAt),
      ...(token.refreshToken === undefined
        ? {}
        : { refreshToken: token.refreshToken }),
    });
  }

  /** The registration for sign-ins like this one; `undefined` where there is none. */
  async registration(login: SsoLogin): Promise<SsoRegistration | undefined> {
    const file = await this.#read(await registrationKey(login));
    const { clientId, clientSecret, expiresAt } = file;
    const time = timeOf(expiresAt);
    return typeof clientId === "string" && typeof clientSecret === "string" &&
        time !== undefined
      ? { clientId, clientSecret, expiresAt: time }
      : undefined;
  }

  /** Writes a registration. */
  async writeRegistration(
    login: SsoLogin,
    registration: SsoRegistration,
  ): Promise<void> {
    await this.#write(await registrationKey(login), {
      clientId: registration.clientId,
      clientSecret: registration.clientSecret,
      expiresAt: timestamp(registration.expiresAt),
      ...(login.scopes.length === 0 ? {} : { scopes: login.scopes }),
    });
  }

  /** Removes a sign-in; false where there was none. */
  async remove(login: SsoLogin): Promise<boolean> {
    try {
      await Deno.remove(this.#path(await tokenKey(login)));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #path(key: string): string {
    return `${this.#folder}/${key}.json`;
  }

  async #read(key: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      const value: unknown = JSON.parse(
        await Deno.readTextFile(this.#path(key)),
      );
      return typeof value === "object" && value !== null ? { ...value } : {};
    } catch {
      return {};
    }
  }

  /** Whoever reads meanwhile sees the old file or the new one, and nobody else can read it. */
  async #write(
    key: string,
    content: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(key);
    const fresh = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    try {
      await Deno.writeTextFile(fresh, pythonJson(content), {
        createNew: true,
        mode: 0o600,
      });
      await Deno.rename(fresh, path);
    } catch (error) {
      await Deno.remove(fresh).catch(() => {});
      throw error;
    }
  }
}

/** The name of a token's file: of the session's name, or in the older form of the start URL. */
function tokenKey({ sessionName, startUrl }: SsoLogin): Promise<string> {
  return sha1(sessionName ?? startUrl);
}

/** The name of a registration's file: of what makes it fit, with its keys in order. */
function registrationKey(
  { sessionName, startUrl, region, scopes }: SsoLogin,
): Promise<string> {
  return sha1(pythonJson({
    region,
    scopes: scopes.length === 0 ? null : scopes,
    session_name: sessionName ?? null,
    startUrl,
    tool: "botocore",
  }));
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(text),
  );
  return new Uint8Array(digest).toHex();
}

/** As Python's json.dumps writes it: ASCII, with spaces between. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, each]) =>
      `${pythonJson(name)}: ${pythonJson(each)}`
    );
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As botocore writes times: seconds, and Z. */
function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Older AWS CLIs wrote `UTC` in place of Z. */
function timeOf(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  const time = Date.parse(text.replace(/UTC$/, "Z"));
  return Number.isNaN(time) ? undefined : time;
}
