import assert from "node:assert/strict";
import fc from "fast-check";
import {
  announcesPaste,
  Paste,
  TypedAhead,
} from "../../../cmd/choose/paste.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Takes pieces as a reader does that keeps what was not used. */
function pasted(pieces: readonly Uint8Array[]): { text: string; rest: string } {
  const paste = new Paste();
  let text = "";
  let waiting = new Uint8Array();
  for (const [at, piece] of pieces.entries()) {
    waiting = new Uint8Array([...waiting, ...piece]);
    const part = paste.take(waiting);
    text += part.text;
    waiting = waiting.slice(part.used);
    if (!part.ended) continue;
    const behind = pieces.slice(at + 1).flatMap((other) => [...other]);
    return {
      text,
      rest: new TextDecoder().decode(new Uint8Array([...waiting, ...behind])),
    };
  }
  assert.fail("it has no end");
}

/** Some bytes, cut in places. */
function cut(all: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((at) => at % (all.length + 1)), all.length]
    .sort((a, b) => a - b);
  return ends.map((end, at) => all.subarray(ends[at - 1] ?? 0, end));
}

Deno.test("paste: its first line without controls, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
      const all = bytes(
        "wéb\x03\t語\x1b[A\x1b\x1b[20x👍\rid > /tmp/x\r\n\x03\x1b[201~\rls",
      );
      assert.deepEqual(pasted(cut(all, places)), {
        text: "wéb 語[A[20x👍",
        rest: "\rls",
      });
    }),
  );
});

Deno.test("paste: what was typed around it, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
      const all = bytes("ls\r\x1b[A\x1b[200~id\r\x1b[200~\x1b[201~é\x1b[200~w");
      const ahead = new TypedAhead();
      for (const piece of cut(all, places)) ahead.take(piece);
      assert.ok(ahead.unfinished);
      ahead.take(bytes("ho\r\x1b[201"));
      assert.equal(new TextDecoder().decode(ahead.typed), "ls\r\x1b[Aé");
      ahead.take(bytes("~x\x1b"));
      assert.ok(ahead.unfinished);
      assert.equal(new TextDecoder().decode(ahead.typed), "ls\r\x1b[Aéx\x1b");
    }),
  );
});

Deno.test("paste: the beginning of its mark is known from what keys begin with", () => {
  for (const text of ["\x1b[2", "\x1b[20", "\x1b[200"]) {
    assert.ok(announcesPaste(bytes(text)), text);
  }
  for (const text of ["", "\x1b", "\x1b[", "\x1b[1", "\x1b[201", "\x1b[3"]) {
    assert.ok(!announcesPaste(bytes(text)), text);
  }
});
