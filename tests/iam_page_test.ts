import assert from "node:assert/strict";
import {
  type PlanFacts,
  plannedCalls,
  plannedCommands,
  type PlannedTarget,
} from "../lib/aws/permissions.ts";

const page = new URL("../docs/iam.md", import.meta.url);

const targets: readonly PlannedTarget[] = [
  { kind: "id", id: "i-0123456789abcdef0" },
  { kind: "tags", tags: [{ key: "Name", values: ["web"] }] },
  { kind: "search" },
  { kind: "choice" },
  { kind: "ecs", cluster: "prod", service: "web", task: undefined },
];

/** Every action of the table, and whether a command cannot do without it. */
function tableActions(): ReadonlyMap<string, boolean> {
  const actions = new Map<string, boolean>();
  for (const command of plannedCommands) {
    for (const target of targets) {
      for (const via of [undefined, "run-command"]) {
        const facts: PlanFacts = {
          place: { partition: "aws", region: "*", account: "*" },
          targets: [target],
          documentName: undefined,
          given: (...flags) => flags.includes("send-key"),
          value: () => via,
          arguments: [],
        };
        for (const { action, need } of plannedCalls(command, facts) ?? []) {
          actions.set(
            action,
            (actions.get(action) ?? false) || need !== "helps",
          );
        }
      }
    }
  }
  return actions;
}

Deno.test("docs/iam.md names every action that a command cannot do without", async () => {
  const text = await Deno.readTextFile(page);
  const missing = [...tableActions()].filter(([action, needed]) =>
    needed && !text.includes(action) &&
    // Behind an action of the same service its name alone will do.
    !text.includes(`\`${action.replace(/^.*:/, "")}\``)
  ).map(([action]) => action);
  assert.deepEqual(missing, []);
});

Deno.test("docs/iam.md allows nothing in a policy that no command calls", async () => {
  const text = await Deno.readTextFile(page);
  const known = tableActions();
  const allowed = new Set<string>();
  for (
    const [, block = ""] of text.matchAll(/"Action":\s*(\[[^\]]*\]|"[^"]*")/g)
  ) {
    for (const [, action = ""] of block.matchAll(/"([a-z0-9-]+:[A-Za-z]+)"/g)) {
      allowed.add(action);
    }
  }
  assert(allowed.size > 5, "the page's policies were not read");
  // What roles of nodes and tasks need is not ours to call.
  const others =
    /^(ssmmessages:(Create|OpenControl)|ec2messages:|logs:|s3:|kms:Decrypt|ssm:UpdateInstance|sts:AssumeRole|iam:)/;
  assert.deepEqual(
    [...allowed].filter((action) => !known.has(action) && !others.test(action)),
    [],
  );
});
