/**
 * How a profile signs in: by IAM Identity Center, in either of its two forms, or by something that
 * `ssm login` cannot do, with a sentence about what that is.
 *
 * @module
 */

import { shellQuote, visible } from "../text.ts";
import { AwsCallError } from "./errors.ts";

/** A sign-in by IAM Identity Center. */
export interface SsoLogin {
  /** The sso-session's name; `undefined` for a profile of the older form. */
  readonly sessionName: string | undefined;
  readonly startUrl: string;
  /** The region of Identity Center, not of the calls. */
  readonly region: string;
  /** What the sign-in is registered for; none for the older form, which is never renewed. */
  readonly scopes: readonly string[];
}

/** A file's section. */
type Section = Readonly<Record<string, string | undefined>>;

/** What the profile files hold. */
export interface ProfileFiles {
  /** Profiles by name, those of both files together. */
  readonly profiles: Readonly<Record<string, Section>>;
  /** sso-session sections by name. */
  readonly ssoSessions: Readonly<Record<string, Section>>;
}

/** Source profiles that lead to one another more often than this are a circle. */
const longestChain = 10;

/**
 * The scope without which Identity Center gives no refresh token; the AWS CLI writes it into every
 * sso-session that it configures, and botocore registers without scopes where it is missing.
 */
export const accountScope = "sso:account:access";

/**
 * How a profile signs in. One that assumes a role signs in as its source profile does.
 * @param name The profile.
 * @param files What the files hold.
 * @throws AwsCallError of kind `invalid` for one that signs in otherwise, or says too little.
 */
export function ssoLoginOf(name: string, files: ProfileFiles): SsoLogin {
  let at = name;
  for (let left = longestChain; left > 0; left--) {
    const profile = own(files.profiles, at) ?? {};
    const sessionName = profile.sso_session;
    if (sessionName) return bySession(at, sessionName, files);
    if (profile.sso_start_url || profile.sso_region) {
      return {
        sessionName: undefined,
        startUrl: need(profile.sso_start_url, at, "sso_start_url"),
        region: regionOf(need(profile.sso_region, at, "sso_region"), at),
        scopes: [],
      };
    }
    const source = profile.role_arn && profile.source_profile;
    if (!source || source === at) throw noSso(at, profile);
    at = source;
  }
  throw wrong(
    name,
    "its source profiles lead round in a circle",
    [],
  );
}

function bySession(
  profile: string,
  sessionName: string,
  { ssoSessions }: ProfileFiles,
): SsoLogin {
  const session = own(ssoSessions, sessionName);
  if (session === undefined) {
    throw wrong(
      profile,
      `it names the sso-session ${visible(sessionName)}, which is not there`,
      [`aws configure sso-session`],
    );
  }
  const where = `sso-session ${sessionName}`;
  return {
    sessionName,
    startUrl: need(session.sso_start_url, where, "sso_start_url"),
    region: regionOf(need(session.sso_region, where, "sso_region"), where),
    scopes: (session.sso_registration_scopes ?? "").split(",")
      .map((scope) => scope.trim()).filter((scope) => scope !== ""),
  };
}

function own<Value>(
  record: Readonly<Record<string, Value>>,
  name: string,
): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function need(value: string | undefined, where: string, key: string): string {
  if (value) return value;
  throw wrong(where, `it has no ${key}`, ["aws configure sso"]);
}

/** A region becomes part of a host's name. */
function regionOf(text: string, where: string): string {
  if (/^[a-z0-9-]{1,63}$/.test(text)) return text;
  throw wrong(where, `${visible(text)} is no region`, ["aws configure sso"]);
}

function wrong(
  where: string,
  reason: string,
  hints: readonly string[],
): AwsCallError {
  return new AwsCallError({
    action: "login",
    code: "NoSsoLogin",
    kind: "invalid",
    reason: `${visible(where)}: ${reason}`,
    hints,
  });
}

/** What kind of credentials a profile without SSO has, and what is to be done with that. */
function noSso(name: string, profile: Section): AwsCallError {
  const flag = name === "default" ? "" : ` --profile ${shellQuote(name)}`;
  const [kind, hints]: [string, string[]] = profile.login_session
    ? [
      "signs in with the console's credentials (login_session), which the AWS CLI does",
      [`aws login${flag}`],
    ]
    : profile.credential_process
    ? ["has its credentials from a program (credential_process)", []]
    : profile.web_identity_token_file
    ? ["has its credentials from a web identity token", []]
    : profile.role_arn && profile.credential_source
    ? [
      `assumes a role with credentials of ${
        visible(profile.credential_source)
      }`,
      [],
    ]
    : profile.role_arn
    ? ["assumes a role, and names no other profile for that", []]
    : profile.aws_access_key_id
    ? ["has access keys, which need no sign-in", []]
    : ["has no credentials of its own", [`aws configure sso${flag}`]];
  return new AwsCallError({
    action: "login",
    code: "NoSsoLogin",
    kind: "invalid",
    reason: `the profile ${visible(name)} ${kind}; ` +
      "a sign-in needs sso_session or sso_start_url",
    hints,
  });
}
