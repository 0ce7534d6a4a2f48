import assert from "node:assert/strict";
import {
  chooseFrom,
  type FixedChoice,
} from "../../../cmd/choose/choose_from.ts";
import { TestContext } from "../../testkit/context.ts";

interface Task {
  readonly id: string;
  readonly state?: string;
}

const choice: FixedChoice<Task> = {
  items: [{ id: "a1", state: "RUNNING" }, { id: "b\x1b2" }],
  columns: [
    { title: "ID", importance: 2, cell: ({ id }) => id },
    { title: "STATE", importance: 1, cell: ({ state }) => state },
  ],
  more: false,
  noun: "task",
  reason: "2 tasks run",
  names: ({ id }) => [id],
};

function begin(term: string | undefined, change: Partial<typeof choice> = {}) {
  const context = new TestContext();
  if (term !== undefined) context.variables.set("TERM", term);
  const chosen = chooseFrom(
    context,
    { ...choice, ...change },
    "ssm shell",
    context.signal,
  );
  chosen.catch(() => {});
  return { context, chosen, terminal: context.terminal };
}

Deno.test("choosing from a few: a screen with their columns, and why", async () => {
  const { terminal, chosen } = begin("xterm");
  await terminal.until(({ errorText }) => errorText.includes("Esc: leave"));
  const { errorText } = terminal;
  assert.match(errorText, /Task> .*2\/2/);
  assert.match(errorText, /> a1 {6}RUNNING/);
  assert.match(errorText, / {2}b\\x1b2 {2}-/);
  assert.match(errorText, /2 tasks run {3}Enter: ssm shell {3}Esc: leave/);
  terminal.type("b\r");
  assert.equal((await chosen).id, "b\x1b2");

  const more = begin("xterm", { more: true });
  await more.terminal.until(({ errorText }) =>
    errorText.includes("There are more than these")
  );
  more.terminal.end();
  await assert.rejects(more.chosen, /^CommandError: No task was chosen$/);
});

Deno.test("choosing from a few: a list and a number where there is no screen", async () => {
  const { terminal, chosen } = begin("dumb");
  terminal.type("2\n");
  assert.equal((await chosen).id, "b\x1b2");
  assert.equal(
    terminal.errorText,
    "2 tasks run:\n  1  a1      RUNNING\n  2  b\\x1b2  -\nTask (1-2, or q to quit): ",
  );
});
