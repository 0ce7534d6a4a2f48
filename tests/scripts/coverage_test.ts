import assert from "node:assert/strict";
import { belowLimit, byFolder, parseLcov } from "../../scripts/coverage.ts";

const report = `SF:/x/lib/protocol/a.ts
DA:1,5
DA:2,0
LH:1
LF:2
end_of_record
SF:C:\\x\\lib\\protocol\\b.ts
${Array.from({ length: 20 }, (_, i) => `DA:${i + 1},${i}`).join("\n")}
end_of_record
`;

Deno.test("coverage: a report is read file by file", () => {
  assert.deepEqual(parseLcov(report), [
    { file: "/x/lib/protocol/a.ts", lines: 2, hit: 1, missed: [2] },
    { file: "C:\\x\\lib\\protocol\\b.ts", lines: 20, hit: 19, missed: [1] },
  ]);
});

Deno.test("coverage: a file below the limit, and one that was not loaded, are named", () => {
  const found = parseLcov(report);
  assert.deepEqual(belowLimit(found, ["lib/protocol/b.ts"]), []);
  assert.deepEqual(
    belowLimit(found, ["lib/protocol/a.ts", "lib/protocol/c.ts"]),
    [
      "lib/protocol/a.ts: 1 of 2 lines; not run: 2",
      "lib/protocol/c.ts is loaded by no test",
    ],
  );
});

Deno.test("coverage: files are summed up by folder, those of the top by its name", () => {
  const one = (file: string, lines: number, hit: number) => ({
    file,
    lines,
    hit,
    missed: [],
  });
  assert.deepEqual(
    byFolder([
      one("lib/protocol/smux/frame.ts", 10, 9),
      one("cmd/shell.ts", 7, 7),
      one("lib/protocol/text.ts", 5, 5),
      one("lib/text.ts", 1, 0),
    ]),
    [
      one("cmd", 7, 7),
      one("lib", 1, 0),
      one("lib/protocol", 15, 14),
    ],
  );
});
