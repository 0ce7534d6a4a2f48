/**
 * From what the user typed to a node id. An id goes through as it is; everything else is a row of
 * questions, `target_plan.ts`, of which the first that has an answer decides.
 *
 * @module
 */

import { AwsCallError } from "./errors.ts";
import { present } from "./present.ts";
import { suggestNames } from "./suggest_names.ts";
import {
  AmbiguousTargetError,
  type ResolvedTarget,
  type TargetCandidate,
  TargetNotFoundError,
} from "./target_errors.ts";
import { type LookupCalls, takeStep } from "./target_lookup.ts";
import { lookupPlan, type LookupStep } from "./target_plan.ts";
import { parseTarget, type TargetGrammar } from "./target_spec.ts";
import { describeTarget } from "./target_words.ts";

export {
  AmbiguousTargetError,
  InvalidTargetError,
  type ResolvedTarget,
  type TargetCandidate,
  TargetNotFoundError,
} from "./target_errors.ts";

/** The calls a lookup makes; `SsmCalls` and `Ec2Calls` have them. */
export interface TargetCalls extends LookupCalls {
  /** Some Name tags, for "did you mean". */
  someNames(signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * Finds the node. Where several nodes are what was asked for it is ambiguous even if only one of
 * them is online: which one that is changes with the weather, and a shell on the wrong machine
 * costs more than a choice.
 *
 * @param text What the user typed.
 * @param calls The lookups.
 * @param grammar What may stand without a prefix.
 * @throws InvalidTargetError, AmbiguousTargetError, TargetNotFoundError, or AwsCallError when
 * no lookup is permitted or the network fails.
 */
export async function resolveTarget(
  text: string,
  calls: TargetCalls,
  signal?: AbortSignal,
  grammar?: TargetGrammar,
): Promise<ResolvedTarget> {
  const spec = parseTarget(text, grammar);
  const plan = lookupPlan(spec);
  const [first] = plan;
  if (first?.kind === "id" && plan.length === 1) {
    return { id: first.id, name: undefined };
  }
  const { candidates, denied, complete } = await askInTurn(
    plan,
    (step) => takeStep(step, calls, signal),
  );
  const [only] = candidates;
  const words = describeTarget(spec);
  if (only !== undefined) {
    if (candidates.length === 1) return resolved(only);
    throw new AmbiguousTargetError(words.value, candidates, words.several);
  }
  const [refusal] = denied;
  // Without the first lookup "not found" would be a guess.
  if (refusal !== undefined && refusal.step === first) throw refusal.error;
  const ec2Denied = refusal !== undefined;
  throw new TargetNotFoundError(
    words.value,
    ec2Denied || !words.isName ? [] : await suggestNames(
      words.value,
      (signal) => calls.someNames(signal),
      signal,
    ),
    ec2Denied
      ? "Session Manager knows none in this account and region, and EC2 may " +
        "not be asked (ec2:DescribeInstances)"
      : plan.some(({ kind }) => kind === "instances")
      ? "neither Session Manager nor EC2 knows one in this account and region"
      : "Session Manager knows none in this account and region",
    words.one,
    complete,
  );
}

/** What a row of questions came to. */
export interface Lookup<Candidate> {
  /** Empty where no question has an answer. */
  readonly candidates: readonly Candidate[];
  /** The questions that may not be asked. */
  readonly denied: readonly {
    readonly step: LookupStep;
    readonly error: AwsCallError;
  }[];
  /** False where a question was given up, as there are too many nodes to look at all of them. */
  readonly complete: boolean;
}

/**
 * Asks one question after the other until one has an answer. One that may not be asked is left out.
 *
 * @param plan The questions.
 * @param ask Asks one, in one place or in many.
 * @throws what `ask` throws, unless that access is denied.
 */
export async function askInTurn<Candidate>(
  plan: readonly LookupStep[],
  ask: (
    step: LookupStep,
  ) => Promise<
    { readonly candidates: readonly Candidate[]; readonly complete: boolean }
  >,
): Promise<Lookup<Candidate>> {
  const denied: { step: LookupStep; error: AwsCallError }[] = [];
  let complete = true;
  for (const step of plan) {
    if (denied.some((each) => apiOf(each.step) === apiOf(step))) continue;
    try {
      const answer = await ask(step);
      complete &&= answer.complete;
      const { candidates } = answer;
      if (candidates.length > 0) return { candidates, denied, complete };
    } catch (error) {
      if (!(error instanceof AwsCallError) || error.kind !== "access-denied") {
        throw error;
      }
      denied.push({ step, error });
    }
  }
  return { candidates: [], denied, complete };
}

/** Whoever may not ask it one thing may not ask it another. */
function apiOf({ kind }: LookupStep): "ec2" | "ssm" {
  return kind === "instances" ? "ec2" : "ssm";
}

function resolved(candidate: TargetCandidate): ResolvedTarget {
  const { id, name, platform, agentVersion } = candidate;
  return { id, name, ...present({ platform, agentVersion }) };
}
