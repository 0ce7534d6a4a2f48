import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { TestContext } from "../testkit/context.ts";

async function errorOf(line: string): Promise<string> {
  const context = new TestContext();
  assert.equal(await runCommandLine(line.split(" "), context), 125, line);
  assert.equal(context.connections.length, 0);
  return context.terminal.errorText;
}

Deno.test("a command without its -- is named with it, its own flags too", async () => {
  for (
    const [line, meant] of [
      ["exec web uname", "exec web -- uname"],
      ["exec web uname -a", "exec web -- uname -a"],
      ["exec web df -h", "exec web -- df -h"],
      ["exec web ls --help", "exec web -- ls --help"],
      ["exec db psql -n --tag=x", "exec db -- psql -n --tag=x"],
      ["exec -t web top -d 1", "exec -t web -- top -d 1"],
      [
        "exec --timeout 5s web --region=x -qv a $b",
        "exec --timeout 5s web --region=x -qv -- a '$b'",
      ],
      ["--profile p exec web ls -la", "exec --profile p web -- ls -la"],
    ] as const
  ) {
    assert.equal(
      await errorOf(line),
      "ssm: Cannot tell the command from the target: the command comes after --\n" +
        `hint: ssm ${meant}\n`,
      line,
    );
  }
  assert.match(
    await errorOf("shell -q web ls -la"),
    /^ssm: Cannot run a command: .*\nhint: ssm exec web -- ls -la\n$/,
  );
});

Deno.test("several nodes, and flags that are unknown, are not taken for a command", async () => {
  assert.match(await errorOf("exec a b --shell x --tty"), /--tty with many/);
  assert.match(await errorOf("exec a b -t -- x"), /--tty with many/);
  assert.match(await errorOf("exec web --shel x"), /Unknown flag .*: --shel;/);
  assert.match(await errorOf("exec -x web uname"), /Unknown flag .*: -x\n/);
  const context = new TestContext();
  assert.equal(await runCommandLine(["exec", "web", "-h", "ls"], context), 0);
  assert.match(context.terminal.outputText, /^Usage:\n {2}ssm exec /);
});
