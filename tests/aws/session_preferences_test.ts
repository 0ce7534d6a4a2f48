import assert from "node:assert/strict";
import { parseSessionPreferences } from "../../lib/aws/session_preferences.ts";

/** A document as the console writes it (AWS user guide, "Create Session Manager preferences"). */
function document(inputs: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    schemaVersion: "1.0",
    description: "Document to hold regional settings for Session Manager",
    sessionType: "Standard_Stream",
    inputs,
  });
}

Deno.test("preferences: all that an account may have set", () => {
  assert.deepEqual(
    parseSessionPreferences(document({
      s3BucketName: "logs",
      s3KeyPrefix: "a/b",
      s3EncryptionEnabled: true,
      cloudWatchLogGroupName: "/ssm",
      cloudWatchEncryptionEnabled: false,
      cloudWatchStreamingEnabled: true,
      kmsKeyId: "alias/sessions",
      runAsEnabled: true,
      runAsDefaultUser: "ops",
      idleSessionTimeout: "15",
      maxSessionDuration: "60",
      shellProfile: { linux: "exec bash", windows: "" },
    })),
    {
      s3: { bucket: "logs", prefix: "a/b", encrypted: true },
      cloudWatch: { group: "/ssm", streamed: true, encrypted: false },
      kmsKeyId: "alias/sessions",
      runAs: "ops",
      idleMinutes: 15,
      longestMinutes: 60,
      profiles: ["linux"],
    },
  );
});

Deno.test("preferences: what is empty is not set", () => {
  const nothing = { profiles: [] };
  for (
    const inputs of [
      {},
      {
        s3BucketName: "",
        cloudWatchLogGroupName: " ",
        kmsKeyId: "",
        runAsEnabled: false,
        runAsDefaultUser: "left over",
        idleSessionTimeout: "",
        maxSessionDuration: "",
        shellProfile: { linux: "", windows: "" },
      },
      { s3BucketName: 7, idleSessionTimeout: {}, shellProfile: "x" },
    ]
  ) assert.deepEqual(parseSessionPreferences(document(inputs)), nothing);
});

Deno.test("preferences: a text that is no session document has none", () => {
  for (
    const text of [
      "",
      "{",
      "[]",
      "null",
      '"sessionType"',
      '{"schemaVersion":"2.2","mainSteps":[]}',
    ]
  ) assert.equal(parseSessionPreferences(text), undefined, text);
});
