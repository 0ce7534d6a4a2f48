import assert from "node:assert/strict";
import fc from "fast-check";
import { EscapeParser } from "../../lib/session/escape.ts";

function run(pieces: string[], escape = "~"): string[] {
  const parser = new EscapeParser(escape === "none" ? undefined : escape);
  return pieces.flatMap((piece) => parser.feed(new TextEncoder().encode(piece)))
    .map((part) =>
      part.kind === "bytes"
        ? new TextDecoder().decode(part.bytes)
        : `<${part.command}>`
    );
}

Deno.test("the escape character works at the beginning and after Enter", () => {
  assert.deepEqual(run(["~."]), ["<leave>"]);
  assert.deepEqual(run(["ls\r~."]), ["ls\r", "<leave>"]);
  assert.deepEqual(run(["ls\n~?x"]), ["ls\n", "<help>", "x"]);
  assert.deepEqual(run(["\r~\x1a"]), ["\r", "<suspend>"]);
});

Deno.test("the escape character in the middle of a line goes through", () => {
  assert.deepEqual(run(["a~."]), ["a~."]);
  assert.deepEqual(run(["cd ~\r"]), ["cd ~\r"]);
});

Deno.test("twice the escape character sends one", () => {
  assert.deepEqual(run(["~~."]), ["~."]);
});

Deno.test("any other key after the escape character sends both", () => {
  assert.deepEqual(run(["~x~."]), ["~x~."]);
  assert.deepEqual(run(["~\r~."]), ["~\r", "<leave>"]);
});

Deno.test("another escape character, and none", () => {
  assert.deepEqual(run(["%.~."], "%"), ["<leave>", "~."]);
  assert.deepEqual(run(["~."], "none"), ["~."]);
});

Deno.test("byte at a time equals all at once", () => {
  const key = fc.constantFrom("~", ".", "?", "\r", "\n", "\x1a", "a");
  fc.assert(fc.property(fc.array(key), (keys) => {
    const join = (parts: string[]) => parts.join("");
    assert.equal(join(run(keys)), join(run([keys.join("")])));
  }));
});
