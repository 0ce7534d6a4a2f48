import assert from "node:assert/strict";
import { root } from "../../../cmd/commands.ts";
import { settingsOf } from "../../../cmd/config/settings.ts";

const settings = settingsOf(root);
const named = (name: string) =>
  settings.find((each) => each.name === name) ?? assert.fail(name);

Deno.test("settings: every flag whose description names a variable, once", () => {
  const names = settings.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)].toSorted());
  for (
    const name of [
      "profile",
      "region",
      "endpoint-url",
      "quiet",
      "verbose",
      "no-color",
      "reason",
      "timeout",
      "output",
      "via",
      "stream-host",
    ]
  ) assert.ok(names.includes(name), name);
  for (const name of ["remote", "local", "tag", "force", "help", "file"]) {
    assert.ok(!names.includes(name), name);
  }
});

Deno.test("settings: variables, kinds, and the values of all commands", () => {
  assert.deepEqual(named("region").variables, ["SSM_REGION", "AWS_REGION"]);
  assert.equal(named("region").brief, "AWS region");
  assert.equal(named("quiet").kind, "boolean");
  assert.equal(named("verbose").kind, "counter");
  assert.equal(named("stream-host").repeats, true);
  assert.equal(named("escape").builtIn, "~");
  assert.ok(named("output").values.includes("table"));
  assert.equal(named("transport").builtIn, "native");
  assert.equal(named("half-close").builtIn, "30s");
  for (const { brief, builtIn, name } of settings) {
    const says = /\bthe default;|; default /.test(brief);
    assert.ok(!says || builtIn !== undefined, name);
  }
  assert.ok(named("output").values.includes("csv"));
});

Deno.test("settings: a value is right when every command takes it", () => {
  assert.equal(named("timeout").check("10m"), undefined);
  assert.match(named("timeout").check("soon") ?? "", /^a time is a number/);
  assert.equal(named("sessions").check("32"), undefined);
  assert.match(named("sessions").check("33") ?? "", /from 1 to 32/);
});

Deno.test("settings: one command's own keys where they differ, none where all mean the same", () => {
  assert.deepEqual(named("region").keys, ["region"]);
  assert.deepEqual(named("quiet").keys, ["quiet"]);
  assert.ok(named("timeout").keys.includes("timeout"));
  assert.ok(named("timeout").keys.includes("exec.timeout"));
  const documents = named("document-name").keys;
  assert.ok(documents.includes("shell.document-name"));
  assert.ok(!documents.includes("document-name"));
});
