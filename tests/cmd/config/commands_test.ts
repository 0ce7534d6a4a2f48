import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { ConfigHome } from "../../testkit/config_home.ts";
import { TestContext } from "../../testkit/context.ts";

/** Runs `ssm config …`. */
async function config(
  home: ConfigHome,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
) {
  const context = new TestContext();
  home.useIn(context);
  for (const [name, value] of Object.entries(variables)) {
    context.variables.set(name, value);
  }
  const code = await runCommandLine(["config", ...args], context);
  const { outputText: output, errorText: error } = context.terminal;
  return { code, output, error };
}

Deno.test("config path: prints where the file is, or would be", async () => {
  await using home = await ConfigHome.create();
  assert.deepEqual(await config(home, ["path"]), {
    code: 0,
    output: `${home.path}\n`,
    error: "",
  });
});

Deno.test("config set: makes a private file, and changes nothing else in one that is there", async () => {
  await using home = await ConfigHome.create();
  const { code, error } = await config(home, ["set", "region", "eu-west-1"]);
  assert.deepEqual([code, error], [0, `Wrote ${home.path}\n`]);
  const { mode } = await Deno.stat(home.path);
  if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
  await Deno.writeTextFile(
    home.path,
    '{\n  // mine\n  "defaults": {\n    "region": "eu-west-1" // near\n  }\n}\n',
  );
  await config(home, ["set", "reason", "on call", "--profile", "prod"]);
  await config(home, ["set", "quiet", "true"]);
  await config(home, ["set", "verbose", "2"]);
  await config(home, ["set", "stream-host", "a", "b"]);
  await config(home, ["unset", "region"]);
  const text = await home.text();
  assert.match(text, /\/\/ mine/);
  assert.equal((await config(home, ["get", "quiet"])).output, "true\n");
  assert.equal((await config(home, ["get", "verbose"])).output, "2\n");
  assert.equal((await config(home, ["get", "stream-host"])).output, "a\nb\n");
  assert.equal((await config(home, ["get", "region"])).code, 1);
  const prod = ["get", "reason", "--profile=prod"];
  assert.equal((await config(home, prod)).output, "on call\n");
});

