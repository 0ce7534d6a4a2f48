/**
 * What the caller is allowed: IAM is asked where it may be, and what the other checks' calls have
 * shown counts as well. The rest is not known, and said so.
 *
 * @module
 */

import { policySource } from "../../lib/aws/iam.ts";
import type { CallerIdentity } from "../../lib/aws/mod.ts";
import {
  type ActionResources,
  type PermissionGroup,
  permissionGroups,
} from "../../lib/aws/permission_groups.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { DoctorCalls } from "./calls.ts";
import { type CheckResult, result } from "./check.ts";
import { callErrorOf, type Outcome } from "./limited.ts";
import { callerName } from "./upgrade_check.ts";

/** What is known of an action. */
export type Verdict = "allowed" | "denied" | "depends" | "unknown";

/** What IAM and the calls have told. */
export interface Permissions {
  /** What was asked about. */
  readonly groups: readonly PermissionGroup[];
  /** By action. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Condition keys that decide where it depends. */
  readonly missing: readonly string[];
  /** Why IAM was not asked; `undefined` where it was. */
  readonly notAsked: string | undefined;
}

/** What IAM is asked with. */
export interface PermissionQuestion {
  readonly identity: CallerIdentity;
  readonly region: string;
  /** The node's id; `undefined` where none is meant. */
  readonly node: string | undefined;
  /** The document of sessions; `undefined` for the account's own. */
  readonly documentName: string | undefined;
}

/**
 * Asks IAM.
 * @param question Whom it is about.
 * @param calls The calls.
 * @param signal Gives up, and rejects.
 * @throws AwsCallError
 */
export async function askPermissions(
  { identity, region, node, documentName }: PermissionQuestion,
  calls: Pick<DoctorCalls, "simulate" | "roleArn">,
  signal: AbortSignal,
): Promise<Permissions> {
  const [, partition = "aws"] = /^arn:([^:]+):/.exec(identity.arn) ?? [];
  const groups = permissionGroups(
    { partition, region, account: identity.account },
    node,
    documentName,
    { name: callerName(identity), userId: identity.userId },
  );
  const verdicts = new Map<string, Verdict>();
  const conditions = new Set<string>();
  const source = policySource(identity.arn);
  if (source === undefined) {
    const root = identity.arn.endsWith(":root");
    for (const action of groups.flatMap(({ actions }) => [...actions.keys()])) {
      verdicts.set(action, root ? "allowed" : "unknown");
    }
    return {
      groups,
      verdicts,
      missing: [],
      notAsked: root
        ? undefined
        : "IAM simulates users and roles, and the caller is neither",
    };
  }
  const ask = async (
    principal: string,
    { actions, arns, instead, vague }: Question,
  ) => {
    const about = (resources: readonly string[]) =>
      resources.length === 0
        ? Promise.resolve([])
        : calls.simulate(principal, { actions, resources }, signal);
    const [first, second] = await Promise.all([about(arns), about(instead)]);
    for (const answer of first) {
      const other = second.find(({ action }) => action === answer.action);
      const { action, explicit, missing, verdict } =
        answer.verdict !== "allowed" && other?.verdict === "allowed"
          ? other
          : answer;
      // A policy that allows it on some of what was asked about denies nothing.
      const depends = verdict === "denied" && !explicit && vague;
      verdicts.set(action, depends ? "depends" : verdict);
      missing.forEach((key) => conditions.add(key));
      if (depends) conditions.add("the resource");
    }
  };
  const questions = questionsOf(groups);
  try {
    // One first: whether IAM may be asked at all, and about whom.
    const [first, ...more] = questions;
    if (first !== undefined) await ask(source.arn, first);
    await Promise.all(more.map((question) => ask(source.arn, question)));
  } catch (error) {
    // An assumed role's ARN does not have the role's path.
    if (callErrorOf(error)?.kind !== "not-found" || source.role === undefined) {
      throw error;
    }
    const arn = await calls.roleArn(source.role, signal);
    if (arn === undefined || arn === source.arn) throw error;
    await Promise.all(questions.map((question) => ask(arn, question)));
  }
  return { groups, verdicts, missing: [...conditions], notAsked: undefined };
}

