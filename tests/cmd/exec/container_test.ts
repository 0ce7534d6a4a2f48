import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { commandWays, type WayNeeds } from "../../../cmd/exec/ways.ts";
import { TestContext } from "../../testkit/context.ts";

const needs: WayNeeds = {
  binary: false,
  carries: undefined,
  platform: "Linux",
  agentVersion: "3.3.987.0",
  container: true,
};

Deno.test("a container has a terminal's session and no other", () => {
  assert.deepEqual(commandWays(needs), ["terminal"]);
  assert.deepEqual(commandWays({ ...needs, binary: true }), ["terminal"]);
  assert.deepEqual(commandWays({ ...needs, container: false }), [
    "plain",
    "terminal",
  ]);
  assert.throws(
    () => commandWays({ ...needs, platform: "Windows" }),
    /Cannot run a command in a Windows container: /,
  );
});

Deno.test("exec -t in a container is one command line of ECS", async () => {
  const context = new TestContext();
  const found = context.onContainer;
  assert.equal(
    await runCommandLine(["exec", "-t", "ecs:prod/web", "--", "top"], context),
    // Nothing ran that could tell its code.
    1,
  );
  assert.match(
    context.containerCommands[0]?.commandLine ?? "",
    /^sh -c '(stty .*\n)?trap .*\n\(exec top\)\nprintf /,
  );
  assert.equal(context.containerCommands[0]?.command, "ssm exec");
  assert.deepEqual(context.requests, []);

  context.onContainer = async (spec, signal) => ({
    ...await found(spec, signal),
    platform: "Windows",
  });
  assert.equal(
    await runCommandLine(["exec", "-t", "ecs:prod/web", "--", "top"], context),
    125,
  );
  assert.match(context.terminal.errorText, /ssm: Cannot run .* a Windows/);
});

Deno.test("exec by Run Command is refused for a container before anything runs", async () => {
  const context = new TestContext();
  const code = await runCommandLine(
    ["exec", "ecs:prod/web", "-n", "--via", "run-command", "--", "true"],
    context,
  );
  assert.equal(code, 125);
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot use --via run-command: Run Command reaches no containers/,
  );
  assert.deepEqual(context.containerCommands, []);
});
