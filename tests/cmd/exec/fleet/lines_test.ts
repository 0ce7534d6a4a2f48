import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, longestLine } from "../../../../cmd/exec/fleet/lines.ts";
import { joined } from "../../../testkit/bytes.ts";

function split(...chunks: Uint8Array[]): Uint8Array[] {
  const lines: Uint8Array[] = [];
  const splitter = new LineSplitter((line) => lines.push(line.slice()));
  for (const chunk of chunks) {
    const given = chunk.slice();
    splitter.push(given);
    // It is the caller's again.
    given.fill(0xff);
  }
  splitter.end();
  return lines;
}

Deno.test("lines are cut at newlines and nowhere else, and nothing is lost", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((chunk) =>
    chunk.map((byte) => byte % 7 === 0 ? 10 : byte)
  );
  fc.assert(fc.property(fc.array(bytes, { maxLength: 8 }), (chunks) => {
    const lines = split(...chunks);
    assert.deepEqual(joined(lines), joined(chunks));
    for (const [at, line] of lines.entries()) {
      const end = line.indexOf(10);
      assert.ok(
        end === line.length - 1 || end < 0 && at === lines.length - 1,
      );
      assert.ok(line.length > 0);
    }
  }));
});

Deno.test("a line without an end comes in pieces, and takes no more memory", () => {
  const lines = split(...Array.from(
    { length: 10 },
    () => new Uint8Array(longestLine / 4 + 1).fill(120),
  ));
  assert.deepEqual(
    lines.map(({ length }) => length),
    [longestLine, longestLine, longestLine / 2 + 10],
  );
});
