/**
 * From the kinds of AWS's errors to the few that a session decides by.
 *
 * @module
 */

import type { ControlFailure } from "../session/control.ts";
import type { AwsCallError, AwsErrorKind } from "./errors.ts";

const failures: Partial<Record<AwsErrorKind, ControlFailure>> = {
  "access-denied": "denied",
  "expired-credentials": "login",
  "invalid-credentials": "login",
  "no-credentials": "login",
  "not-connected": "gone",
  "not-found": "gone",
};

/**
 * What a failed call means for whoever would go on.
 *
 * @param error The call's error.
 */
export function controlFailure(error: AwsCallError): ControlFailure {
  return failures[error.kind] ?? (error.final ? "refused" : "passing");
}
