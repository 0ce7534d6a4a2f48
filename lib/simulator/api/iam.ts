/**
 * IAM SimulatePrincipalPolicy: whether the run's caller may do something.
 *
 * @module
 */

import type { Denials } from "./denials.ts";
import { ApiError } from "./errors.ts";
import { xmlElement } from "./xml.ts";

/** IAM takes a hundred actions at once (its API reference). */
const mostActions = 100;

/**
 * Answers a call of the IAM API.
 *
 * @param action The form's `Action`.
 * @param form The request's form.
 * @param deny What the caller is not allowed.
 * @param requestId For ResponseMetadata.
 * @returns The answer's XML.
 * @throws ApiError `InvalidAction`, `ValidationError`.
 */
export function simulatePrincipalPolicy(
  action: string,
  form: URLSearchParams,
  deny: Denials,
  requestId: string,
): string {
  if (action !== "SimulatePrincipalPolicy") {
    throw new ApiError(
      "InvalidAction",
      `The simulator has no IAM action ${action}`,
    );
  }
  const arn = form.get("PolicySourceArn") ?? "";
  // The role's own ARN is wanted, not that of the session which assumed it.
  if (!/^arn:[^:]+:iam::\d{12}:(user|role|group)\//.test(arn)) {
    throw new ApiError("InvalidInput", `Invalid Entity Arn: ${arn}`);
  }
  const actions = members(form, "ActionNames");
  if (actions.length === 0 || actions.length > mostActions) {
    throw new ApiError(
      "ValidationError",
      `ActionNames must have 1 to ${mostActions} members`,
    );
  }
  const named = members(form, "ResourceArns");
  const resources = named.length === 0 ? ["*"] : named;
  const results = actions.flatMap((name) =>
    resources.map((resource) =>
      xmlElement("member", {
        EvalActionName: name,
        EvalResourceName: resource,
        EvalDecision: deny.deniesAction(name, resource)
          ? "implicitDeny"
          : "allowed",
      })
    )
  );
  const content = xmlElement("SimulatePrincipalPolicyResult", {
    IsTruncated: "false",
    EvaluationResults: "",
  }).replace(
    "<EvaluationResults></EvaluationResults>",
    // A query API calls a list's items `member`, where EC2 says `item`.
    `<EvaluationResults>${results.join("")}</EvaluationResults>`,
  ) + xmlElement("ResponseMetadata", { RequestId: requestId });
  return `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">` +
    `${content}</SimulatePrincipalPolicyResponse>`;
}

/** `Name.member.1`, `Name.member.2`, … */
function members(form: URLSearchParams, name: string): string[] {
  return [...form].filter(([key]) => key.startsWith(`${name}.member.`))
    .map(([, value]) => value);
}
