import assert from "node:assert/strict";
import { root } from "../../../cmd/commands.ts";
import {
  replaceTargets,
  type TargetForm,
  targetFormOf,
} from "../../../cmd/target/target_arguments.ts";

/** The arguments with each target in capitals. */
function replaced(
  form: TargetForm,
  args: readonly string[],
  standIn?: string,
): string[] {
  const ofSsh = form === "destination";
  const { tokens, rest } = replaceTargets(
    {
      tokens: ofSsh ? [] : args.map((argument) => ({ argument })),
      rest: ofSsh ? args : undefined,
    },
    form,
    (target) => ({ target: target.toUpperCase(), user: undefined }),
    standIn,
  );
  return ofSsh
    ? [...rest ?? []]
    : tokens.map((token) => "argument" in token ? token.argument : "");
}

Deno.test("target arguments: each command's, by what its help calls them", () => {
  const forms: Record<string, TargetForm> = {
    shell: "first",
    exec: "all",
    forward: "before-ports",
    ssh: "destination",
    "ssh-proxy": "first",
    "ssh-config": "all",
    cp: "locations",
  };
  for (const { name, target } of root.getAllEntries()) {
    if (!("parameters" in target)) continue;
    const typed = name["convert-camel-to-kebab"];
    const form = targetFormOf(target, `ssm ${typed}`);
    if (Object.hasOwn(forms, typed)) assert.equal(form, forms[typed], typed);
    else if (["simulate", "login", "up", "play"].includes(typed)) {
      assert.equal(form, undefined, typed);
    }
  }
});

Deno.test("target arguments: what is none stays as it is", () => {
  assert.deepEqual(replaced("first", ["db", "22"]), ["DB", "22"]);
  assert.deepEqual(replaced("all", ["a", "b"]), ["A", "B"]);
  assert.deepEqual(replaced("before-ports", ["db", "80:80"]), ["DB", "80:80"]);
  assert.deepEqual(replaced("before-ports", ["80:80", "db"]), ["80:80", "db"]);
  assert.deepEqual(
    replaced("locations", ["db:/x", "./a:b", "/a:b", "file", "-", "../c:d"]),
    ["DB:/x", "./a:b", "/a:b", "file", "-", "../c:d"],
  );
  assert.deepEqual(
    replaced("destination", ["-p", "22", "-v", "me@db", "-L", "1:db:2", "db"]),
    ["-p", "22", "-v", "me@DB", "-L", "1:db:2", "db"],
  );
  assert.deepEqual(replaced("destination", ["--", "db", "db"]), [
    "--",
    "DB",
    "db",
  ]);
  assert.deepEqual(replaced("destination", []), []);
});

Deno.test("target arguments: a stand-in where none is", () => {
  assert.deepEqual(replaced("first", [], "db"), ["DB"]);
  assert.deepEqual(replaced("first", ["x"], "db"), ["X"]);
  assert.deepEqual(replaced("before-ports", ["80"], "db"), ["DB", "80"]);
  assert.deepEqual(replaced("locations", [":/a", "."], "db"), ["DB:/a", "."]);
  assert.deepEqual(replaced("locations", ["a", "."], "db"), ["a", "."]);
  assert.deepEqual(replaced("destination", ["-v"], "db"), ["-v", "DB"]);
});
