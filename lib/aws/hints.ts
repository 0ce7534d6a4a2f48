/**
 * Commands to suggest when a call to AWS failed. Each can be pasted as it stands: foreign text in
 * it is quoted for the shell.
 *
 * @module
 */

import { shellQuote } from "../text.ts";
import type { AwsErrorKind } from "./errors.ts";

/** What a hint may draw on. */
export interface HintContext {
  /** The profile in use, `undefined` when none was named. */
  readonly profile?: string | undefined;
  /** Where the credentials come from, as far as it makes a difference here. */
  readonly source?: "environment" | "sso" | "other";
  /** Profiles that can sign in with IAM Identity Center, a few of them. */
  readonly ssoProfiles?: readonly string[];
  /** AWS's or the SDK's words. */
  readonly text?: string;
}

/** ` --profile X`, or nothing without a named profile. */
function profileFlag(profile: string | undefined): string {
  return profile === undefined ? "" : ` --profile ${shellQuote(profile)}`;
}

/**
 * The command that renews an SSO login.
 *
 * @param profile The profile whose login it is, `undefined` for the default one.
 */
export function ssoLoginCommand(profile: string | undefined): string {
  return `ssm login${profileFlag(profile)}`;
}

/**
 * The commands that help with one kind of failure; empty where none does.
 *
 * @param kind What the failure comes down to.
 * @param context What is known besides.
 */
export function hintsFor(
  kind: AwsErrorKind,
  context: HintContext = {},
): readonly string[] {
  const flag = profileFlag(context.profile);
  switch (kind) {
    case "access-denied":
      return [`ssm doctor${flag}`];
    case "invalid-credentials":
    case "expired-credentials":
      // A signature for another region than the endpoint's says nothing against the credentials.
      if (/valid region/i.test(context.text ?? "")) {
        return [
          "export AWS_REGION=us-east-1",
          `aws configure get region${flag}`,
        ];
      }
      switch (context.source) {
        case "sso":
          return [ssoLoginCommand(context.profile)];
        case "environment":
          return [
            "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
          ];
        default:
          return [`ssm doctor${flag}`];
      }
    case "no-credentials":
      return context.ssoProfiles?.length
        ? context.ssoProfiles.map(ssoLoginCommand)
        : [`aws configure${flag}`, `aws configure sso${flag}`];
    case "no-region":
      return [
        "export AWS_REGION=us-east-1",
        `ssm config set region us-east-1${flag}`,
      ];
    case "unknown-profile":
      return ["aws configure list-profiles", `aws configure${flag}`];
    case "clock":
      return ["date -u"];
    case "network":
      return /certificate/i.test(context.text ?? "")
        ? ["export AWS_CA_BUNDLE=/path/to/your-ca.pem"]
        : [];
    default:
      return [];
  }
}
