import assert from "node:assert/strict";
import {
  askPermissions,
  permissionCheck,
} from "../../../cmd/doctor/permission_check.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import type { PolicyAnswer, PolicyQuestion } from "../../../lib/aws/iam.ts";

const account = "123456789012";
const role = {
  account,
  arn: `arn:aws:sts::${account}:assumed-role/ops/me`,
  userId: "AROA:me",
};
const typed = { target: "web", flags: "" };
const { signal } = new AbortController();

/** IAM that answers every question alike. */
function iam(
  answer: (action: string) => PolicyAnswer["verdict"],
  known = `arn:aws:iam::${account}:role/ops`,
) {
  const asked: [principal: string, question: PolicyQuestion][] = [];
  return {
    asked,
    simulate: (principal: string, question: PolicyQuestion) => {
      asked.push([principal, question]);
      return principal === known
        ? Promise.resolve(question.actions.map((action): PolicyAnswer => ({
          action,
          verdict: answer(action),
          explicit: false,
          missing: answer(action) === "depends" ? ["ssm:resourceTag/Name"] : [],
        })))
        : Promise.reject(
          new AwsCallError({
            action: "iam:SimulatePrincipalPolicy",
            code: "NoSuchEntityException",
            kind: "not-found",
            reason: "no",
          }),
        );
    },
    roleArn: () => Promise.resolve(known),
  };
}

async function check(
  calls: ReturnType<typeof iam>,
  where: "on a node" | "anywhere" = "on a node",
) {
  const node = where === "anywhere" ? undefined : "i-0123456789abcdef0";
  const question = {
    identity: role,
    region: "eu-west-1",
    node,
    documentName: undefined,
  };
  const value = await askPermissions(question, calls, signal);
  return permissionCheck({ ok: true, value }, new Map(), typed);
}

Deno.test("permissions: all that are asked about may be allowed", async () => {
  const calls = iam(() => "allowed");
  const { status, summary } = await check(calls);
  assert.equal(status, "ok");
  assert.match(summary, /^all \d+ actions that ssm uses are allowed$/);
  const start = calls.asked.find(([, { actions }]) =>
    actions.includes("ssm:StartSession")
  );
  assert.deepEqual(start?.[1].resources, [
    `arn:aws:ec2:eu-west-1:${account}:instance/i-0123456789abcdef0`,
    `arn:aws:ssm:eu-west-1:${account}:document/SSM-SessionManagerRunShell`,
  ]);
});

Deno.test("permissions: a role with a path is found by its name", async () => {
  const path = `arn:aws:iam::${account}:role/aws-reserved/sso/ops`;
  const { status } = await check(iam(() => "allowed", path));
  assert.equal(status, "ok");
});

Deno.test("permissions: what depends on a node's tags is neither allowed nor denied", async () => {
  const { status, details } = await check(
    iam((action) => action === "ssm:StartSession" ? "depends" : "allowed"),
  );
  assert.equal(status, "unknown");
  assert.deepEqual(details, [
    "depends on ssm:resourceTag/Name: ssm:StartSession",
  ]);
});

Deno.test("permissions: without a node, a denial on every node is none on one", async () => {
  const deny = iam((action) =>
    action === "ssm:StartSession" ? "denied" : "allowed"
  );
  assert.equal((await check(deny, "anywhere")).status, "unknown");
  const { status, summary, hints } = await check(deny);
  assert.deepEqual([status, summary, hints], [
    "error",
    "not allowed: ssm:StartSession",
    ["ssm shell web --explain"],
  ]);
});

Deno.test("permissions: of the two forms of a session's id either will do", async () => {
  const allowed = iam(() => "allowed");
  const calls: typeof allowed = {
    ...allowed,
    async simulate(principal, question) {
      const answers = await allowed.simulate(principal, question);
      // A policy with ${aws:userid}, which a role's has its id in.
      return question.resources.some((arn) => arn.includes("session/me-"))
        ? answers.map((each) => ({ ...each, verdict: "denied" }))
        : answers;
    },
  };
  assert.equal((await check(calls)).status, "ok");
});

Deno.test("permissions: what is forbidden is denied, whatever it was asked about", async () => {
  const denied = iam((action) =>
    action === "ecs:ExecuteCommand" ? "denied" : "allowed"
  );
  assert.equal((await check(denied)).status, "unknown");
  const forbidden: typeof denied = {
    ...denied,
    simulate: async (principal, question) =>
      (await denied.simulate(principal, question)).map((each) => ({
        ...each,
        explicit: true,
      })),
  };
  const { status, summary } = await check(forbidden);
  assert.deepEqual([status, summary], [
    "warning",
    "not allowed: ecs:ExecuteCommand",
  ]);
});

Deno.test("permissions: the root user may do everything, a federated one nobody knows", async () => {
  const calls = iam(() => "denied");
  const ask = async (arn: string) => {
    const value = await askPermissions(
      {
        identity: { account, arn, userId: account },
        region: "eu-west-1",
        node: undefined,
        documentName: undefined,
      },
      calls,
      signal,
    );
    return permissionCheck({ ok: true, value }, new Map(), typed).status;
  };
  assert.equal(await ask(`arn:aws:iam::${account}:root`), "ok");
  assert.equal(
    await ask(`arn:aws:sts::${account}:federated-user/me`),
    "unknown",
  );
  assert.deepEqual(calls.asked, []);
});

Deno.test("permissions: a call that went well outweighs a simulation that says no", async () => {
  const value = await askPermissions(
    {
      identity: role,
      region: "eu-west-1",
      node: undefined,
      documentName: undefined,
    },
    iam((action) => action === "ssm:GetDocument" ? "denied" : "allowed"),
    signal,
  );
  const shown = new Map([["ssm:GetDocument", "allowed"]] as const);
  assert.equal(
    permissionCheck({ ok: true, value }, shown, typed).status,
    "ok",
  );
});
