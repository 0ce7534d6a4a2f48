import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import { connect, echoes, startEcho } from "../testkit/far_end.ts";
import { interrupt, startForward } from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };

Deno.test(
  "cli: up opens the ssm.json of the repository's root, and Ctrl-C leaves no session",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--host",
      "db.internal=127.0.0.1",
    ]);
    await using far = startEcho();
    const folder = await Deno.makeTempDir({ prefix: "ssm_up_" });
    try {
      await Deno.mkdir(`${folder}/.git`);
      await Deno.mkdir(`${folder}/a/b`, { recursive: true });
      const text = JSON.stringify({
        groups: {
          dev: [
            { name: "near", target: "web-server", remote: far.port },
            {
              name: "far",
              target: "web-server",
              remote: `db.internal:${far.port}`,
            },
            { name: "gone", target: "no-such-node", remote: 80 },
          ],
        },
      });
      await Deno.writeTextFile(`${folder}/ssm.json`, text);
      const hash = await crypto.subtle.digest(
        "SHA-256",
        new TextEncoder().encode(text),
      );
      const sha256 = [...new Uint8Array(hash)]
        .map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const cwd = `${folder}/a/b`;
      await using up = await startForward(
        simulator.env,
        ["--confirm", sha256, "--output", "json"],
        { cwd, command: "up", ready: /ssm: gone: Cannot find a node/ },
      );
      const events: Record<string, unknown>[] = [];
      while (events.length < 3) {
        const [line] = await up.stdout.until(/\{.*\}\n/);
        events.push(JSON.parse(line));
      }
      const ports = events.filter(({ event }) => event === "ready")
        .map(({ localPort }) => Number(localPort));
      assert.equal(ports.length, 2);
      for (const port of ports) {
        using conn = await connect(port);
        assert.ok(await echoes(conn, `to ${port}`));
      }
      assert.ok((await simulator.activeSessions()).length >= 2);
      const { code, stdout } = await interrupt(up);
      assert.equal(code, 125);
      assert.equal(stdout.match(/"event":"closed"/g)?.length, 2);
      assert.deepEqual(await simulator.activeSessions(), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("cli: a configuration with a mistake stops ssm shell before AWS is called, and not its help", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm_config_" });
  try {
    const path = `${folder}/config.jsonc`;
    await Deno.writeTextFile(path, '{\n  "defualts": {}\n}');
    const env = { SSM_CONFIG: path };
    const { code, stderr } = await runProgram(["shell", "web"], { env });
    assert.equal(code, 125);
    assert.equal(
      stderr,
      `ssm: Cannot use ${path}:2:3: "defualts" is not known; did you mean defaults?\n` +
        "hint: ssm config edit\n",
    );
    assert.equal((await runProgram(["shell", "--help"], { env })).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
