/**
 * What the account prefers: whether sessions are recorded and where, how they are encrypted, when
 * they end.
 *
 * @module
 */

import type { SessionPreferences } from "../../lib/aws/session_preferences.ts";
import { visible } from "../../lib/text.ts";
import { type CheckResult, result } from "./check.ts";
import { callErrorOf, callFailed, type Outcome } from "./limited.ts";

/** What is known of the preferences; `undefined` = the account has set none. */
export type PreferencesOutcome = Outcome<SessionPreferences | undefined>;

/**
 * Whether sessions are recorded, and where.
 * @param preferences What was read.
 */
export function loggingCheck(preferences: PreferencesOutcome): CheckResult {
  const id = "logging";
  if (!preferences.ok) return callFailed(id, preferences.error);
  const { s3, cloudWatch } = preferences.value ?? {};
  const where = [
    ...(s3 === undefined ? [] : [
      `in s3://${visible(s3.bucket)}/${visible(s3.prefix)}` +
      (s3.encrypted ? ", encrypted" : ""),
    ]),
    ...(cloudWatch === undefined ? [] : [
      `in CloudWatch's group ${visible(cloudWatch.group)}` +
      (cloudWatch.streamed ? ", as they run" : ", when they end"),
    ]),
  ];
  return where.length === 0
    ? result(
      id,
      "ok",
      "sessions are not recorded" + (preferences.value === undefined
        ? ": the account has set no preferences"
        : ""),
    )
    : result(id, "ok", `sessions are recorded ${where.join(" and ")}`, {
      details: [
        "what shells and commands print; of forwarded ports and SSH nothing is",
      ],
    });
}

/**
 * Who sessions run as, and when they end.
 * @param preferences What was read.
 */
export function sessionRulesCheck(
  preferences: PreferencesOutcome,
): CheckResult {
  const id = "sessions";
  if (!preferences.ok) return callFailed(id, preferences.error);
  const { runAs, idleMinutes, longestMinutes, profiles = [] } =
    preferences.value ?? {};
  return result(
    id,
    "ok",
    [
      `run as ${
        runAs === undefined
          ? "ssm-user"
          : runAs === ""
          ? "whom the tag SSMSessionRunAs of the caller names"
          : visible(runAs)
      }`,
      `end after ${idleMinutes ?? 20} min without input`,
      ...(longestMinutes === undefined
        ? []
        : [`after ${longestMinutes} min in any case`]),
      ...(profiles.length === 0
        ? []
        : [`begin with commands of the account's (${profiles.join(", ")})`]),
    ].join(", "),
  );
}

/** Whether a session's key could be made; `undefined` = there is no key to try. */
export type KeyOutcome = Outcome<void> | undefined;

/**
 * How sessions are encrypted, and whether the key is usable.
 * @param preferences What was read.
 * @param key What came of trying it.
 */
export function encryptionCheck(
  preferences: PreferencesOutcome,
  key: KeyOutcome,
): CheckResult {
  const id = "encryption";
  if (!preferences.ok) return callFailed(id, preferences.error);
  const { kmsKeyId } = preferences.value ?? {};
  if (kmsKeyId === undefined) {
    return result(id, "ok", "TLS; no KMS key is set");
  }
  const name = visible(kmsKeyId);
  if (key === undefined) {
    return result(id, "unknown", `KMS key ${name}, which was not tried`);
  }
  if (key.ok) {
    return result(id, "ok", `TLS, and KMS key ${name}, which you may use`);
  }
  const call = callErrorOf(key.error);
  if (
    call === undefined || call.kind === "network" || call.retryable ||
    /credentials|region|profile/.test(call.kind)
  ) return callFailed(id, key.error);
  return result(
    id,
    "error",
    `sessions are encrypted with KMS key ${name}, which cannot be used`,
    {
      details: [
        visible(call.reason),
        "without it no shell and no command begins; forwarded ports do",
      ],
      hints: [`aws kms describe-key --key-id ${name}`],
    },
  );
}
