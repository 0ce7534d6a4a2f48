import assert from "node:assert/strict";
import fc from "fast-check";
import {
  flagName,
  type FlagShape,
  flagShapes,
  splitArguments,
  tokenize,
  toParserInput,
  withVariables,
} from "../../cmd/argv.ts";
import { UsageError } from "../../cmd/errors.ts";

const flags: readonly FlagShape[] = flagShapes({
  flags: {
    region: { kind: "parsed", brief: "Region [SSM_REGION]" },
    parameters: { kind: "parsed", brief: "", variadic: true },
    escape: { kind: "parsed", brief: "" },
    quiet: { kind: "boolean", brief: "" },
    verbose: { kind: "counter", brief: "" },
    secretThing: { kind: "boolean", brief: "", hidden: true },
  },
  aliases: { e: "escape", q: "quiet", v: "verbose" },
});

const parse = (...args: string[]) =>
  toParserInput(tokenize(args, flags, "ssm shell"));

const refuses = (args: string[], message: RegExp) =>
  assert.throws(() => parse(...args), (error: unknown) => {
    assert(error instanceof UsageError);
    assert.match(error.message, message);
    assert.deepEqual(error.hints, ["ssm shell --help"]);
    return true;
  });

Deno.test("splitArguments splits at the first --", () => {
  assert.deepEqual(splitArguments(["a", "-b"]), {
    own: ["a", "-b"],
    rest: undefined,
  });
  assert.deepEqual(splitArguments(["a", "--", "b", "--", "c"]), {
    own: ["a"],
    rest: ["b", "--", "c"],
  });
  assert.deepEqual(splitArguments(["--"]), { own: [], rest: [] });
});

Deno.test("flagName writes words with dashes", () => {
  assert.equal(flagName("documentName"), "document-name");
  assert.equal(flagName("region"), "region");
});

Deno.test("every way to give a value means the same", () => {
  for (
    const args of [["--escape", "!"], ["--escape=!"], ["-e", "!"], ["-e!"], [
      "-e=!",
    ]]
  ) {
    assert.deepEqual(parse(...args), ["--escape=!"], args.join(" "));
  }
});

Deno.test("letters can be put together, the last with its value", () => {
  assert.deepEqual(parse("-qv"), ["--quiet", "--verbose"]);
  assert.deepEqual(parse("-qenone"), ["--quiet", "--escape=none"]);
  assert.deepEqual(parse("-qe", "none", "web"), [
    "--quiet",
    "--escape=none",
    "web",
  ]);
});

Deno.test("a value may begin with a dash, be empty or have line breaks", () => {
  assert.deepEqual(parse("--region", "-x"), ["--region=-x"]);
  assert.deepEqual(parse("--region=--quiet"), ["--region=--quiet"]);
  assert.deepEqual(parse("--region="), ["--region", ""]);
  assert.deepEqual(parse("--region", "a\nb"), ["--region", "a\nb"]);
});

Deno.test("a flag in place of a value means that the value was forgotten", () => {
  refuses(["--region", "--quiet"], /--region: its value is missing/);
  refuses(["--region", "-q"], /--region: its value is missing/);
  refuses(["-e"], /-e: its value is missing/);
});

Deno.test("of a flag that does not repeat the last one counts", () => {
  assert.deepEqual(parse("--region", "a", "web", "--region=b"), [
    "web",
    "--region=b",
  ]);
  assert.deepEqual(parse("-q", "-q"), ["--quiet"]);
  assert.deepEqual(parse("-vv"), ["--verbose", "--verbose"]);
  assert.deepEqual(parse("--parameters", "a=1", "--parameters=b=2"), [
    "--parameters=a=1",
    "--parameters=b=2",
  ]);
});

Deno.test("booleans can be switched off, and take no value apart from that", () => {
  assert.deepEqual(parse("--no-quiet"), ["--quiet=false"]);
  assert.deepEqual(parse("--quiet=false"), ["--quiet=false"]);
  assert.deepEqual(parse("-q", "--no-quiet"), ["--quiet=false"]);
  refuses(["--no-quiet=1"], /--no-quiet: it takes no value/);
  refuses(["--verbose=3"], /--verbose: it takes no value/);
  refuses(["--no-region"], /Unknown flag for ssm shell: --no-region/);
});

Deno.test("unknown flags are named, with those like them", () => {
  refuses(["--regoin", "x"], /--regoin; did you mean --region\?/);
  refuses(["-x"], /: -x$/);
  refuses(["-qx"], /: -x in -qx$/);
  refuses(["--constructor"], /: --constructor$/);
  refuses(["--secret-thin"], /: --secret-thin$/);
  refuses(["--re\x1b[2Jgion"], /--re\\x1b\[2Jgion/);
});

Deno.test("a single dash and words are arguments", () => {
  assert.deepEqual(parse("-", "web", "a=b"), ["-", "web", "a=b"]);
});

Deno.test("a variable stands in for a flag that was not given", () => {
  const env = (name: string) => ({ SSM_REGION: "eu-west-1" })[name];
  const input = (...args: string[]) =>
    toParserInput(
      withVariables(tokenize(args, flags, "ssm shell"), flags, env),
    );
  assert.deepEqual(input("web"), ["web", "--region=eu-west-1"]);
  assert.deepEqual(input("--region", "a"), ["--region=a"]);
});

Deno.test("no value is ever taken for a flag, nor lost", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const joined = (args: string[]) =>
      args.length === 2 ? args.join("=") : args[0];
    assert.equal(joined(parse(`--region=${value}`)), `--region=${value}`);
    if (value !== "") {
      assert.equal(joined(parse(`-e=${value}`)), `--escape=${value}`);
    }
    if (!/^-[qveh]$/.test(value) && !value.startsWith("--")) {
      assert.equal(joined(parse("--region", value)), `--region=${value}`);
    }
  }));
});

const outputFlags = flagShapes({
  flags: {
    output: { kind: "enum", brief: "[SSM_OUTPUT]", values: ["table", "json"] },
  },
  aliases: { o: "output" },
});

Deno.test("SSM_OUTPUT: a form of other commands counts as not set, one of none is kept to be refused", () => {
  const values = (value: string) =>
    toParserInput(withVariables([], outputFlags, () => value));
  assert.deepEqual(values("json"), ["--output=json"]);
  assert.deepEqual(values("csv"), []);
  assert.deepEqual(values("xml"), ["--output=xml"]);
});

Deno.test("--json of a command that has --output is answered with that", () => {
  const read = (args: string[], of: readonly FlagShape[]) => () =>
    tokenize(args, of, "ssm list");
  assert.throws(read(["--json"], outputFlags), {
    message: "Unknown flag for ssm list: --json; did you mean --output json?",
  });
  assert.throws(read(["--json"], flags), {
    message: "Unknown flag for ssm list: --json",
  });
});
