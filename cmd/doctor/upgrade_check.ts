/**
 * Whether the service's WebSocket can be opened: a signed upgrade for a session that does not exist.
 * An answer that only the service can give shows that the way is free.
 *
 * @module
 */

import type { CallerIdentity } from "../../lib/aws/mod.ts";
import { refusalOf } from "../../lib/aws/refusal.ts";
import type { UpgradeRefusedError } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import { describeError } from "../errors.ts";
import { isNamed } from "../target/target.ts";
import { type CheckResult, result } from "./check.ts";
import { callErrorOf, callFailed, lower, type Outcome } from "./limited.ts";

/**
 * Where a session of this caller's would be, which there is not.
 * @param endpoint That of ssmmessages.
 * @param identity The caller, whose sessions' ids begin alike: a policy may ask for that.
 */
export function upgradeUrl(endpoint: string, identity: CallerIdentity): string {
  const name = callerName(identity);
  const random = [...crypto.getRandomValues(new Uint8Array(13))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${endpoint.replace(/^http/, "ws").replace(/\/$/, "")}` +
    `/v1/data-channel/${encodeURIComponent(name)}-${random}` +
    "?role=publish_subscribe";
}

/**
 * What the ids of the caller's sessions begin with (api.md §2).
 * @param identity The caller.
 */
export function callerName({ userId, arn }: CallerIdentity): string {
  return userId.split(":")[1] ?? arn.split("/").at(-1) ?? "ssm";
}

/**
 * What came of it.
 * @param outcome The attempt.
 * @param denied True where IAM says that ssmmessages:OpenDataChannel is not allowed.
 */
export function upgradeCheck(
  outcome: Outcome<void>,
  denied: boolean,
): CheckResult {
  const id = "websocket";
  if (outcome.ok) {
    return result(id, "ok", "a signed upgrade is answered");
  }
  const { error } = outcome;
  if (callErrorOf(error) !== undefined) return callFailed(id, error);
  if (!isNamed<UpgradeRefusedError>(error, "UpgradeRefusedError")) {
    const { message = "", details } = describeError(error);
    return result(id, "error", lower(message), { details });
  }
  const { cause, meaning } = refusalOf(error.status);
  const body = error.body.trim().slice(0, 300);
  const details = body === "" ? [] : [`the server says: ${visible(body)}`];
  switch (cause) {
    case "session":
      return result(
        id,
        "ok",
        `a signed upgrade is answered with ${error.status}, as there is no such session`,
      );
    case "identity":
      return denied
        ? result(
          id,
          "skipped",
          `refused with ${error.status}, as ssmmessages:OpenDataChannel is not allowed`,
        )
        : result(id, "warning", `a signed upgrade is refused: ${meaning}`, {
          details: [
            ...details,
            "it was for a session that does not exist; --session tries a real one",
          ],
        });
    case "service":
    case "way":
      return result(id, "error", `the upgrade is refused: ${meaning}`, {
        details: [
          ...details,
          ...(cause === "way"
            ? [
              "proxies and firewalls on the way have to let WebSockets to it pass",
            ]
            : []),
        ],
      });
  }
}
