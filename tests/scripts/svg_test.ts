import assert from "node:assert/strict";
import type { Screen, TextRun } from "../../scripts/screens.ts";
import { svgOf } from "../../scripts/svg.ts";

const options = { columns: 10, rows: 2, title: "A & B" };

function run(text: string, style: TextRun["style"] = {}): TextRun[] {
  return [{ column: 0, cells: text.length, text, style }];
}

function screen(time: number, ...rows: TextRun[][]): Screen {
  return { time, rows, cursor: undefined };
}

/** Which texts are shown at a time, by the CSS alone: steps between the keyframes. */
function shownAt(svg: string, percent: number): string[] {
  const opacity = new Map<string, number>();
  for (
    const [, name = "", body = ""] of svg.matchAll(
      /@keyframes (\w+)\{((?:[^{}]*\{[^{}]*\})*)\}/g,
    )
  ) {
    for (const [, at, value] of body.matchAll(/([\d.]+)%\{opacity:(\d)\}/g)) {
      if (Number(at) <= percent) opacity.set(name, Number(value));
    }
  }
  return [...svg.matchAll(/<g class="s(?: e)? (\w+)">(.*)<\/g>|^(<text.*)$/gm)]
    .filter(([, name]) => name === undefined || opacity.get(name) === 1)
    .flatMap(([, , inner, bare]) =>
      [...(inner ?? bare ?? "").matchAll(/>([^<]+)<\/text>/g)].map((text) =>
        text[1] ?? ""
      )
    );
}

Deno.test("svg: each line is shown at its time, the last screen to the end", () => {
  const svg = svgOf([
    screen(0.1, run("one"), run("same")),
    screen(2, run("two"), run("same")),
    screen(4, run("three"), run("same")),
  ], { ...options, hold: 4 });
  assert.deepEqual(shownAt(svg, 0), ["one", "same"]);
  assert.deepEqual(shownAt(svg, 24.9), ["one", "same"]);
  assert.deepEqual(shownAt(svg, 25), ["two", "same"]);
  assert.deepEqual(shownAt(svg, 60), ["three", "same"]);
  assert.deepEqual(shownAt(svg, 100), ["three", "same"]);
  assert.match(svg, /animation:8s step-end infinite/);
  assert.equal(svg.match(/>same</g)?.length, 1);
});

Deno.test("svg: without animation it is the last screen", () => {
  const screens = [screen(0, run("one")), screen(2, run("two"))];
  const svg = svgOf(screens, options);
  const ends = [...svg.matchAll(/<g class="s e \w+">(.*)<\/g>/g)];
  assert.equal(ends.length, 1);
  assert.match(ends[0]?.[1] ?? "", />two</);
  assert.match(svg, /\.s\{opacity:0;.*\}\.e\{opacity:1\}/);
  assert.match(svg, /prefers-reduced-motion:reduce\)\{\.s\{animation:none\}/);
  const still = svgOf(screens, { ...options, still: true });
  assert.doesNotMatch(still, /animation|>one</);
  assert.match(still, />two</);
});

Deno.test("svg: text is text, whatever it holds", () => {
  const svg = svgOf(
    [screen(0, run("<b>\"&'\x1b\0", { color: 1, bold: true }))],
    options,
  );
  assert.ok(
    svg.includes(
      ` class="b" style="fill:#ff7b72">&lt;b&gt;&quot;&amp;'</text>`,
    ),
    svg,
  );
  assert.ok(svg.includes('<title id="title">A &amp; B</title>'));
  assert.doesNotMatch(svg, /<script|href|url\(|http(?!:\/\/www\.w3\.org)/);
});

Deno.test("svg: backgrounds, widths and the cursor stand in the cells' grid", () => {
  const svg = svgOf([{
    time: 0,
    rows: [[], [{
      column: 2,
      cells: 3,
      text: "日x",
      style: { background: "#010203", underline: true },
    }]],
    cursor: { column: 5, row: 1 },
  }], options);
  assert.ok(
    svg.includes(
      '<rect x="16.8" y="19" width="25.2" height="19" fill="#010203"/>' +
        '<text x="16.8" y="33" textLength="25.2" class="u">日x</text>',
    ),
    svg,
  );
  assert.ok(svg.includes('<rect x="42" y="19" width="8.4"'), svg);
});
