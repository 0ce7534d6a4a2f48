/**
 * Calls that somebody waits for at a report: each has its time, and its failure a place in it.
 *
 * @module
 */

import type { AwsCallError } from "../../lib/aws/mod.ts";
import type { Clock } from "../../lib/session/transport.ts";
import { describeError } from "../errors.ts";
import { isNamed } from "../target/target.ts";
import { type CheckResult, result } from "./check.ts";

/** How long a call of the doctor's may take, in milliseconds. */
export const callLimit = 12_000;

/** A call, and what came of it. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: unknown };

/**
 * Makes a call within its time.
 * @param run The call.
 * @param clock Measures the time.
 * @param signal Gives up; its reason is thrown.
 */
export async function attempt<Value>(
  run: (signal: AbortSignal) => Promise<Value>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Value>> {
  signal.throwIfAborted();
  const over = new AbortController();
  const stop = () => over.abort(signal.reason);
  const cancel = clock.setTimer(
    callLimit,
    () => over.abort(new Error(`no answer within ${callLimit / 1000} s`)),
  );
  signal.addEventListener("abort", stop, { once: true });
  try {
    return { ok: true, value: await run(over.signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, error };
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

/**
 * What a call to AWS failed of, where it was AWS that said so.
 * @param error What was thrown.
 */
export function callErrorOf(error: unknown): AwsCallError | undefined {
  return isNamed<AwsCallError>(error, "AwsCallError") ? error : undefined;
}

/**
 * A check whose call failed. What other checks look at is theirs to name: the network, the clock,
 * credentials and permissions.
 * @param id Whose.
 * @param error What was thrown.
 */
export function callFailed(id: string, error: unknown): CheckResult {
  const call = callErrorOf(error);
  if (call?.code === "InvalidCaBundle") {
    return result(id, "skipped", "not checked: it needs certificates to trust");
  }
  switch (call?.kind) {
    case "network":
      return result(id, "skipped", "not checked: the service was not reached");
    case "no-region":
      return result(id, "skipped", "not checked: it needs a region");
    case "no-credentials":
    case "expired-credentials":
    case "invalid-credentials":
    case "unknown-profile":
      return result(id, "skipped", "not checked: it needs credentials");
    case "access-denied":
      return result(id, "unknown", `not known: ${call.action} is not allowed`);
    default: {
      const { message = "", details } = describeError(error);
      return result(id, "unknown", `not known: ${lower(message)}`, { details });
    }
  }
}

/**
 * A sentence as the second half of another one.
 * @param text The sentence.
 */
export function lower(text: string): string {
  return text.replace(/^Cannot\b/, "cannot");
}

/**
 * What a call shows about its action.
 * @param action The action.
 * @param outcome What came of the call.
 */
export function callShown(
  action: string,
  outcome: Outcome<unknown> | undefined,
): readonly (readonly [string, "allowed" | "denied"])[] {
  if (outcome === undefined) return [];
  if (outcome.ok) return [[action, "allowed"]];
  return callErrorOf(outcome.error)?.kind === "access-denied"
    ? [[action, "denied"]]
    : [];
}

/**
 * Who waits for a promise may come later, or not at all: its rejection, by a signal, is nobody's
 * fault meanwhile.
 * @param promise Given back.
 */
export function heard<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
