import assert from "node:assert/strict";
import { ChoiceState } from "../../../cmd/choose/choice_state.ts";
import { viewOf } from "../../../cmd/choose/view.ts";
import { textWidth } from "../../../cmd/text_width.ts";
import { itemsOf, TestSource } from "../../testkit/choice_items.ts";

const options = {
  noun: "node",
  action: "ssm shell",
  color: false,
  filters: "tag:key=value  ip:10.  !not",
};

function lines(
  source: TestSource,
  cols: number,
  rows: number,
  query = "",
): readonly string[] {
  const state = new ChoiceState(source);
  for (const text of query) state.take({ kind: "text", text });
  return viewOf(state, { cols, rows }, options).lines;
}

Deno.test("view: a screen with room", () => {
  assert.deepEqual(lines(new TestSource(itemsOf("web", "db")), 44, 7), [
    "Node>                                   2/2",
    "  NAME  ID",
    "> web   i-0                                 ",
    "  db    i-1",
    "",
    "",
    "Enter: ssm shell   Esc: leave   tag:key=val…",
  ]);
});

Deno.test("view: still loading, nothing that fits, trouble, an obstacle", () => {
  const source = new TestSource([]);
  source.complete = false;
  assert.deepEqual(lines(source, 40, 5), [
    "Node>                             0/0 …",
    "  NAME  ID",
    "",
    "",
    "Looking for nodes…",
  ]);
  assert.equal(
    lines(new TestSource(itemsOf("web")), 40, 5, "zz").at(-1),
    "No node like that",
  );
  const denied = new TestSource(itemsOf("web"));
  denied.trouble = "Without names: denied";
  assert.equal(lines(denied, 40, 5).at(-1), "Without names: denied");
  const off = new TestSource([{ id: "i", name: "db", obstacle: "stopped" }]);
  assert.equal(lines(off, 70, 5).at(-1), "db cannot be reached: stopped");
  const state = new ChoiceState(off);
  state.take({ kind: "key", name: "enter" });
  for (
    const [cols, said] of [
      [70, "db cannot be reached: stopped; Enter again tries all the same"],
      [50, "stopped; Enter again tries all the same"],
    ] as const
  ) {
    assert.equal(viewOf(state, { cols, rows: 6 }, options).lines.at(-1), said);
  }
});

Deno.test("view: 20 columns, and fewer lines than it would like", () => {
  const source = new TestSource(
    itemsOf("prod-web-server-with-a-long-name", "サーバー本番環境の一番"),
  );
  assert.deepEqual(lines(source, 20, 5), [
    ">               2/2",
    "  NAME           ID",
    "> prod-web-ser…  i-0",
    "  サーバー本番…  i-1",
    "Enter: ssm shell   …",
  ]);
  assert.deepEqual(lines(source, 12, 3), [
    ">       2/2",
    "> prod-web-…",
    "  サーバー…",
  ]);
  assert.equal(lines(source, 20, 1).length, 1);
});

Deno.test("view: the end of a long query is seen, with the cursor in it", () => {
  const state = new ChoiceState(new TestSource(itemsOf("web")));
  for (const text of "a-very-long-filter") state.take({ kind: "text", text });
  const { lines, cursor } = viewOf(state, { cols: 16, rows: 5 }, options);
  assert.equal(lines[0], "> y-long-filter");
  assert.equal(cursor.column, 15);
  state.take({ kind: "key", name: "line-start" });
  const start = viewOf(state, { cols: 16, rows: 5 }, options);
  assert.equal(start.lines[0], "> a-very-long-…");
  assert.equal(start.cursor.column, 2);
});

Deno.test("view: no line is wider than the screen, and there are never more", () => {
  const source = new TestSource([
    ...itemsOf("x".repeat(300), "語".repeat(100), "e\u0301".repeat(50)),
    { id: "off", name: "db", obstacle: "y".repeat(200) },
  ]);
  for (let cols = 4; cols < 60; cols += 3) {
    for (let rows = 1; rows < 9; rows++) {
      const shown = lines(source, cols, rows, "語");
      assert.ok(shown.length <= rows);
      for (const line of shown) {
        assert.ok(textWidth(line) <= cols, `${cols}×${rows}: ${line}`);
      }
    }
  }
});

Deno.test("view: colour adds nothing but colour", () => {
  const source = new TestSource([
    ...itemsOf("web"),
    { id: "off", name: "db", obstacle: "stopped" },
  ]);
  const state = new ChoiceState(source);
  const size = { cols: 40, rows: 6 };
  const plain = viewOf(state, size, options).lines;
  const colored = viewOf(state, size, { ...options, color: true }).lines;
  assert.deepEqual(
    // deno-lint-ignore no-control-regex
    colored.map((line) => line.replace(/\x1b\[[\d;]*m/g, "")),
    plain,
  );
  assert.ok(colored[2]?.startsWith("\x1b[7m"));
  assert.ok(colored[3]?.startsWith("\x1b[2m"));
});
