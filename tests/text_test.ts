import assert from "node:assert/strict";
import fc from "fast-check";
import { platformReason, shellQuote, visible } from "../lib/text.ts";
import { arePrograms } from "./testkit/programs.ts";

Deno.test("control, direction and other invisible characters are shown", () => {
  assert.equal(visible("a\x1b[31mb"), "a\\x1b[31mb");
  assert.equal(visible("a\r\n\tb\x07\x7f"), "a\\r\\n\\tb\\x07\\x7f");
  assert.equal(visible("a\u009b31m"), "a\\u009b31m");
  assert.equal(visible("a\u202eb\u200b\ufeff"), "a\\u202eb\\u200b\\ufeff");
  assert.equal(visible("\ud800"), "\\ud800");
  assert.equal(visible("\u{e0041}"), "\\U000e0041");
});

Deno.test("ordinary text stays as it is", () => {
  for (const text of ["", "web-server", "Übung 日本語 🙂", "C:\\x \"q\" 'p'"]) {
    assert.equal(visible(text), text);
  }
});

Deno.test("a plain word needs no quotes", () => {
  for (const word of ["web-server", "a.b@c", "i-0123456789abcdef0", "/x/y:z"]) {
    assert.equal(shellQuote(word), word);
  }
});

Deno.test("no text leaves an invisible character in its quoted form", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(shellQuote(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
      assert.doesNotMatch(visible(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
  );
});

Deno.test({
  name: "a shell takes quoted text as exactly one word",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const texts = fc.sample(
      fc.string({
        unit: fc.constantFrom(
          ...["'", '"', "\\", "$", "`", " ", ";", "&", "|", "*", "?", "~"],
          ...["!", "(", ")", "<", ">", "#", "\n", "\x1b", "a", "-", "=", "é"],
        ),
      }),
      200,
    ).concat(["", "a b", "$(id)", "-rf", "~", "it's", "a\\", "\n'"]);
    const script = texts.map((text) => `printf '%s\\0' ${shellQuote(text)}`)
      .join("\n");
    const { stdout, success } = await new Deno.Command("bash", {
      args: ["-c", script],
      env: { LC_ALL: "C.UTF-8" },
    }).output();
    assert.ok(success);
    const words = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
    assert.deepEqual(words, texts);
  },
});

for (const shell of ["sh", "bash", "zsh", "ksh", "fish"]) {
  Deno.test({
    name: `${shell} takes quoted text that is visible as exactly one word`,
    ignore: !arePrograms(shell),
    fn: async () => {
      const texts = fc.sample(
        fc.string({
          unit: fc.constantFrom(
            ...["'", "\\", "'", "\\", '"', "$", "`", " ", ";", "(", ")", "~"],
            ...["a", "!", "%", "=", "*", "#", "é"],
          ),
        }),
        500,
      ).concat(["\\", "'", "\\'", "\\';touch x;'", "abc\\'def", "C:\\a b\\"]);
      const { stdout, success } = await new Deno.Command(shell, {
        args: [
          "-c",
          texts.map((text) => `printf '%s\\0' ${shellQuote(text)}`).join("\n"),
        ],
        env: { LC_ALL: "C.UTF-8" },
      }).output();
      assert.ok(success);
      const words = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
      assert.deepEqual(words, texts);
    },
  });
}

Deno.test("a platform's error has the reason alone, wherever it comes from", async () => {
  const missing = await Deno.readFile("/nosuch/file").catch((error) => error);
  assert.ok(missing instanceof Deno.errors.NotFound);
  if (Deno.build.os !== "windows") {
    assert.equal(platformReason(missing), "No such file or directory");
    assert.throws(
      () => new Deno.Command(Deno.cwd()).spawn(),
      (error) => platformReason(error) === "Permission denied",
    );
  }
  assert.equal(
    platformReason(new Error("it's (one) thing")),
    "it's (one) thing",
  );
  assert.equal(platformReason("a: b"), "a: b");
});
