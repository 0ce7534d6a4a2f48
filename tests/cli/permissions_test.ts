import assert from "node:assert/strict";
import {
  defaultOptions,
  type Simulator,
  startSimulator,
} from "../../lib/simulator/mod.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import { TestContext } from "../testkit/context.ts";
import { runProgram } from "../testkit/executable.ts";

/** A command, and the actions that it calls each time. */
interface Line {
  readonly args: readonly string[];
  readonly stdin?: string;
}

/** Commands that between them make every call of the table that a healthy simulator sees. */
const lines: readonly Line[] = [
  { args: ["shell", "i-0123456789abcdef0"], stdin: "exit\n" },
  { args: ["shell", "web-server"], stdin: "exit\n" },
  { args: ["shell", "tag:role=web"], stdin: "exit\n" },
  { args: ["shell", "ecs:prod/web"], stdin: "exit\n" },
  { args: ["shell", "nowhere"], stdin: "" },
  { args: ["exec", "web-server", "--", "true"] },
  {
    args: ["exec", "i-0123456789abcdef0", "--via", "run-command", "--", "true"],
  },
  { args: ["exec", "web-server", "db", "--", "true"] },
  { args: ["exec", "--tag", "role=web", "--via", "run-command", "--", "true"] },
  { args: ["exec", "ecs:prod/web", "--", "true"] },
  { args: ["forward", "web-server", "--remote", "80", "--", "true"] },
  {
    args: ["forward", "db", "--remote", "db.internal:5432", "--", "true"],
  },
  { args: ["ssh-config", "web-*"] },
  { args: ["ssh-proxy", "web-server", "1"], stdin: "" },
  { args: ["cp", "web-server:/etc/hostname", "-"] },
  { args: ["list"] },
  { args: ["list", "--all-regions"] },
  { args: ["sessions", "list"] },
  { args: ["sessions", "list", "--mine"] },
  { args: ["shell", "10.0.0.10"], stdin: "exit\n" },
  { args: ["doctor"] },
  { args: ["doctor", "web-server", "--session"] },
];

Deno.test("every call of a command is in the table of --explain, and those it always makes are made", async () => {
  const calls: string[] = [];
  await using simulator = await startSimulator({
    ...defaultOptions,
    pace: "fast",
    kmsKeyId: "alias/sessions",
    log(line) {
      const [, service, operation] =
        /^api: ([a-z0-9-]+) ([A-Z][A-Za-z]+)/.exec(line) ?? [];
      if (service !== undefined) calls.push(`${service}:${operation}`);
    },
  });
  for (const line of lines) {
    const name = line.args.join(" ");
    calls.length = 0;
    const { stderr } = await run(simulator, line);
    const made = new Set(calls);
    const planned = await explained(line.args);
    const actions = new Set(planned.map(({ action }) => action));
    assert.deepEqual([...made].filter((call) => !actions.has(call)), [], name);
    if (stderr.includes("Cannot")) continue;
    const missing = planned.filter(({ action, need }) =>
      need === "always" && action !== "ssmmessages:OpenDataChannel" &&
      !made.has(action)
    );
    assert.deepEqual(missing, [], `${name}: ${[...made]} ${stderr}`);
  }
});

async function run(simulator: Simulator, { args, stdin }: Line) {
  return await runProgram(args, {
    env: simulator.environment,
    ...(stdin === undefined ? {} : { stdin }),
  });
}

async function explained(args: readonly string[]) {
  const context = new TestContext();
  const [command = "", ...rest] = args;
  const line = [command, "--explain", "--output", "json", ...rest];
  const code = await runCommandLine(line, context);
  const { outputText, errorText } = context.terminal;
  assert.deepEqual([code, errorText], [0, ""], args.join(" "));
  // Nothing was asked of AWS.
  assert.deepEqual(context.connections, []);
  const { calls }: {
    calls: readonly { action: string; need: string }[];
  } = JSON.parse(outputText);
  return calls;
}
