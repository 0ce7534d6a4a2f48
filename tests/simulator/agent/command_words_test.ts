import assert from "node:assert/strict";
import fc from "fast-check";
import { commandWords } from "../../../lib/simulator/agent/command_words.ts";
import { StartError } from "../../../lib/simulator/agent/session_plugin.ts";

Deno.test("commands are split as a shell does, and nothing is expanded", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["  \t\n ", []],
    ["ls -l /tmp", ["ls", "-l", "/tmp"]],
    ["echo 'a  b' \"c d\"", ["echo", "a  b", "c d"]],
    ["echo 'it'\\''s'", ["echo", "it's"]],
    ["echo ''", ["echo", ""]],
    ['echo "a\\"b" \'\\\'', ["echo", 'a"b', "\\"]],
    ["echo $HOME *.txt a|b;c", ["echo", "$HOME", "*.txt", "a|b;c"]],
    ["a # comment\nb", ["a", "b"]],
    ["a#b '#c'", ["a#b", "#c"]],
    ["a\u00a0b\vc\r\nd", ["a\u00a0b\vc", "d"]],
  ];
  for (const [text, words] of cases) {
    assert.deepEqual(commandWords(text), words, text);
  }
});

Deno.test("whatever is in single quotes arrives as it is", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
    const text = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    assert.deepEqual(commandWords(text.join(" ")), words);
  }));
});

Deno.test("an open quote and a last backslash are errors with the agent's words", () => {
  for (
    const [text, why] of [
      ["echo 'a", "EOF found when expecting closing quote"],
      ['echo "a', "EOF found when expecting closing quote"],
      ["echo a\\", "EOF found after escape character"],
    ]
  ) {
    assert.throws(
      () => commandWords(text!),
      new StartError(`Failed to parse commands input: ${why}\n`),
    );
  }
});
