/**
 * The commands of the guides, as they stand there: fenced blocks with `sh try` behind the fence are
 * run against the simulator.
 *
 * @module
 */

import assert from "node:assert/strict";
import { filesUnder } from "../../scripts/files.ts";
import { fencedBlocks } from "../../scripts/markdown.ts";
import { shellQuote } from "../../lib/text.ts";
import { programCommand } from "../testkit/executable.ts";
import { arePrograms } from "../testkit/programs.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const root = new URL("../../", import.meta.url);

/** What a block may need, each in a folder of its own. */
const deadline = 60_000;

async function guideBlocks(): Promise<{ file: string; text: string }[]> {
  const blocks: { file: string; text: string }[] = [];
  for (const file of await filesUnder(root, "docs", ".md")) {
    const text = await Deno.readTextFile(new URL(file, root));
    for (const block of fencedBlocks(text.replaceAll("\r\n", "\n"))) {
      if (block.info === "sh try") blocks.push({ file, text: block.text });
    }
  }
  return blocks;
}

Deno.test({
  name:
    "cli: the guides' commands that are marked to be tried do what they say",
  ignore: !arePrograms("sh", "curl"),
  fn: async (t) => {
    const blocks = await guideBlocks();
    assert.ok(blocks.length >= 8, String(blocks.length));
    await using web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("hello\n"),
    );
    await using simulator = await startSimulatorProgram([
      ...["--node", "name=web-server,tag:role=web"],
      ...["--node", "name=db", "--node", "name=bastion"],
      ...["--host", "db.internal=127.0.0.1"],
      ...["--port-map", `80=${web.addr.port}`],
    ]);
    const folder = await Deno.makeTempDir({ prefix: "ssm-guides-" });
    try {
      await Deno.mkdir(`${folder}/bin`);
      await Deno.writeTextFile(
        `${folder}/bin/ssm`,
        `#!/bin/sh\nexec ${programCommand().map(shellQuote).join(" ")} "$@"\n`,
        { mode: 0o755 },
      );
      await Deno.writeTextFile(`${folder}/token`, "very secret");
      const env = {
        ...simulator.env,
        PATH: `${folder}/bin:${simulator.env.PATH ?? ""}`,
        DEPLOY_TOKEN_FILE: `${folder}/token`,
      };
      for (const [at, { file, text }] of blocks.entries()) {
        await t.step(`${file}: ${text.split("\n")[0]}`, async () => {
          const place = `${folder}/${at}`;
          await Deno.mkdir(place);
          const { code, stdout, stderr } = await new Deno.Command("sh", {
            args: ["-euc", text],
            cwd: place,
            env,
            clearEnv: true,
            stdin: "null",
            signal: AbortSignal.timeout(deadline),
          }).output();
          const said = new TextDecoder().decode(stdout) +
            new TextDecoder().decode(stderr);
          assert.equal(code, 0, `${text}\n${said}`);
        });
      }
      // What was in the background ends its session in its own time.
      while ((await simulator.activeSessions()).length > 0) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
