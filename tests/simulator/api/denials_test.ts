import assert from "node:assert/strict";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetDocumentCommand, StartSessionCommand } from "@aws-sdk/client-ssm";
import { Denials } from "../../../lib/simulator/api/denials.ts";
import { simulatorCallerArn } from "../../../lib/simulator/credentials.ts";
import { clientConfiguration, startTestSimulator } from "../api_clients.ts";

const role = "arn:aws:iam::000000000000:role/ssm-simulator";
const web = "i-0123456789abcdef0";

async function refusal(call: Promise<unknown>): Promise<[string, string]> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof Error);
    return [error.name, error.message];
  }
  return ["", ""];
}

Deno.test("denials: actions as IAM has them, of a service all", () => {
  const denials = new Denials(["ssm:getdocument", "kms:*"]);
  assert(denials.denies({ service: "ssm", operation: "GetDocument" }));
  assert(!denials.denies({ service: "ssm", operation: "StartSession" }));
  assert(denials.deniesAction("kms:GenerateDataKey"));
  assert(!denials.deniesAction("kmsx:GenerateDataKey"));
  const shell = new Denials([], ["SSM-SessionManagerRunShell"]);
  const about = (name: string) => `arn:aws:ssm:us-east-1:0:document/${name}`;
  const start = "ssm:StartSession";
  assert(shell.deniesAction(start, about("SSM-SessionManagerRunShell")));
  assert(!shell.deniesAction(start, about("AWS-StartSSHSession")));
  assert(!shell.deniesAction(start));
});

Deno.test("a denied call says who, what, and why, in its API's way", async () => {
  await using t = await startTestSimulator({
    deny: ["ssm:StartSession", "ec2:DescribeInstances"],
  });
  const [name, message] = await refusal(
    t.ssm.send(new StartSessionCommand({ Target: web })),
  );
  assert.equal(name, "AccessDeniedException");
  assert(message.startsWith(`User: ${simulatorCallerArn} is not authorized`));
  assert.match(message, /perform: ssm:StartSession on resource: /);
  assert.equal(
    (await refusal(t.ec2.send(new DescribeInstancesCommand({}))))[0],
    "UnauthorizedOperation",
  );
  assert.deepEqual(t.simulator.activeSessions(), []);
});

Deno.test("SimulatePrincipalPolicy knows what is denied, for a role's own ARN", async () => {
  await using t = await startTestSimulator({ deny: ["ssm:SendCommand"] });
  const iam = new IAMClient(clientConfiguration(t.simulator));
  const ask = (PolicySourceArn: string, ...ActionNames: string[]) =>
    iam.send(
      new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames }),
    );
  const { EvaluationResults = [] } = await ask(
    role,
    "ssm:SendCommand",
    "ssm:StartSession",
  );
  assert.deepEqual(
    EvaluationResults.map((each) => [each.EvalActionName, each.EvalDecision]),
    [
      ["ssm:SendCommand", "implicitDeny"],
      ["ssm:StartSession", "allowed"],
    ],
  );
  const [name] = await refusal(ask(simulatorCallerArn, "ssm:StartSession"));
  assert.equal(name, "InvalidInputException");
  iam.destroy();
});

Deno.test("GetDocument gives the account's preferences, and what else is set besides", async () => {
  await using t = await startTestSimulator({
    kmsKeyId: "alias/k",
    idleTimeout: 600,
    preferences: { s3BucketName: "logs", runAsEnabled: "true" },
  });
  const { Content = "" } = await t.ssm.send(
    new GetDocumentCommand({ Name: "SSM-SessionManagerRunShell" }),
  );
  const { inputs, sessionType } = JSON.parse(Content);
  assert.equal(sessionType, "Standard_Stream");
  assert.deepEqual(
    [
      inputs.s3BucketName,
      inputs.runAsEnabled,
      inputs.kmsKeyId,
      inputs.idleSessionTimeout,
      inputs.maxSessionDuration,
    ],
    ["logs", true, "alias/k", "10", ""],
  );
});

Deno.test("GetDocument: an account that set no preferences has no document", async () => {
  await using t = await startTestSimulator({ preferences: undefined });
  const [name] = await refusal(
    t.ssm.send(new GetDocumentCommand({ Name: "SSM-SessionManagerRunShell" })),
  );
  assert.equal(name, "InvalidDocument");
});

Deno.test("KMS: a dry run makes no key, and tells whether one could be made", async () => {
  await using t = await startTestSimulator({ kmsKeyId: "alias/k" });
  const kms = new KMSClient(clientConfiguration(t.simulator));
  const ask = (KeyId: string) =>
    refusal(
      kms.send(
        new GenerateDataKeyCommand({ KeyId, NumberOfBytes: 64, DryRun: true }),
      ),
    );
  assert.equal((await ask("alias/k"))[0], "DryRunOperationException");
  assert.equal((await ask("alias/other"))[0], "NotFoundException");
  kms.destroy();
});

Deno.test("a clock that is off shows in the Date of every answer", async () => {
  const skew = 3600_000;
  await using t = await startTestSimulator({ clockSkew: skew });
  const response = await fetch(t.simulator.endpoint, { method: "POST" });
  await response.body?.cancel();
  const date = Date.parse(response.headers.get("date") ?? "");
  assert(Math.abs(date - Date.now() - skew) < 60_000);
});
