import assert from "node:assert/strict";
import {
  agentFeatures,
  missingFeatures,
  neededVersion,
} from "../../lib/session/agent_features.ts";

Deno.test("features: a version lacks those that came after it", () => {
  const lacks = (version: string) => missingFeatures(version)?.length;
  assert.equal(lacks("2.3.67.0"), agentFeatures.length);
  assert.equal(lacks("2.3.68.0"), agentFeatures.length - 1);
  assert.deepEqual(
    missingFeatures("3.0.196.0")?.[0]?.what,
    "many connections in one session",
  );
  assert.notEqual(
    missingFeatures("3.0.197.0")?.[0]?.what,
    "many connections in one session",
  );
  assert.deepEqual(
    missingFeatures("3.1.1510.0")?.map((feature) => [
      feature.what,
      neededVersion(feature),
    ]),
    [["exit codes and outputs kept apart", "3.1.1511.0 or later"]],
  );
  assert.deepEqual(missingFeatures("3.1.1511.0"), []);
});

Deno.test("features: a version that cannot be compared tells nothing", () => {
  for (const version of ["", "3", "3.1.1511", "latest", "3.1.x.0"]) {
    assert.equal(missingFeatures(version), undefined, version);
  }
});
