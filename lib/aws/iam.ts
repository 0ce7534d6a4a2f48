/**
 * What IAM is asked: whether an identity may do something, without its doing it.
 *
 * @module
 */

import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";

/** Actions on resources, each with each. */
export interface PolicyQuestion {
  /** As `ssm:StartSession`, 1–100. */
  readonly actions: readonly string[];
  /** ARNs; `*` for actions that know none. */
  readonly resources: readonly string[];
}

/**
 * IAM's answer for one action, the worst of its resources'.
 *
 * - `allowed`: every policy that IAM looked at lets it happen;
 * - `denied`: none does, or one forbids it;
 * - `depends`: denied without what IAM was not told, such as the node's tags.
 */
export interface PolicyAnswer {
  readonly action: string;
  readonly verdict: "allowed" | "denied" | "depends";
  /** True where a policy forbids it, whatever others allow. */
  readonly explicit: boolean;
  /** Condition keys of `depends`. */
  readonly missing: readonly string[];
}

/** The IAM calls of one identity. All reject with AwsCallError. */
export class IamCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * SimulatePrincipalPolicy: what an identity may do, by its own policies, its groups' and its
   * boundary; of service control policies IAM tells the outcome, of session policies nothing.
   *
   * @param principal ARN of a user or role, as {@linkcode policySource} gives it.
   * @param question The actions.
   */
  async simulate(
    principal: string,
    question: PolicyQuestion,
    signal?: AbortSignal,
  ): Promise<PolicyAnswer[]> {
    const { SimulatePrincipalPolicyCommand } = await import(
      "@aws-sdk/client-iam"
    );
    const answers = new Map<string, PolicyAnswer>();
    let marker: string | undefined;
    do {
      const page = await this.#clients.call(
        "iam:SimulatePrincipalPolicy",
        async () => {
          const client = await this.#clients.iam();
          return await client.send(
            new SimulatePrincipalPolicyCommand({
              PolicySourceArn: principal,
              ActionNames: [...question.actions],
              ResourceArns: [...question.resources],
              Marker: marker,
            }),
            abortable(signal),
          );
        },
        signal,
      );
      for (const result of page.EvaluationResults ?? []) {
        const action = result.EvalActionName ?? "";
        const missing = result.MissingContextValues ?? [];
        const verdict = result.EvalDecision === "allowed"
          ? "allowed"
          : result.EvalDecision === "implicitDeny" && missing.length > 0
          ? "depends"
          : "denied";
        const known = answers.get(action);
        if (known !== undefined && rank(known.verdict) >= rank(verdict)) {
          continue;
        }
        answers.set(action, {
          action,
          verdict,
          explicit: result.EvalDecision === "explicitDeny",
          missing,
        });
      }
      marker = page.IsTruncated === true ? page.Marker || undefined : undefined;
    } while (marker !== undefined);
    return [...answers.values()];
  }

  /**
   * GetRole: a role's ARN by its name, which is all that the ARN of an assumed role tells; its path
   * is not in there.
   *
   * @param name The role's name.
   * @returns `undefined` when there is no such role.
   */
  async roleArn(
    name: string,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { GetRoleCommand } = await import("@aws-sdk/client-iam");
    try {
      const { Role } = await this.#clients.call("iam:GetRole", async () => {
        const client = await this.#clients.iam();
        return await client.send(
          new GetRoleCommand({ RoleName: name }),
          abortable(signal),
        );
      }, signal);
      return Role?.Arn;
    } catch (error) {
      if (error instanceof AwsCallError && error.kind === "not-found") {
        return undefined;
      }
      throw error;
    }
  }
}

function rank(verdict: PolicyAnswer["verdict"]): number {
  return ["allowed", "depends", "denied"].indexOf(verdict);
}

/** Whose policies count for a caller. */
export interface PolicySource {
  /** ARN of the user or role; a role's path is not known and left out. */
  readonly arn: string;
  /** The role's name, where it is one. */
  readonly role?: string;
}

/**
 * Whose policies count, from what GetCallerIdentity tells.
 *
 * @param caller The caller's ARN.
 * @returns `undefined` for the account's root user and federated users, whom IAM does not simulate.
 */
export function policySource(caller: string): PolicySource | undefined {
  const [, partition, account, rest = ""] =
    /^arn:([^:]+):(?:iam|sts)::(\d{12}):(.+)$/.exec(caller) ?? [];
  if (partition === undefined) return undefined;
  if (rest.startsWith("user/")) return { arn: caller };
  const [, role] = /^assumed-role\/([^/]+)\//.exec(rest) ?? [];
  if (role === undefined) return undefined;
  return { arn: `arn:${partition}:iam::${account}:role/${role}`, role };
}
