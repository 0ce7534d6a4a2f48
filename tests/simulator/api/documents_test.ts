import assert from "node:assert/strict";
import { documentProperties } from "../../../lib/simulator/api/documents.ts";

Deno.test("documents: properties with parameters and defaults put in", () => {
  assert.deepEqual(
    documentProperties("AWS-StartPortForwardingSessionToRemoteHost", {
      host: ["db.internal"],
      portNumber: ["5432"],
    }),
    {
      host: "db.internal",
      localPortNumber: "0",
      portNumber: "5432",
      type: "LocalPortForwarding",
    },
  );
  assert.deepEqual(
    Object.keys(documentProperties("AWS-StartPortForwardingSession", {})!),
    ["localPortNumber", "portNumber", "type"],
    "as Go writes a map",
  );
  assert.deepEqual(documentProperties("AWS-StartSSHSession", {}), {
    portNumber: "22",
  });
});

Deno.test("documents: terminals and what is unknown have none", () => {
  for (
    const name of [
      "SSM-SessionManagerRunShell",
      "AWS-StartInteractiveCommand",
      "toString",
      "no",
    ]
  ) assert.equal(documentProperties(name, {}), null, name);
});
