import assert from "node:assert/strict";
import {
  pluginAnswer,
  pluginWords,
  programName,
} from "../../../cmd/plugin/started_as.ts";
import { clientVersion } from "../../../lib/protocol/message/version.ts";
import { pluginVersion } from "../../../lib/version.ts";

const session = '{"SessionId":"s","TokenValue":"t","StreamUrl":"u"}';

Deno.test("we are the plugin by name, by command, and by what nothing but the AWS CLI passes", () => {
  const cases: [
    name: string,
    args: string[],
    words: string[] | undefined,
  ][] = [
    ["session-manager-plugin", [], []],
    ["session-manager-plugin", ["--version"], ["--version"]],
    ["session-manager-plugin", ["plugin", "install"], ["plugin", "install"]],
    ["session-manager-plugin.exe", ["a"], ["a"]],
    ["session-manager-plugin.EXE", ["a"], ["a"]],
    ["ssm", ["plugin"], []],
    ["ssm", ["plugin", "--version"], ["--version"]],
    ["ssm", ["plugin", "a", "b", "c"], ["a", "b", "c"]],
    ["ssm", ["plugin", "--", "install"], ["install"]],
    ["ssm", ["plugin", "--"], []],
    ["ssm", ["plugin", "install"], undefined],
    ["ssm", ["plugin", "uninstall", "-q"], undefined],
    ["ssm", ["plugin", "status"], undefined],
    ["ssm", ["plugin", "--help"], undefined],
    ["ssm", ["plugin", "-h"], undefined],
    ["ssm", [session, "eu-west-1", "StartSession"], [
      session,
      "eu-west-1",
      "StartSession",
    ]],
    ["renamed", ["AWS_SSM_START_SESSION_RESPONSE", "", "StartSession"], [
      "AWS_SSM_START_SESSION_RESPONSE",
      "",
      "StartSession",
    ]],
    ["ssm", [session, "eu-west-1", "Other"], undefined],
    ["ssm", ["shell", "eu-west-1", "StartSession"], undefined],
    ["ssm", [], undefined],
    ["ssm", ["--version"], undefined],
    ["ssm", ["shell", "plugin"], undefined],
    ["my-session-manager-plugin", ["--version"], undefined],
  ];
  for (const [name, args, words] of cases) {
    assert.deepEqual(pluginWords(args, name), words, `${name} ${args}`);
  }
});

Deno.test("the version is one that the AWS CLI takes, and that sessions get", () => {
  // As it checks it (api.md §9).
  const text = pluginAnswer(["--version"]) ?? "";
  assert.match(text.replace(/\s+/g, ""), /^\d+(\.\d+){0,3}$/);
  assert.equal(text, `${pluginVersion}\n`);
  assert.equal(pluginVersion, clientVersion);
  const after = (a: string, b: string) => {
    const [left, right] = [a, b].map((each) => each.split(".").map(Number));
    const at = left!.findIndex((part, i) => part !== right![i]);
    return at >= 0 && left![at]! > right![at]!;
  };
  assert.ok(after(pluginVersion, "1.2.497.0"));
  assert.ok(after(pluginVersion, "1.2.763.9"));
});

Deno.test("without arguments it says that it is there; everything else is more work", () => {
  assert.equal(
    pluginAnswer([]),
    "\nThe Session Manager plugin was installed successfully. " +
      "Use the AWS CLI to start a session.\n\n",
  );
  assert.equal(pluginAnswer(["--version", "x"]), undefined);
  assert.equal(pluginAnswer(["--help"]), undefined);
});

Deno.test("under deno run the program's name is Deno's", () => {
  assert.equal(programName(), Deno.execPath().replace(/^.*[\\/]/, ""));
});
