import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../cmd/errors.ts";
import { documentParameters } from "../../cmd/parameters.ts";

Deno.test("the AWS CLI's forms", () => {
  for (
    const [inputs, expected] of [
      [["command=top"], { command: ["top"] }],
      [["command=a,b"], { command: ["a", "b"] }],
      [["portNumber=80,localPortNumber=8080"], {
        portNumber: ["80"],
        localPortNumber: ["8080"],
      }],
      [['command="a,b"'], { command: ["a,b"] }],
      [["command='a,b',c"], { command: ["a,b", "c"] }],
      [['command="say \\"hi\\""'], { command: ['say "hi"'] }],
      [["command=a\\,b,c"], { command: ["a,b", "c"] }],
      [['command=["a","b,c"]'], { command: ["a", "b,c"] }],
      [['{"command":["a"],"n":7}'], { command: ["a"], n: ["7"] }],
      [["command=top", "command=-d 1"], { command: ["top", "-d 1"] }],
      [["host=db.internal", "portNumber=5432"], {
        host: ["db.internal"],
        portNumber: ["5432"],
      }],
      [["a="], { a: [""] }],
      [["a=x,"], { a: ["x", ""] }],
      [["command=echo a=b"], { command: ["echo a=b"] }],
    ] as const
  ) assert.deepEqual({ ...documentParameters(inputs) }, expected, inputs[0]);
});

Deno.test("what is none of them is named", () => {
  for (
    const [input, reason] of [
      ["top", /it is not key=value/],
      ["", /it is not key=value/],
      ["=x", /it is not key=value/],
      ['a="b', /a quoted value has no end/],
      ['a="b"c', /no comma after it/],
      ["a=[b", /goes into quotes/],
      ['{"a":', /goes into quotes/],
      ['{"a":{}}', /a value is a string or a list/],
      ['a=["b",[]]', /a value is a string or a list/],
      ["\x1b[2J", /Cannot use --parameters \\x1b\[2J/],
    ] as const
  ) {
    assert.throws(() => documentParameters([input]), (error: unknown) => {
      assert(error instanceof UsageError);
      assert.match(error.message, reason);
      return true;
    }, input);
  }
});

Deno.test("any value survives in JSON and in quotes; any text is read or refused", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    assert.deepEqual(
      { ...documentParameters([JSON.stringify({ k: [value] })]) },
      { k: [value] },
    );
    const quoted = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    assert.deepEqual({ ...documentParameters([`k="${quoted}"`]) }, {
      k: [value],
    });
    try {
      documentParameters([value]);
    } catch (error) {
      assert(error instanceof UsageError);
    }
  }));
});
