import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { policySource } from "../../lib/aws/iam.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { type FakeAnswer, FakeAws } from "../testkit/fake_aws.ts";

const user = "arn:aws:iam::123456789012:user/me";

function evaluations(
  list: readonly (readonly [action: string, decision: string, key?: string])[],
  marker?: string,
): FakeAnswer {
  const members = list.map(([action, decision, key]) =>
    `<member><EvalActionName>${action}</EvalActionName>` +
    `<EvalResourceName>arn:${decision}</EvalResourceName>` +
    `<EvalDecision>${decision}</EvalDecision><MissingContextValues>` +
    (key === undefined ? "" : `<member>${key}</member>`) +
    `</MissingContextValues></member>`
  ).join("");
  return {
    xml: `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult>` +
      `<EvaluationResults>${members}</EvaluationResults>` +
      (marker === undefined
        ? `<IsTruncated>false</IsTruncated>`
        : `<IsTruncated>true</IsTruncated><Marker>${marker}</Marker>`) +
      `</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
  };
}

Deno.test("iam: of an action's resources the worst counts, over all pages", async () => {
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  await using fake = new FakeAws({
    "sts:SimulatePrincipalPolicy": ({ input }) =>
      input["Marker"] === "more"
        ? evaluations([["a:One", "explicitDeny"], ["a:Two", "allowed"]])
        : evaluations([
          ["a:One", "allowed"],
          ["a:Two", "implicitDeny", "ssm:resourceTag/Name"],
          ["a:Three", "implicitDeny"],
        ], "more"),
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  const answers = await aws.iam.simulate(user, {
    actions: ["a:One", "a:Two", "a:Three"],
    resources: ["*"],
  });
  assert.deepEqual(
    answers.map(({ action, verdict, missing }) => [action, verdict, missing])
      .sort(),
    [
      ["a:One", "denied", []],
      ["a:Three", "denied", []],
      ["a:Two", "depends", ["ssm:resourceTag/Name"]],
    ],
  );
  const [first] = fake.requests;
  assert.equal(first?.input["PolicySourceArn"], user);
  assert.equal(first?.input["ActionNames.member.3"], "a:Three");
});

Deno.test("iam: a role's ARN has its path; one that is not there is none", async () => {
  await using _home = await AwsHome.create({ env: PLAIN_ENVIRONMENT });
  await using fake = new FakeAws({
    "sts:GetRole": ({ input }) =>
      input["RoleName"] === "ops"
        ? {
          xml:
            "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::123456789012:role/a/ops" +
            "</Arn></Role></GetRoleResult></GetRoleResponse>",
        }
        : { error: "NoSuchEntity", status: 404 },
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  assert.equal(
    await aws.iam.roleArn("ops"),
    "arn:aws:iam::123456789012:role/a/ops",
  );
  assert.equal(await aws.iam.roleArn("other"), undefined);
});

Deno.test("policySource: users and roles have policies; root and federated users are not simulated", () => {
  for (
    const [caller, source] of [
      [user, { arn: user }],
      ["arn:aws-cn:sts::123456789012:assumed-role/ops/me@corp", {
        arn: "arn:aws-cn:iam::123456789012:role/ops",
        role: "ops",
      }],
      ["arn:aws:iam::123456789012:root", undefined],
      ["arn:aws:sts::123456789012:federated-user/me", undefined],
      ["", undefined],
    ] as const
  ) assert.deepEqual(policySource(caller), source, caller);
});
