import assert from "node:assert/strict";
import fc from "fast-check";
import { withBlock } from "../../../cmd/ssh/config_block.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const put = (file: string, name: string, text: string) =>
  decode(withBlock(encode(file), name, text));

const begin = "# >>> ssm ssh-config: default >>>";
const finish = "# <<< ssm ssh-config: default <<<";

Deno.test("config block: at the end of the file, then in its place", () => {
  assert.equal(put("", "default", "A\n"), `${begin}\nA\n${finish}\n`);
  assert.equal(
    put("Host x\n", "default", "A\n"),
    `Host x\n\n${begin}\nA\n${finish}\n`,
  );
  assert.equal(
    put("Host x", "default", "A\n"),
    `Host x\n\n${begin}\nA\n${finish}\n`,
  );
  const file = `before\n${begin}\nold\nolder\n${finish}\nafter`;
  assert.equal(
    put(file, "default", "new\n"),
    `before\n${begin}\nnew\n${finish}\nafter`,
  );
  const windows = `before\r\n${begin}\r\nold\r\n${finish}\r\nafter\r\n`;
  assert.equal(
    put(windows, "default", "new\n"),
    `before\r\n${begin}\nnew\n${finish}\nafter\r\n`,
  );
});

Deno.test("config block: each profile has its own", () => {
  const both = put(put("", "default", "A\n"), "prod", "B\n");
  assert.match(both, /A\n[^]*B\n/);
  assert.equal(put(both, "default", "A\n"), both);
  assert.equal(put(both, "prod", "B\n"), both);
  assert.equal(put(put(both, "prod", "C\n"), "prod", "B\n"), both);
});

Deno.test("config block: marks that are no pair change nothing", () => {
  for (
    const file of [
      `${begin}\n`,
      `${finish}\n`,
      `${finish}\n${begin}\n`,
      `${begin}\n${begin}\n${finish}\n`,
      `${begin}\n${finish}\n${finish}\n`,
      `${begin}\n${finish}\n${begin}\n${finish}\n`,
    ]
  ) {
    assert.throws(() => put(file, "default", "A\n"), {
      name: "CommandError",
      message: /marks of our block are not one pair/,
    }, file);
  }
  // In the middle of a line it is no mark.
  assert.equal(
    put(`x ${begin}\n`, "default", "A\n"),
    `x ${begin}\n\n${begin}\nA\n${finish}\n`,
  );
});

Deno.test("config block: every other byte stays, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      (head, tail) => {
        const line = Uint8Array.of(10);
        const start = new Uint8Array([...head, ...line]);
        const first = withBlock(start, "default", "é\n");
        const file = new Uint8Array([...first, ...tail]);
        const again = withBlock(file, "default", "other\n");
        assert.deepEqual(again.subarray(0, start.length), start);
        assert.deepEqual(again.subarray(again.length - tail.length), tail);
        assert.deepEqual(withBlock(again, "default", "é\n"), file);
      },
    ),
    { numRuns: 200, seed: 3 },
  );
});
