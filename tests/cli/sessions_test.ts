import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { hasPty, openPty } from "../testkit/pty.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

Deno.test({
  name: "sessions: what a crash left behind is listed, ended, and history",
  ignore: !hasPty,
  async fn() {
    await using simulator = await startSimulatorProgram([
      "--shell",
      "env PS1='remote> ' sh",
    ]);
    const { env } = simulator;
    const sessions = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram(
        ["sessions", ...args],
        { env },
      );
      assert.equal(code, 0, stderr);
      return { stdout, stderr };
    };
    await using pty = await openPty(
      [...programCommand(), "shell", "web-server", "--reason", "a crash"],
      { env, clearEnv: true },
    );
    await pty.until("remote> ");
    const [living] = JSON.parse((await sessions("-o", "json")).stdout);
    assert.equal(living.status, "Connected");
    assert.equal(living.name, "web-server");
    assert.equal(living.reason, "a crash");
    const orphaned = ["kill", "--orphaned", "--yes"];
    assert.match((await sessions(...orphaned)).stderr, /is without a client/);

    pty.kill("SIGKILL");
    await pty.exited;
    // The service notices that the connection is gone.
    let left = "";
    while (left === "") {
      const list = JSON.parse((await sessions("-o", "json")).stdout);
      if (list[0].status === "Disconnected") left = list[0].sessionId;
    }
    assert.equal(left, living.sessionId);
    assert.match(
      (await sessions(...orphaned)).stderr,
      new RegExp(`Ended ${left} on `),
    );
    assert.deepEqual(await simulator.activeSessions(), []);
    assert.equal(
      (await sessions("--history", "-o", "ids", "--mine")).stdout,
      `${left}\n`,
    );
  },
});
