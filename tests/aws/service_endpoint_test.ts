import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { siblingEndpoint } from "../../lib/aws/service_endpoint.ts";
import { AwsHome } from "../testkit/aws_home.ts";

Deno.test("endpoints are those that calls would go to, and nothing is called", async () => {
  await using _home = await AwsHome.create({
    env: {
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL_KMS: "https://kms.corp.example:8443/aws",
    },
  });
  // No credentials are there: none are needed.
  using aws = new Aws();
  assert.equal(
    await aws.endpointOf("ssm"),
    "https://ssm.eu-west-1.amazonaws.com",
  );
  assert.equal(
    await aws.endpointOf("kms"),
    "https://kms.corp.example:8443/aws",
  );
  assert.match(
    await aws.endpointOf("iam"),
    /^https:\/\/iam\..*amazonaws\.com$/,
  );
  assert.equal(
    await aws.endpointOf("ec2"),
    "https://ec2.eu-west-1.amazonaws.com",
  );
  assert.equal(
    await aws.endpointOf("ecs"),
    "https://ecs.eu-west-1.amazonaws.com",
  );
  assert.equal(
    await aws.endpointOf("sts"),
    "https://sts.eu-west-1.amazonaws.com",
  );
  using given = new Aws({ endpointUrl: "http://127.0.0.1:1" });
  assert.equal(await given.endpointOf("ec2"), "http://127.0.0.1:1");
});

Deno.test("the hosts beside SSM's own are made from it, and from nobody else's", () => {
  for (
    const [ssm, expected] of [
      [
        "https://ssm.eu-west-1.amazonaws.com",
        "https://ssmmessages.eu-west-1.amazonaws.com",
      ],
      [
        "https://ssm-fips.us-gov-west-1.amazonaws.com",
        "https://ssmmessages-fips.us-gov-west-1.amazonaws.com",
      ],
      [
        "https://ssm.cn-north-1.amazonaws.com.cn",
        "https://ssmmessages.cn-north-1.amazonaws.com.cn",
      ],
      [
        "https://ssm.eu-west-1.api.aws",
        "https://ssmmessages.eu-west-1.api.aws",
      ],
      ["https://vpce-1.ssm.eu-west-1.vpce.amazonaws.com", undefined],
      ["http://127.0.0.1:4566", undefined],
      ["https://ssm.corp.example", undefined],
    ] as const
  ) assert.equal(siblingEndpoint(ssm, "ssmmessages"), expected, ssm);
});
