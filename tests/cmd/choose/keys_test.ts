import assert from "node:assert/strict";
import fc from "fast-check";
import { readKey } from "../../../cmd/choose/keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The keys in some bytes, as a reader takes them. */
function keysOf(all: Uint8Array, complete = true): string[] {
  const keys: string[] = [];
  for (let at = 0; at < all.length;) {
    const read = readKey(all.subarray(at), complete);
    if (read === undefined) return [...keys, "more"];
    keys.push(read.key.kind === "text" ? read.key.text : `<${read.key.name}>`);
    at += read.bytes;
  }
  return keys;
}

Deno.test("keys: text, controls and the sequences of arrows and their like", () => {
  assert.deepEqual(keysOf(bytes("wé語👍")), ["w", "é", "語", "👍"]);
  assert.deepEqual(keysOf(bytes("a\r\n\x7f\x03\x15\x17")), [
    "a",
    "<enter>",
    "<enter>",
    "<backspace>",
    "<interrupt>",
    "<erase-before>",
    "<erase-word>",
  ]);
  assert.deepEqual(
    keysOf(
      bytes("\x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[3~\x1b[200~"),
    ),
    [
      "<up>",
      "<down>",
      "<right>",
      "<page-up>",
      "<page-down>",
      "<home>",
      "<end>",
      "<delete>",
      "<paste>",
    ],
  );
});

Deno.test("keys: a sequence in two pieces waits; a lone ESC is one in the end", () => {
  for (const piece of ["\x1b", "\x1b[", "\x1b[1;"]) {
    assert.equal(readKey(bytes(piece), false), undefined, piece);
  }
  assert.equal(readKey(bytes("語").subarray(0, 2), false), undefined);
  assert.deepEqual(keysOf(bytes("\x1b")), ["<escape>"]);
  assert.deepEqual(keysOf(bytes("\x1b\x1b[A")), ["<escape>", "<up>"]);
  assert.deepEqual(keysOf(bytes("\x1b\x7f")), ["<erase-word>"]);
});

Deno.test("keys: what is unknown is swallowed whole, not typed", () => {
  assert.deepEqual(keysOf(bytes("\x1b[201~x")), ["<none>", "x"]);
  assert.deepEqual(keysOf(bytes("\x1b[<0;12;5M")), ["<none>"]);
  assert.deepEqual(keysOf(bytes("\x1bq\x07")), ["<none>", "<none>"]);
  assert.deepEqual(keysOf(bytes("\x9b")), ["<none>"]);
  assert.deepEqual(keysOf(Uint8Array.of(0xff, 0x61)), ["<none>", "a"]);
});

Deno.test("keys: any bytes come to an end", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (all) => {
      const keys = keysOf(all);
      assert.ok(!keys.includes("more"));
      assert.ok(keys.length <= all.length);
    }),
  );
});
