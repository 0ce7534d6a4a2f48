/**
 * Who calls, and where.
 *
 * @module
 */

import type { CallerIdentity, ResolvedSettings } from "../../lib/aws/mod.ts";
import { visible } from "../../lib/text.ts";
import type { Connection } from "../context.ts";
import { describeError } from "../errors.ts";
import type { CredentialFacts } from "./calls.ts";
import { type CheckResult, result, skipped } from "./check.ts";
import { callErrorOf, lower, type Outcome } from "./limited.ts";

/** Credentials that end sooner than this are worth a word, in milliseconds. */
const soon = 10 * 60_000;

/**
 * Whose credentials there are.
 * @param credentials What was found, never what it is.
 * @param identity What STS says.
 * @param now Milliseconds since the Unix epoch.
 * @param login What renews an expired login.
 */
export function credentialCheck(
  credentials: Outcome<CredentialFacts>,
  identity: Outcome<CallerIdentity> | undefined,
  now: number,
): CheckResult {
  const id = "credentials";
  if (!credentials.ok) {
    const call = callErrorOf(credentials.error);
    // Said in the line of the region.
    if (call?.kind === "no-region" || call?.action === "profile") {
      return skipped(id, "a profile and a region");
    }
    const { message = "", hints, details } = describeError(credentials.error);
    return result(id, "error", lower(message), { details, hints });
  }
  const { source, expiration } = credentials.value;
  const from = `from ${source}`;
  const left = expiration === undefined ? Infinity : expiration.getTime() - now;
  const until = expiration === undefined
    ? "no end is known"
    : `valid until ${expiration.toISOString().replace(/\.\d+Z$/, "Z")}`;
  if (identity === undefined || !identity.ok) {
    const call = identity && callErrorOf(identity.error);
    if (
      call?.kind === "expired-credentials" ||
      call?.kind === "invalid-credentials"
    ) {
      return result(id, "error", visible(call.reason), {
        details: [`${from}; ${until}`],
        hints: call.hints,
      });
    }
    return result(
      id,
      "unknown",
      `${from}; ${until}; STS could not be asked whose they are`,
      {
        details: identity === undefined
          ? []
          : [lower(describeError(identity.error).message ?? "")],
      },
    );
  }
  const { arn, account } = identity.value;
  const summary = `${visible(arn)}`;
  const details = [`account ${visible(account)}, ${from}; ${until}`];
  return left < soon
    ? result(
      id,
      "warning",
      `${summary}, for ${Math.max(0, Math.round(left / 60_000))} more minutes`,
      {
        details: [
          ...details,
          "a session goes on without them, and cannot be resumed",
        ],
      },
    )
    : result(id, "ok", summary, { details });
}

/**
 * Which region is asked, and who says so.
 * @param settings What was settled.
 * @param connection What was asked for.
 * @param env Looks up a variable.
 */
export function regionCheck(
  settings: Outcome<ResolvedSettings>,
  connection: Connection,
  env: (name: string) => string | undefined,
): CheckResult {
  const id = "region";
  if (!settings.ok) {
    const { message = "", hints, details } = describeError(settings.error);
    return result(id, "error", lower(message), { details, hints });
  }
  const { region, profile } = settings.value;
  if (region === undefined) {
    return result(id, "error", "none is set", {
      details: [
        `give --region, set AWS_REGION, or set region in the profile ${
          visible(profile)
        }`,
      ],
      hints: ["export AWS_REGION=us-east-1"],
    });
  }
  const by = connection.region !== undefined
    ? env("SSM_REGION") === connection.region ? "SSM_REGION" : "--region"
    : ["AWS_REGION", "AWS_DEFAULT_REGION"].find((name) =>
      env(name) !== undefined
    ) ?? `profile ${visible(profile)}`;
  return result(id, "ok", `${visible(region)}, by ${by}`);
}
