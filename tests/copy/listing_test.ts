import assert from "node:assert/strict";
import { parseListing, parseSources } from "../../lib/copy/listing.ts";

/** As it comes: EF is NUL. */
function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text).map((byte) => byte === 0xef ? 0 : byte);
}

Deno.test("listing: sources, what is missing, and what cannot be read", () => {
  const entries = parseSources(bytes(
    "1 81a4:12:1700000000///a b//" +
      "0 41ed:4096:1700000001//d\n\ufffd//" +
      "! stat: cannot statx '/x': No such file or directory///x//" +
      "1 21b6:0:0///dev/null//" +
      "1 81a4:1:0//~a//",
  ));
  assert.deepEqual(entries, [
    {
      path: "/a b",
      kind: "file",
      mode: 0o644,
      size: 12,
      modified: 1_700_000_000,
      readable: true,
    },
    {
      path: "d\n\ufffd",
      kind: "folder",
      mode: 0o755,
      size: 4096,
      modified: 1_700_000_001,
      readable: false,
    },
    { path: "/x", kind: "missing", reason: "No such file or directory" },
    {
      path: "/dev/null",
      kind: "other",
      mode: 0o666,
      size: 0,
      modified: 0,
      readable: true,
    },
    {
      path: "./~a",
      kind: "file",
      mode: 0o644,
      size: 1,
      modified: 0,
      readable: true,
    },
  ]);
});

Deno.test("listing: a folder in several pieces", () => {
  const entries = parseListing(bytes(
    ".//./a//./b c\n//" + "//" +
      "41ed:1:2\n81a4:3:4\n8180:5:6\n" + "110\n" +
      "./d//" + "//" + "0:0:0\n" + "0\n",
  ));
  assert.deepEqual(
    entries.map(({ path, kind, size, readable }) => [
      path,
      kind,
      size,
      readable,
    ]),
    [
      [".", "folder", 1, true],
      ["./a", "file", 3, true],
      ["./b c\n", "file", 5, false],
      ["./d", "other", 0, false],
    ],
  );
  assert.deepEqual(parseListing(bytes("")), []);
});

Deno.test("listing: what ends early, or makes no sense, is refused", () => {
  for (const text of ["./a", "./a//", "./a////", "./a////81a4:1:2\n"]) {
    assert.throws(() => parseListing(bytes(text)), RangeError, text);
  }
  assert.throws(() => parseListing(bytes("./a////x:y\n1\n")), RangeError);
});
