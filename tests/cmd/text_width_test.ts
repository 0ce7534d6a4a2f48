import assert from "node:assert/strict";
import fc from "fast-check";
import { cutText, fitText, textWidth } from "../../cmd/text_width.ts";

Deno.test("text width: wide, combining and joined characters", () => {
  const widths: [string, number][] = [
    ["web-1", 5],
    ["サーバー", 8],
    ["한국어", 6],
    ["e\u0301te\u0301", 3],
    ["👍🏽", 2],
    ["🇩🇪", 2],
    ["…", 1],
  ];
  for (const [text, width] of widths) {
    assert.equal(textWidth(text), width, text);
  }
});

Deno.test("text width: cut at a character, never in the middle of a wide one", () => {
  assert.equal(cutText("web-server", 10), "web-server");
  assert.equal(cutText("web-server", 6), "web-s…");
  assert.equal(cutText("サーバー", 8), "サーバー");
  assert.equal(cutText("サーバー", 7), "サーバ…");
  assert.equal(cutText("サーバー", 6), "サー…");
  assert.equal(fitText("サーバー", 6), "サー… ");
  assert.equal(fitText("web", 5), "web  ");
  assert.equal(cutText("web", 0), "");
});

Deno.test("text width: what is fitted has the width asked for", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "-", "語", "é", "한", "👍") }),
      fc.integer({ min: 1, max: 12 }),
      (text, columns) => {
        assert.equal(textWidth(fitText(text, columns)), columns);
      },
    ),
  );
});
