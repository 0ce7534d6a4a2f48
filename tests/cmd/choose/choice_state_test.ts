import assert from "node:assert/strict";
import { ChoiceState } from "../../../cmd/choose/choice_state.ts";
import type { KeyName } from "../../../cmd/choose/keys.ts";
import {
  itemsOf,
  type TestItem,
  TestSource,
} from "../../testkit/choice_items.ts";

const key = (name: KeyName) => ({ kind: "key", name }) as const;

function type(state: ChoiceState<TestItem>, text: string): void {
  for (const letter of text) state.take({ kind: "text", text: letter });
}

const many = Array.from({ length: 100 }, (_, at) => ({
  id: `i-${at}`,
  name: `node-${String(at).padStart(2, "0")}`,
}));

function chosen(state: ChoiceState<TestItem>): string {
  const outcome = state.take(key("enter"));
  return outcome.kind === "chosen" ? outcome.item.id : outcome.kind;
}

Deno.test("choice: the first is chosen, or where the arrows lead, within bounds", () => {
  const state = new ChoiceState(new TestSource(many));
  const at = (name: KeyName) => {
    state.take(key(name));
    const { items, at } = state.window(10);
    return `${items[0]?.id} ${items[at]?.id}`;
  };
  assert.equal(at("none"), "i-0 i-0");
  assert.equal(at("up"), "i-0 i-0");
  assert.equal(at("down"), "i-0 i-1");
  assert.equal(at("page-down"), "i-2 i-11");
  assert.equal(at("end"), "i-90 i-99");
  assert.equal(at("down"), "i-90 i-99");
  assert.equal(at("page-up"), "i-89 i-89");
  assert.equal(at("home"), "i-0 i-0");
  state.take(key("down"));
  assert.equal(chosen(state), "i-1");
});

Deno.test("choice: what is typed narrows it, and its best is on top", () => {
  const state = new ChoiceState(new TestSource(many));
  state.take(key("end"));
  type(state, "4");
  assert.deepEqual(state.counts, { all: 100, fitting: 19 });
  type(state, "2");
  assert.equal(state.current?.id, "i-42");
  state.take(key("erase-before"));
  assert.deepEqual(state.counts, { all: 100, fitting: 100 });
  assert.equal(state.current?.id, "i-0");
  type(state, "zzz");
  assert.equal(chosen(state), "changed");
});

Deno.test("choice: the cursor stays on an item while others come in, once it was moved", () => {
  const source = new TestSource(itemsOf("b", "c", "d"));
  const state = new ChoiceState(source);
  state.take(key("down"));
  assert.equal(state.current?.name, "c");
  source.set([{ id: "new", name: "a" }, ...source.items()]);
  state.refresh();
  assert.equal(state.current?.name, "c");
  assert.equal(state.window(2).items[state.window(2).at]?.name, "c");
});

Deno.test("choice: Enter takes what was seen, not what came in since", () => {
  const source = new TestSource(itemsOf("b"));
  const state = new ChoiceState(source);
  state.window(5);
  source.set([{ id: "new", name: "a" }, ...source.items()]);
  state.refresh();
  assert.equal(chosen(state), "i-0");
  // With what is known of it by now.
  source.set([{ id: "i-0", name: "b", obstacle: "stopped" }]);
  state.refresh();
  assert.equal(chosen(state), "changed");
  assert.equal(state.warned, true);
});

Deno.test("choice: typed and entered at once, it is the best match", () => {
  const state = new ChoiceState(new TestSource(itemsOf("web", "db")));
  state.window(5);
  type(state, "db");
  assert.equal(chosen(state), "i-1");
});

Deno.test("choice: an item with an obstacle takes a second Enter, on it", () => {
  const state = new ChoiceState(
    new TestSource([
      { id: "off", name: "db", obstacle: "stopped" },
      { id: "on", name: "web" },
    ]),
  );
  assert.equal(chosen(state), "changed");
  assert.equal(state.warned, true);
  state.take(key("down"));
  state.take(key("up"));
  assert.equal(state.warned, false);
  assert.equal(chosen(state), "changed");
  assert.equal(chosen(state), "off");
});

Deno.test("choice: ways to leave", () => {
  const state = new ChoiceState(new TestSource(itemsOf("web")));
  assert.equal(state.take(key("escape")).kind, "left");
  assert.equal(state.take(key("interrupt")).kind, "interrupted");
  assert.equal(state.take(key("suspend")).kind, "suspend");
  assert.equal(state.take(key("end-of-input")).kind, "left");
  type(state, "w");
  assert.equal(state.take(key("end-of-input")).kind, "changed");
});

Deno.test("choice: nothing is there yet", () => {
  const source = new TestSource([]);
  const state = new ChoiceState(source);
  state.take(key("down"));
  assert.equal(chosen(state), "changed");
  assert.deepEqual(state.window(3), { items: [], at: 0 });
  source.set(itemsOf("web"));
  state.refresh();
  assert.equal(chosen(state), "i-0");
});
