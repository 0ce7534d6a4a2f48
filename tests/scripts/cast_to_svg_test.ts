import assert from "node:assert/strict";
import { castToSvg } from "../../scripts/cast_to_svg.ts";

const docs = new URL("../../docs/", import.meta.url);

Deno.test("docs/demo.svg is drawn from docs/demo.cast, and small: else run deno task picture", async () => {
  const cast = await Deno.readFile(new URL("demo.cast", docs));
  const svg = await Deno.readTextFile(new URL("demo.svg", docs));
  assert.equal(await castToSvg(ReadableStream.from([cast])), svg);
  assert.ok(svg.length < 200_000, String(svg.length));
});

Deno.test("the recording shows nothing of the machine it was made on", async () => {
  const cast = await Deno.readTextFile(new URL("demo.cast", docs));
  assert.doesNotMatch(cast, /\/(tmp|root|home|Users)\b|ASIA|AKIA|token/i);
});
