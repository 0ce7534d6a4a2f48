import assert from "node:assert/strict";
import type { KeyName } from "../../../cmd/choose/keys.ts";
import { LineEditor } from "../../../cmd/choose/line_editor.ts";

/** Types text; `<name>` is a key. */
function typed(keys: string): string {
  const editor = new LineEditor();
  for (const [piece] of keys.matchAll(/<[a-z-]+>|./gsu)) {
    editor.take(
      piece.length > 1 && piece.startsWith("<")
        ? { kind: "key", name: piece.slice(1, -1) as KeyName }
        : { kind: "text", text: piece },
    );
  }
  const behind = editor.text.slice(editor.before.length);
  return `${editor.before}|${behind}`;
}

Deno.test("line: typing, erasing and moving", () => {
  assert.equal(typed("web"), "web|");
  assert.equal(typed("web<left>x<right>y"), "wexby|");
  assert.equal(typed("web<backspace>"), "we|");
  assert.equal(typed("<backspace>"), "|");
  assert.equal(typed("web<line-start>a<line-end>z"), "awebz|");
  assert.equal(typed("web<left><delete>"), "we|");
  assert.equal(typed("web prod <erase-word>"), "web |");
  assert.equal(typed("web prod<left><erase-before>"), "|d");
  assert.equal(typed("web<left><erase-behind>"), "we|");
});

Deno.test("line: a character is what users see as one", () => {
  assert.equal(typed("e\u0301語<backspace>"), "e\u0301|");
  assert.equal(typed("e\u0301<backspace>"), "|");
});

Deno.test("line: what is endless is cut off", () => {
  assert.equal(typed("x".repeat(1000)).length, 257);
});
