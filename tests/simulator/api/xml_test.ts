import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeXml,
  xmlContent,
  xmlElement,
} from "../../../lib/simulator/api/xml.ts";

Deno.test("elements, lists and members are written as EC2 writes them", () => {
  assert.equal(
    xmlElement("a", { b: "x", c: [{ d: 1 }, "y"], e: undefined, f: [] }),
    "<a><b>x</b><c><item><d>1</d></item><item>y</item></c><f></f></a>",
  );
  assert.equal(xmlElement("a", undefined), "");
  assert.equal(xmlContent(undefined), "");
});

Deno.test("no text breaks out of its element, and control characters are made visible", () => {
  assert.equal(
    escapeXml('<a b="c">&\''),
    "&lt;a b=&quot;c&quot;&gt;&amp;&apos;",
  );
  assert.equal(escapeXml("\x00\x1b[2J\t\n"), "\ufffd\ufffd[2J\t\n");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeXml(text);
      assert.doesNotMatch(escaped, /[<>"']/);
      assert.ok(
        [...escaped].every((c) => c >= " " || c === "\t" || c === "\n"),
      );
    }),
  );
});
