import assert from "node:assert/strict";
import {
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
} from "@aws-sdk/client-sts";
import { startTestSimulator } from "../api_clients.ts";

Deno.test("GetCallerIdentity names an account that nobody has", async () => {
  await using t = await startTestSimulator();
  const caller = await t.sts.send(new GetCallerIdentityCommand({}));
  assert.equal(caller.Account, "000000000000");
  assert.match(caller.Arn ?? "", /^arn:aws:sts::000000000000:assumed-role\//);
  assert.match(caller.UserId ?? "", /:simulator$/);
});

Deno.test("another STS call is refused in STS's shape", async () => {
  await using t = await startTestSimulator();
  await assert.rejects(t.sts.send(new GetSessionTokenCommand({})), {
    name: "InvalidAction",
    message: /GetSessionToken/,
  });
});
