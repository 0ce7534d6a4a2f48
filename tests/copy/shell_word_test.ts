import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cleanPath,
  isPattern,
  pathWord,
  patternWord,
  quoteWord,
} from "../../lib/copy/shell_word.ts";

/** What a shell makes of words. */
function expanded(words: string, cwd = "/"): string[] {
  const { stdout } = new Deno.Command("sh", {
    args: [
      "-c",
      `N='\n';HOME=/home/me;for f in ${words};do printf '%s\\0' "$f";done`,
    ],
    cwd,
    stdin: "null",
  }).outputSync();
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

Deno.test({
  name: "shell word: a shell reads nothing but the text, and it is one line",
  ignore: Deno.build.os === "windows",
  fn() {
    const text = fc.string({ unit: "grapheme", maxLength: 30 })
      .filter((each) => !each.includes("\0") && each.isWellFormed());
    const odd = fc.constantFrom(
      "'",
      '"',
      "$(id)",
      "`id`",
      "\n",
      "\\",
      "*",
      "~",
      "-n",
      " ",
      ";",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(text, odd), { minLength: 1, maxLength: 6 }),
        (parts) => {
          const word = quoteWord(parts.join(""));
          assert.ok(!word.includes("\n"));
          assert.deepEqual(expanded(word), [parts.join("")]);
        },
      ),
      { numRuns: 60 },
    );
  },
});

Deno.test({
  name: "shell word: homes, dashes and patterns",
  ignore: Deno.build.os === "windows",
  async fn() {
    assert.deepEqual(expanded(pathWord("~/a b")), ["/home/me/a b"]);
    assert.deepEqual(expanded(pathWord("~")), ["/home/me"]);
    assert.deepEqual(expanded(pathWord("a~")), ["a~"]);
    assert.deepEqual(expanded(pathWord("-rf")), ["./-rf"]);
    assert.deepEqual(expanded(pathWord("*")), ["*"]);
    const folder = await Deno.makeTempDir({ prefix: "ssm-words-" });
    try {
      for (const name of ["a b.log", "a$c.log", "x[1].txt", "*", "-v.log"]) {
        await Deno.writeTextFile(`${folder}/${name}`, "");
      }
      const matches = (pattern: string) =>
        expanded(patternWord(pattern), folder).sort();
      assert.deepEqual(matches("a*.log"), ["a b.log", "a$c.log"]);
      assert.deepEqual(matches("a b.*"), ["a b.log"]);
      assert.deepEqual(matches("a[$]c.log"), ["a$c.log"]);
      assert.deepEqual(matches("\\*"), ["*"]);
      assert.deepEqual(matches("-*"), ["./-v.log"]);
      // A pattern that nothing matches stands for itself.
      assert.deepEqual(matches("x[1].txt"), ["x[1].txt"]);
      assert.deepEqual(matches("no*such"), ["no*such"]);
      assert.deepEqual(matches("back\\\\slash"), ["back\\slash"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    assert.ok(isPattern("a?") && isPattern("\\*") && !isPattern("a b"));
  },
});

Deno.test("shell word: paths without what changes nothing in them", () => {
  assert.deepEqual(
    ["", ".", "a//b/", "/", "//", "a/", "/a///"].map(cleanPath),
    [".", ".", "a/b", "/", "/", "a", "/a"],
  );
});
