import assert from "node:assert/strict";
import { AwsCallError, type AwsErrorKind } from "../../lib/aws/errors.ts";
import { regionsLike, searchedRegions } from "../../lib/aws/regions.ts";

const failure = (kind: AwsErrorKind) =>
  new AwsCallError({
    action: "ec2:DescribeRegions",
    code: "Code",
    kind,
    reason: "said",
  });

Deno.test("the regions are EC2's, the own one first", async () => {
  const describe = () => Promise.resolve(["eu-west-1", "us-east-1"]);
  assert.deepEqual(await searchedRegions("us-east-1", describe), {
    own: "us-east-1",
    regions: ["us-east-1", "eu-west-1"],
  });
});

Deno.test("where EC2 does not answer, those that every account of the partition has stand in", async () => {
  for (const kind of ["access-denied", "network", "throttled"] as const) {
    const refusal = failure(kind);
    const list = await searchedRegions(
      "af-south-1",
      () => Promise.reject(refusal),
    );
    assert.equal(list.refusal, refusal);
    assert.deepEqual(list.regions.slice(0, 2), ["af-south-1", "us-east-1"]);
    assert.equal(list.regions.length, 18);
  }
  assert.deepEqual(regionsLike("cn-north-1"), ["cn-north-1", "cn-northwest-1"]);
  assert.deepEqual(regionsLike("us-gov-east-1"), [
    "us-gov-west-1",
    "us-gov-east-1",
  ]);
});

Deno.test("without credentials there is nothing to search", async () => {
  await assert.rejects(
    searchedRegions("us-east-1", () => Promise.reject(failure("no-region"))),
    AwsCallError,
  );
});
