import assert from "node:assert/strict";
import { Tally } from "../../../../cmd/exec/fleet/outcome.ts";
import {
  countsLine,
  grouped,
  outcomeTable,
} from "../../../../cmd/exec/fleet/table.ts";

function add(
  tally: Tally,
  id: string,
  code: number | undefined,
  more: { began?: boolean; reason?: string; name?: string } = {},
): void {
  tally.add({
    node: { id, name: more.name },
    outcome: {
      code,
      reason: more.reason,
      began: more.began ?? code !== undefined,
      seconds: code === undefined ? undefined : 1.26,
    },
  });
}

Deno.test("exit code: 0, 1 or 125", () => {
  const tally = new Tally();
  add(tally, "a", 0);
  add(tally, "b", 0);
  assert.equal(tally.exitCode, 0);
  add(tally, "c", 3);
  assert.equal(tally.exitCode, 1);
  const nowhere = new Tally();
  add(nowhere, "a", 125, { began: false });
  add(nowhere, "b", undefined);
  assert.equal(nowhere.exitCode, 125);
  const skipped = new Tally();
  add(skipped, "a", 0);
  add(skipped, "b", undefined);
  assert.equal(skipped.exitCode, 1, "a node without the command is no success");
});

Deno.test("nodes that could not be reached do not count against --max-errors", () => {
  const tally = new Tally();
  add(tally, "a", 125, { began: false });
  add(tally, "b", 1);
  add(tally, "c", undefined);
  assert.deepEqual(
    [tally.failed, tally.errors, tally.skipped, tally.ended],
    [2, 1, 1, 3],
  );
});

Deno.test("few nodes have a line each, in the order of their names", () => {
  const tally = new Tally();
  tally.total = 4;
  add(tally, "i-2", 137, { name: "web-2" });
  add(tally, "i-1", 0, { name: "web-1\x1b[2J" });
  add(tally, "i-3", undefined, { name: "web-3", reason: "not begun" });
  add(tally, "mi-4", 124, { reason: "too slow" });
  assert.deepEqual(outcomeTable(tally), [
    "exit     time  node",
    " 124    1.3 s                mi-4  too slow",
    "   0    1.3 s  web-1\\x1b[2J  i-1",
    " 137    1.3 s  web-2         i-2",
    "   -           web-3         i-3   not begun",
  ]);
});

Deno.test("many nodes are counted, and those that failed are shown up to a bound", () => {
  const tally = new Tally();
  tally.total = 10_000;
  for (let i = 0; i < 9_950; i++) add(tally, `i-${i}`, 0);
  for (let i = 0; i < 30; i++) {
    add(tally, `u-${i}`, 125, { began: false, reason: "gone" });
  }
  add(tally, "f-1", 3);
  for (let i = 0; i < 19; i++) add(tally, `s-${i}`, undefined);
  const table = outcomeTable(tally);
  assert.equal(
    table[0]?.replaceAll("\u00a0", " "),
    "10 000 nodes: 9 950 × 0, 30 × 125, 1 × 3, 19 not begun",
  );
  assert.ok(table.some((line) => line.includes("f-1")));
  assert.equal(table.length, 23);
  assert.equal(
    table.at(-1),
    "… and 11 more that failed; --json has them all",
  );
  assert.equal(tally.first.length, 50);
});

Deno.test("what is not over is said", () => {
  const tally = new Tally();
  tally.total = 1234;
  add(tally, "a", 0);
  assert.equal(
    countsLine(tally).replaceAll("\u00a0", " "),
    "1 of 1 234 nodes: 1 × 0",
  );
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), [
    "0",
    "999",
    "1\u00a0000",
    "1\u00a0234\u00a0567",
  ]);
});
