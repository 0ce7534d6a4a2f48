/**
 * ssh with the official AWS CLI for its ProxyCommand, as AWS documents it, and us for the CLI's
 * plugin.
 *
 * @module
 */

import assert from "node:assert/strict";
import { randomBytes, sha256 } from "../testkit/far_end.ts";
import {
  canRunSsh,
  sshNode,
  startSshWorld,
  untilNoSession,
} from "../testkit/ssh_server.ts";
import { shellWords } from "../testkit/shell_words.ts";
import { awsCli, missingCli, ourPlugin } from "./official.ts";

Deno.test({
  name: "ssh runs a command through the official AWS CLI with us as its plugin",
  ignore: !canRunSsh(),
}, async () => {
  const what = await missingCli();
  if (what !== undefined) {
    return console.log(`skipped: ${what} not installed`);
  }
  await using plugin = await ourPlugin();
  await using world = await startSshWorld();
  const proxy =
    `env PATH=${shellWords([plugin.path.replace(/\/[^/]*$/, "")])}:$PATH ${
      shellWords([await awsCli()])
    } ssm start-session --target %h ` +
    '--endpoint-url "$AWS_ENDPOINT_URL" ' +
    "--document-name AWS-StartSSHSession --parameters portNumber=%p";
  const bytes = randomBytes(500_000);
  const { code, text, stderr } = await world.run([
    "ssh",
    ...world.options,
    "-o",
    `ProxyCommand=${proxy}`,
    `${world.user}@${sshNode}`,
    "sha256sum; exit 5",
  ], { stdin: bytes });
  assert.equal(code, 5, stderr);
  assert.equal(text.slice(0, 64), await sha256(bytes));
  await untilNoSession(world);
});
