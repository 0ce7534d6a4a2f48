import assert from "node:assert/strict";
import { controlFailure } from "../../lib/aws/control_failure.ts";
import { AwsCallError, type AwsErrorKind } from "../../lib/aws/errors.ts";
import {
  ControlError,
  type ControlFailure,
} from "../../lib/session/control.ts";

/** Every kind there is: one that is missing here does not compile. */
const meanings: Record<AwsErrorKind, ControlFailure> = {
  "access-denied": "denied",
  "expired-credentials": "login",
  "invalid-credentials": "login",
  "no-credentials": "login",
  "not-connected": "gone",
  "not-found": "gone",
  "no-region": "refused",
  "unknown-profile": "refused",
  "invalid": "refused",
  "throttled": "passing",
  "network": "passing",
  "clock": "passing",
  "service": "passing",
};

Deno.test("every kind of AWS error has its meaning for a session", () => {
  for (const [kind, failure] of Object.entries(meanings)) {
    const error = new AwsCallError({
      action: "ssm:ResumeSession",
      code: "X",
      kind: kind as AwsErrorKind,
      reason: "why",
    });
    assert.equal(controlFailure(error), failure, kind);
    // Both say the same about trying again.
    assert.equal(new ControlError("why", failure).final, error.final, kind);
  }
});
