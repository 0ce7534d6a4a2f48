import assert from "node:assert/strict";
import fc from "fast-check";
import { ExitMark } from "../../../cmd/exec/exit_mark.ts";
import { joined } from "../../testkit/bytes.ts";

/** The command line's output as a shell gives it. */
async function outputOf(line: string): Promise<Uint8Array> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", line],
    stdin: "null",
  }).output();
  return stdout;
}

Deno.test({
  name: "the mark is taken out wherever the output is cut, and tells the code",
  ignore: Deno.build.os === "windows",
  async fn() {
    const mark = new ExitMark();
    const all = await outputOf(mark.wrap(["printf", "a\\033[1mb\\033"]));
    assert.ok(all.length > 40);
    for (let cut = 0; cut <= all.length; cut++) {
      mark.code = undefined;
      const shown = [
        mark.filter(all.subarray(0, cut)),
        mark.filter(all.subarray(cut)),
        mark.rest(),
      ];
      assert.equal(new TextDecoder().decode(joined(shown)), "a\x1b[1mb\x1b");
      assert.equal(mark.code, 0);
    }
  },
});

Deno.test({
  name: "the code is the command's, of a line too",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (
      const [line, code] of [
        [["sh", "-c", "exit 9"], 9],
        ["true | false", 1],
        ["# nothing", 0],
        ["exit 3", 3],
        ["set -e; false; true", 1],
        ["exec sh -c 'exit 4'", 4],
        ["kill -9 $$", 137],
        ["if", 2],
        [["exit", "3"], 127],
        [["no-such-command-here"], 127],
      ] as const
    ) {
      const mark = new ExitMark();
      mark.filter(await outputOf(mark.wrap(line)));
      assert.equal(mark.code, code, String(line));
    }
  },
});

Deno.test("what is no mark is shown as it came", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => {
    const mark = new ExitMark();
    const shown = [...pieces.map((bytes) => mark.filter(bytes)), mark.rest()];
    assert.deepEqual(joined(shown), joined(pieces));
    assert.equal(mark.code, undefined);
  }));
});
