/**
 * The smallest IAM policy for some calls.
 *
 * @module
 */

import type { PlannedCall, PolicyCondition } from "./permissions.ts";

/** One statement of a policy. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: PolicyCondition;
}

/** A policy, as IAM takes it. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/**
 * Makes the policy. Actions on the same resources share a statement.
 *
 * @param calls What is to be allowed.
 * @param needs Which of them; those that a command cannot do without where nothing is said.
 */
export function minimalPolicy(
  calls: readonly PlannedCall[],
  needs: readonly PlannedCall["need"][] = ["always", "maybe"],
): PolicyDocument {
  const statements = new Map<
    string,
    Omit<PolicyStatement, "Sid" | "Action"> & { readonly actions: Set<string> }
  >();
  for (const { action, need, resources, condition } of calls) {
    if (!needs.includes(need)) continue;
    const key = JSON.stringify([resources, condition]);
    const known = statements.get(key);
    if (known !== undefined) known.actions.add(action);
    else {
      statements.set(key, {
        Effect: "Allow",
        actions: new Set([action]),
        Resource: resources,
        ...(condition === undefined ? {} : { Condition: condition }),
      });
    }
  }
  const taken = new Map<string, number>();
  return {
    Version: "2012-10-17",
    Statement: [...statements.values()].map((
      { actions, Effect, Resource, Condition },
    ) => ({
      Sid: sid([...actions], taken),
      Effect,
      Action: [...actions].sort(),
      Resource,
      ...(Condition === undefined ? {} : { Condition }),
    })),
  };
}

/** A statement's id: letters and digits, each once in a policy. */
function sid(actions: readonly string[], taken: Map<string, number>): string {
  const [first = ""] = actions;
  const [, name = "Statement"] = first.split(":");
  const count = (taken.get(name) ?? 0) + 1;
  taken.set(name, count);
  return count === 1 ? name : `${name}${count}`;
}
