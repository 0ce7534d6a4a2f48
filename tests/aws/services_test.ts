import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws, type FakeHandler, instances } from "../testkit/fake_aws.ts";

async function withFake(
  handlers: Record<string, FakeHandler>,
  run: (aws: Aws, fake: FakeAws) => Promise<void>,
): Promise<void> {
  await using fake = new FakeAws(handlers);
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  await run(aws, fake);
}

Deno.test("EC2 is asked for a name without wildcards and without terminated instances", () =>
  withFake({
    "ec2:DescribeInstances": () =>
      instances(
        { id: "i-0aaaaaaaaaaaaaaaa", state: "stopped", name: "w*b?" },
        // What a service without that escape would add.
        { id: "i-0bbbbbbbbbbbbbbbb", state: "running", name: "wxxby" },
      ),
  }, async (aws, fake) => {
    assert.deepEqual(await aws.ec2.findInstances("tag:Name", "w*b?"), [{
      id: "i-0aaaaaaaaaaaaaaaa",
      state: "stopped",
      name: "w*b?",
      tags: { Name: "w*b?" },
      address: "10.0.0.1",
    }]);
    const input = fake.requests[0]?.input ?? {};
    assert.equal(input["Filter.1.Name"], "tag:Name");
    assert.equal(input["Filter.1.Value.1"], "w\\*b\\?");
    assert.equal(input["Filter.2.Name"], "instance-state-name");
    assert.deepEqual(
      [1, 2, 3, 4].map((each) => input[`Filter.2.Value.${each}`]),
      ["pending", "running", "stopping", "stopped"],
    );
    assert.match(
      fake.requests[0]?.headers.get("authorization") ?? "",
      /\/eu-central-1\/ec2\//,
    );
  }));

Deno.test("one instance's state, or that there is none", async () => {
  let known = true;
  await withFake({
    "ec2:DescribeInstances": () =>
      known
        ? instances({
          id: "i-0aaaaaaaaaaaaaaaa",
          state: "running",
          platform: "Windows",
          profile: "arn:aws:iam::1:instance-profile/p",
        })
        : {
          error: "InvalidInstanceID.NotFound",
          message: "The instance ID does not exist",
        },
  }, async (aws) => {
    assert.deepEqual(await aws.ec2.describeInstance("i-0aaaaaaaaaaaaaaaa"), {
      id: "i-0aaaaaaaaaaaaaaaa",
      state: "running",
      address: "10.0.0.1",
      platform: "windows",
      instanceProfile: "arn:aws:iam::1:instance-profile/p",
    });
    known = false;
    assert.equal(
      await aws.ec2.describeInstance("i-0aaaaaaaaaaaaaaaa"),
      undefined,
    );
  });
});

Deno.test("EC2's refusal names the action", () =>
  withFake({
    "ec2:DescribeInstances": () => ({
      error: "UnauthorizedOperation",
      message: "You are not authorized to perform this operation.",
      status: 403,
    }),
  }, async (aws) => {
    await assert.rejects(
      aws.ec2.findInstances("tag:Name", "web"),
      (error: unknown) => {
        assert.ok(error instanceof AwsCallError);
        assert.equal(error.kind, "access-denied");
        assert.match(
          error.message,
          /access to ec2:DescribeInstances is denied/,
        );
        return true;
      },
    );
  }));

Deno.test("KMS gives 64 bytes for the context, or the answer is refused", async () => {
  let length = 64;
  await withFake({
    "kms:GenerateDataKey": () => ({
      json: {
        KeyId: "k",
        Plaintext: new Uint8Array(length).fill(7).toBase64(),
        CiphertextBlob: "AQID",
      },
    }),
  }, async (aws, fake) => {
    const key = await aws.kms.generateDataKey("alias/x", { a: "b" });
    assert.deepEqual([...key.plaintext], new Array(64).fill(7));
    assert.deepEqual([...key.ciphertextBlob], [1, 2, 3]);
    assert.deepEqual(fake.requests[0]?.input, {
      KeyId: "alias/x",
      NumberOfBytes: 64,
      EncryptionContext: { a: "b" },
    });
    length = 32;
    await assert.rejects(
      aws.kms.generateDataKey("alias/x", {}),
      /the answer has no key of 64 bytes/,
    );
  });
});

Deno.test("ECS runs a command and tells the container's runtime id", () =>
  withFake({
    "ecs:ExecuteCommand": () => ({
      json: {
        clusterArn: "arn:aws:ecs:r:1:cluster/c",
        taskArn: "arn:aws:ecs:r:1:task/c/t",
        containerName: "app",
        interactive: true,
        session: {
          sessionId: "ecs-execute-command-1",
          streamUrl: "wss://ssmmessages.eu-central-1.amazonaws.com/x",
          tokenValue: "t",
        },
      },
    }),
    "ecs:DescribeTasks": () => ({
      json: {
        tasks: [{
          taskArn: "arn:aws:ecs:r:1:task/c/t",
          clusterArn: "arn:aws:ecs:r:1:cluster/c",
          lastStatus: "RUNNING",
          enableExecuteCommand: true,
          containers: [
            { name: "app", runtimeId: "t-1", lastStatus: "RUNNING" },
            { name: "new" },
          ],
        }],
      },
    }),
  }, async (aws, fake) => {
    const result = await aws.ecs.executeCommand({
      cluster: "c",
      task: "t",
      command: "/bin/sh",
    });
    assert.equal(result.grant.sessionId, "ecs-execute-command-1");
    assert.equal(result.containerName, "app");
    assert.deepEqual(fake.requests[0]?.input, {
      cluster: "c",
      task: "t",
      command: "/bin/sh",
      interactive: true,
    });
    const [task] = await aws.ecs.describeTasks("c", ["t"]);
    assert.deepEqual(task?.containers, [
      { name: "app", runtimeId: "t-1", lastStatus: "RUNNING" },
      { name: "new" },
    ]);
    assert.equal(task?.executeCommandEnabled, true);
  }));

Deno.test("STS says who we are", () =>
  withFake({
    "sts:GetCallerIdentity": () => ({
      xml: "<GetCallerIdentityResponse><GetCallerIdentityResult>" +
        "<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>AIDA</UserId>" +
        "<Account>123456789012</Account>" +
        "</GetCallerIdentityResult></GetCallerIdentityResponse>",
    }),
  }, async (aws) => {
    assert.deepEqual(await aws.sts.getCallerIdentity(), {
      account: "123456789012",
      arn: "arn:aws:iam::123456789012:user/me",
      userId: "AIDA",
    });
  }));

Deno.test("a public key is sent to EC2 Instance Connect, which finds the instance by its id", () =>
  withFake({
    "ec2-instance-connect:SendSSHPublicKey": () => ({
      json: { RequestId: "r", Success: true },
    }),
  }, async (aws, fake) => {
    const request = {
      instanceId: "i-0aaaaaaaaaaaaaaaa",
      user: "ubuntu",
      publicKey: "ssh-ed25519 AAAA ssm",
    };
    await aws.ec2InstanceConnect.sendSshPublicKey(request);
    assert.deepEqual(fake.requests[0]?.input, {
      InstanceId: request.instanceId,
      InstanceOSUser: request.user,
      SSHPublicKey: request.publicKey,
    });
  }));
