/**
 * Where credentials come from, in words. What they are is never said.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { Credentials } from "./credentials.ts";
import type { ResolvedSettings } from "./settings.ts";

/** The features that the SDK notes on credentials (`$source`), the more telling ones first. */
const SOURCES: readonly (readonly [feature: string, words: string])[] = [
  ["CREDENTIALS_STS_ASSUME_ROLE_WEB_ID", "a role by web identity"],
  ["CREDENTIALS_STS_ASSUME_ROLE", "a role"],
  ["CREDENTIALS_SSO_LEGACY", "an IAM Identity Center login"],
  ["CREDENTIALS_SSO", "an IAM Identity Center login"],
  ["CREDENTIALS_LOGIN", "a console login"],
  ["CREDENTIALS_PROCESS", "credential_process"],
  ["CREDENTIALS_HTTP", "the container's metadata"],
  ["CREDENTIALS_IMDS", "EC2's instance metadata"],
  ["CREDENTIALS_ENV_VARS", "the environment"],
  ["CREDENTIALS_PROFILE", "keys"],
];

/**
 * The source, as the end of "from …".
 *
 * @param credentials What was found.
 * @param settings What they were found with.
 */
export function credentialSource(
  credentials: Credentials,
  settings: ResolvedSettings,
): string {
  if (settings.credentialsFromEnvironment) return "the environment";
  const source: unknown = "$source" in credentials
    ? credentials.$source
    : undefined;
  const features = typeof source === "object" && source !== null
    ? Object.keys(source)
    : [];
  const [, words] =
    SOURCES.find(([feature]) => features.some((each) => each === feature)) ??
      [];
  const profile = `profile ${visible(settings.profile)}`;
  const known = Object.keys(settings.profileData).length > 0;
  return words === undefined
    ? profile
    : known
    ? `${words} of ${profile}`
    : words;
}
