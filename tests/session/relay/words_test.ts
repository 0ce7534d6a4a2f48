import assert from "node:assert/strict";
import fc from "fast-check";
import {
  powerShellArguments,
  powerShellCall,
  shellLine,
  shellWord,
} from "../../../lib/session/relay/words.ts";
import { commandWords } from "../../../lib/simulator/agent/command_words.ts";

const isUnix = Deno.build.os !== "windows";
/** Anything that an argument can be. */
const word = fc.string({ unit: "binary" }).map((text) =>
  text.replaceAll("\0", "")
);

Deno.test("words that need no quotes have none", () => {
  assert.equal(
    shellLine(["ls", "-l", "/a=b:c,d@e%f+g"]),
    "ls -l /a=b:c,d@e%f+g",
  );
  assert.equal(shellLine(["", "a b", "it's"]), `'' 'a b' 'it'\\''s'`);
});

Deno.test("the agent's splitting gives back what was quoted", () => {
  fc.assert(fc.property(fc.array(word), (words) => {
    assert.deepEqual(commandWords(shellLine(words)), words);
  }));
});

Deno.test({
  name: "so does a shell, byte for byte",
  ignore: !isUnix,
  async fn() {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1 }), async (all) => {
        const words = all.map((text) => text.replaceAll("\0", ""));
        const { stdout } = await new Deno.Command("/bin/sh", {
          args: ["-c", `printf '%s\\0' ${shellLine(words)}`],
          stdin: "null",
        }).output();
        assert.deepEqual(
          new TextDecoder().decode(stdout).split("\0").slice(0, -1),
          words,
        );
      }),
      { numRuns: 30 },
    );
  },
});

Deno.test("no parameter of Systems Manager's stands in a quoted word", () => {
  assert.equal(shellWord("{{.Names}}"), "'{''{.Names}}'");
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("{", "}", "a", "'")),
      (parts) => assert.ok(!shellWord(parts.join("")).includes("{{")),
    ),
  );
});

Deno.test("PowerShell gets a script that no quoting can spoil", () => {
  const script = powerShellCall(["C:\\a b\\x.exe", "it's", "$y"]);
  assert.match(script, /^& 'C:\\a b\\x\.exe' 'it''s' '\$y'; /);
  const [encoded, text] = powerShellArguments(script).slice(-2);
  assert.equal(encoded, "-EncodedCommand");
  const bytes = Uint8Array.from(atob(text!), (c) => c.charCodeAt(0));
  assert.equal(new TextDecoder("utf-16le").decode(bytes), script);
});