/** Actions that are asked about together. */
type Question = ActionResources & { readonly actions: readonly string[] };

/** IAM decides on each action with each resource, so those with the same ones are asked together. */
function questionsOf(groups: readonly PermissionGroup[]): Question[] {
  const questions = new Map<string, Question>();
  for (const [action, about] of groups.flatMap(({ actions }) => [...actions])) {
    const key = JSON.stringify(about);
    const actions = questions.get(key)?.actions ?? [];
    questions.set(key, { ...about, actions: [...actions, action] });
  }
  return [...questions.values()];
}

/** Where nobody is known, the actions are the same. */
const nobody = { name: "", userId: "" };
const anywhere = { partition: "aws", region: "*", account: "*" };

/**
 * What is known in the end.
 * @param asked What came of asking IAM; `undefined` where nobody could be asked about.
 * @param shown Actions that other checks' calls have shown to be allowed, or denied.
 * @param typed The target and the connection's flags, for a command that shows a policy.
 */
export function permissionCheck(
  asked: Outcome<Permissions> | undefined,
  shown: ReadonlyMap<string, "allowed" | "denied">,
  typed: { readonly target: string | undefined; readonly flags: string },
): CheckResult {
  const id = "permissions";
  const verdictOf = (action: string): Verdict => {
    const told = asked?.ok ? asked.value.verdicts.get(action) : undefined;
    const seen = shown.get(action);
    return seen === "allowed" || told === undefined || told === "unknown"
      ? seen ?? told ?? "unknown"
      : told;
  };
  const groups = asked?.ok
    ? asked.value.groups
    : permissionGroups(anywhere, undefined, undefined, nobody);
  const having = (verdict: Verdict) =>
    groups.map((group) => ({
      ...group,
      actions: [...group.actions.keys()].filter((action) =>
        verdictOf(action) === verdict
      ),
    })).filter(({ actions }) => actions.length > 0);
  const denied = having("denied");
  const depends = having("depends");
  const unknown = having("unknown");
  const list = (found: ReturnType<typeof having>) =>
    found.map(({ what, actions }) => `${what}: ${actions.join(", ")}`);
  const why = asked === undefined
    ? "it is not known who calls"
    : asked.ok
    ? asked.value.notAsked
    : callErrorOf(asked.error)?.kind === "access-denied"
    ? "iam:SimulatePrincipalPolicy is not allowed"
    : visible(
      callErrorOf(asked.error)?.reason ??
        (asked.error instanceof Error ? asked.error.message : ""),
    );
  const untold = [
    ...(depends.length > 0 && asked?.ok
      ? [
        `depends on ${asked.value.missing.map(visible).join(", ")}: ` +
        depends.flatMap(({ actions }) => actions).join(", "),
      ]
      : []),
    ...(unknown.length > 0
      ? [
        `not known, as ${why ?? "IAM does not tell"}: ` +
        unknown.flatMap(({ actions }) => actions).join(", "),
      ]
      : []),
  ];
  if (denied.length > 0) {
    return result(
      id,
      denied.some(({ required }) => required) ? "error" : "warning",
      `not allowed: ${denied.flatMap(({ actions }) => actions).join(", ")}`,
      {
        details: [...list(denied).map((line) => `for ${line}`), ...untold],
        hints: [...new Set(denied.map(({ command }) => command))].slice(0, 2)
          .map((command) => {
            const target = shellQuote(typed.target ?? "web-server");
            return `${
              command.replace("TARGET", target)
            } --explain${typed.flags}`;
          }),
      },
    );
  }
  const all = groups.reduce((sum, { actions }) => sum + actions.size, 0);
  const sure = all -
    [...depends, ...unknown].flatMap(({ actions }) => actions).length;
  return untold.length > 0
    ? result(
      id,
      "unknown",
      `${sure} of ${all} actions are allowed, none is denied as far as that is known`,
      { details: untold },
    )
    : result(id, "ok", `all ${all} actions that ssm uses are allowed`, {
      details: ["as IAM simulates them, without session policies"],
    });
}