Deno.test("config set: what would be a mistake is not written", async () => {
  await using home = await ConfigHome.create("{}");
  for (
    const [args, message] of [
      [
        ["set", "regoin", "x"],
        /There is no setting regoin; did you mean region\?/,
      ],
      [["set", "escape", "abc"], /it is one printable character, or none/],
      [["set", "quiet", "yes"], /quiet is true or false/],
      [["set", "region", "a", "b"], /it has one value/],
      [["set", "document-name", "x"], /did you mean shell\.document-name or /],
      [["set", "profile", "x", "--profile=y"], /section of a profile/],
      [["alias", "add", "i-0", "x"], /looks like a node's id/],
    ] as const
  ) {
    const { code, error } = await config(home, args);
    assert.equal(code, 125, args.join(" "));
    assert.match(error, message);
    assert.equal(await home.text(), "{}");
  }
});

Deno.test("config set: a file with mistakes is left alone", async () => {
  await using home = await ConfigHome.create('{ "x": 1 }');
  const { code, error } = await config(home, ["set", "region", "eu-west-1"]);
  assert.equal(code, 125);
  assert.match(error, /:1:3: "x" is not known/);
  assert.equal(await home.text(), '{ "x": 1 }');
});

Deno.test("config set: a link leads to the file that is changed", async () => {
  await using home = await ConfigHome.create();
  await Deno.writeTextFile(`${home.folder}/real`, "{}");
  await Deno.symlink(`${home.folder}/real`, home.path);
  await config(home, ["set", "region", "eu-west-1"]);
  assert.equal((await Deno.lstat(home.path)).isSymlink, true);
  assert.match(await Deno.readTextFile(`${home.folder}/real`), /eu-west-1/);
});

Deno.test("config show: each setting, and where it comes from", async () => {
  await using home = await ConfigHome.create(
    '{ "defaults": { "region": "eu-west-1", "exec.timeout": "5m" },\n' +
      '  "profiles": { "prod": { "region": "us-east-1" } } }',
  );
  const rows = async (args: string[], variables: Record<string, string> = {}) =>
    (await config(home, ["show", ...args], variables)).output.split("\n")
      .map((line) => line.split(/ {2,}/));
  const row = (all: string[][], name: string) =>
    all.find(([first]) => first === name)?.slice(1);
  const plain = await rows([]);
  assert.deepEqual(row(plain, "region"), ["eu-west-1", `${home.path}:1:17`]);
  assert.deepEqual(row(plain, "exec.timeout"), ["5m", `${home.path}:1:40`]);
  assert.deepEqual(row(plain, "escape"), ["~", "default"]);
  assert.deepEqual(row(plain, "reason"), ["-", "-"]);
  for (
    const [name, value] of [
      ["browser", "true"],
      ["cache", "true"],
      ["half-close", "30s"],
      ["native", "true"],
      ["parallel", "10"],
      ["transport", "native"],
    ] as const
  ) assert.deepEqual(row(plain, name), [value, "default"], name);
  const prod = await rows(["--profile", "prod"]);
  assert.deepEqual(row(prod, "region"), ["us-east-1", `${home.path}:2:27`]);
  assert.deepEqual(row(prod, "profile"), ["prod", "--profile"]);
  const variable = await rows([], { AWS_DEFAULT_REGION: "eu-north-1" });
  assert.deepEqual(row(variable, "region"), [
    "eu-north-1",
    "AWS_DEFAULT_REGION",
  ]);
  const { output } = await config(home, ["show", "--output", "json"]);
  const value = JSON.parse(output);
  assert.equal(value.path, home.path);
  assert.deepEqual(
    value.settings.find(({ name }: { name: string }) => name === "region"),
    {
      name: "region",
      value: "eu-west-1",
      source: "file",
      where: `${home.path}:1:17`,
    },
  );
});

Deno.test("config show: SSM_OUTPUT of other commands is none of its own, a flag is", async () => {
  await using home = await ConfigHome.create("{}");
  const csv = await config(home, ["show"], { SSM_OUTPUT: "csv" });
  assert.equal(csv.code, 0);
  assert.match(csv.output, /^SETTING +VALUE/);
  const json = await config(home, ["show", "-o", "json"]);
  assert.equal(JSON.parse(json.output).path, home.path);
  const typed = await config(home, ["show", "--output", "csv"]);
  assert.equal(typed.code, 125);
  assert.match(typed.error, /Cannot use --output csv: it is table or json/);
});

Deno.test("config show: why a profile of the file does not count", async () => {
  await using home = await ConfigHome.create(
    '{ "defaults": { "profile": "prod" } }',
  );
  const credentials = {
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  const { output } = await config(home, ["show"], credentials);
  assert.match(
    output,
    /^profile +- +not used: credentials of the environment come first$/m,
  );
  const without = await config(home, ["show"]);
  assert.match(without.output, /^profile +prod +.*:1:17$/m);
});

Deno.test("config alias: added, listed and removed", async () => {
  await using home = await ConfigHome.create();
  await config(home, ["alias", "add", "web", "name:web-1"]);
  await config(home, [
    ..."alias add db i-0123456789abcdef0 --profile prod --user ubuntu".split(
      " ",
    ),
  ]);
  assert.equal(
    (await config(home, ["alias", "list"])).output,
    "ALIAS  TARGET               PROFILE  REGION  USER\n" +
      "web    name:web-1           -        -       -\n" +
      "db     i-0123456789abcdef0  prod     -       ubuntu\n",
  );
  const { output } = await config(home, ["alias", "list", "--output=json"]);
  assert.deepEqual(JSON.parse(output).web, { target: "name:web-1" });
  const missing = await config(home, ["alias", "remove", "wbe"]);
  assert.equal(missing.code, 125);
  assert.match(missing.error, /There is no alias wbe; did you mean web/);
  assert.equal((await config(home, ["alias", "remove", "web"])).code, 0);
  assert.doesNotMatch((await config(home, ["alias", "list"])).output, /web/);
});

Deno.test("config validate: lists everything that is wrong, of an ssm.json too", async () => {
  await using home = await ConfigHome.create('{ "a": 1,\n"b": 2 }');
  const own = await config(home, ["validate"]);
  assert.equal(own.code, 1);
  assert.match(own.output, /^.*:1:3: "a" is not.*\n.*:2:1: "b" is not.*\n$/);
  const path = `${home.folder}/ssm.json`;
  await Deno.writeTextFile(path, '{ "groups": {}, "defaults": {} }');
  const theirs = await config(home, ["validate", path]);
  assert.equal(theirs.code, 1);
  assert.match(theirs.output, /:1:17: "defaults" is not allowed: a checked-in/);
  await Deno.writeTextFile(path, '{ "groups": {} }');
  assert.equal((await config(home, ["validate", path])).code, 0);
  const missing = await config(home, ["validate", `${home.folder}/none`]);
  assert.equal(missing.code, 125);
  await Deno.remove(home.path);
  assert.equal((await config(home, ["validate"])).code, 0);
});

Deno.test("config: what is no file, too large or no UTF-8 is refused with its reason", async () => {
  await using home = await ConfigHome.create();
  await Deno.writeFile(home.path, Uint8Array.of(0x7b, 0xff, 0x7d));
  assert.match((await config(home, ["show"])).error, /it is no UTF-8/);
  await Deno.writeTextFile(home.path, " ".repeat(2 << 20));
  assert.match((await config(home, ["show"])).error, /it is larger than/);
  await Deno.remove(home.path);
  await Deno.mkdir(home.path);
  assert.match((await config(home, ["show"])).error, /it is no file/);
});

Deno.test("config edit: a new file has examples, and mistakes are said afterwards", async () => {
  await using home = await ConfigHome.create();
  const edit = async (change: () => Promise<void>, code = 0) => {
    const context = new TestContext();
    context.attended = true;
    home.useIn(context);
    context.variables.set("EDITOR", "code --wait");
    const ended = runCommandLine(["config", "edit"], context);
    await context.started;
    await change();
    context.children[0]?.end({ code, signal: undefined });
    return {
      code: await ended,
      command: context.children[0]?.command,
      ...{ output: context.terminal.outputText },
      error: context.terminal.errorText,
    };
  };
  const first = await edit(async () => {
    assert.match(await home.text(), /"aliases"/);
  });
  assert.deepEqual(first.command, ["code", "--wait", home.path]);
  assert.equal(first.code, 0);
  const broken = await edit(() => Deno.writeTextFile(home.path, '{"x": 1}'));
  assert.equal(broken.code, 1);
  assert.match(broken.output, /:1:2: "x" is not known/);
  assert.match(broken.error, /until they are mended, no command uses it/);
  const failed = await edit(() => Promise.resolve(), 1);
  assert.equal(failed.code, 125);
  assert.match(failed.error, /The editor code --wait ended with 1/);
});

Deno.test("config edit: without a terminal nothing is made and no editor started", async () => {
  await using home = await ConfigHome.create();
  const context = new TestContext();
  context.attended = false;
  home.useIn(context);
  assert.equal(await runCommandLine(["config", "edit"], context), 125);
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot edit .*: there is no terminal for the editor\nhint: ssm config set /,
  );
  assert.equal(context.children.length, 0);
  await assert.rejects(Deno.stat(home.path), Deno.errors.NotFound);
});

Deno.test("config set: what is a number to a command is one in the file", async () => {
  await using home = await ConfigHome.create();
  for (
    const [name, value] of [
      ["sessions", "3"],
      ["parallel", "20"],
      ["reason", "3"],
      ["profile", "3"],
      ["timeout", "10m"],
    ] as const
  ) await config(home, ["set", name, value]);
  assert.deepEqual(JSON.parse(await home.text()).defaults, {
    sessions: 3,
    parallel: 20,
    reason: "3",
    profile: "3",
    timeout: "10m",
  });
  assert.equal((await config(home, ["get", "sessions"])).output, "3\n");
});

Deno.test("config schema: prints the published schemas", async () => {
  await using home = await ConfigHome.create();
  for (const [name, args] of [["config", []], ["ssm", ["ssm.json"]]] as const) {
    const { output } = await config(home, ["schema", ...args]);
    const published = new URL(
      `../../../schema/${name}.schema.json`,
      import.meta.url,
    );
    assert.equal(output, await Deno.readTextFile(published));
  }
});

Deno.test({
  name: "config: what every user can write is not used",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await ConfigHome.create("{}");
    await Deno.chmod(home.path, 0o666);
    const { code, error } = await config(home, ["show"]);
    assert.equal(code, 125);
    assert.equal(
      error,
      `ssm: Cannot use ${home.path}: every user of this machine can write it\n` +
        `hint: chmod go-w ${home.path}\n`,
    );
    await Deno.chmod(home.path, 0o664);
    assert.equal((await config(home, ["show"])).code, 0);
  },
});
