import assert from "node:assert/strict";
import type { CompletionSources } from "../../../cmd/completion/candidate.ts";
import { complete } from "../../../cmd/completion/complete.ts";
import { answerText } from "../../../cmd/completion/run.ts";
import { completionScript } from "../../../cmd/completion/scripts.ts";
import { completionShells } from "../../../cmd/completion.ts";
import { runCommandLine } from "../../../cmd/mod.ts";
import { ConfigHome } from "../../testkit/config_home.ts";
import { openTargetMemory } from "../../../cmd/target/memory.ts";
import { TestContext } from "../../testkit/context.ts";

const sources: CompletionSources = {
  targets: () =>
    Promise.resolve([
      { value: "web-server", about: "i-0123456789abcdef0" },
      { value: "tag:role=web" },
      { value: "i-0123456789abcdef0", about: "web-server" },
    ]),
  aliases: () => Promise.resolve([{ value: "db", about: "name:db-1" }]),
  groups: () => Promise.resolve([{ value: "dev", about: "2 forwards" }]),
  settings: () => Promise.resolve([{ value: "region" }, { value: "reason" }]),
  sessions: () => Promise.resolve([{ value: "me-1234", about: "on web" }]),
  profiles: () => Promise.resolve([{ value: "prod" }, { value: "dev" }]),
  regions: () =>
    Promise.resolve([{ value: "eu-west-1" }, { value: "eu-north-1" }]),
};

async function values(...words: string[]): Promise<string[]> {
  const { values } = await complete(words, sources);
  return values.map(({ value }) => value);
}

Deno.test("completion: commands and their descriptions", async () => {
  const { values: found } = await complete([""], sources);
  for (const name of ["shell", "sessions", "completion", "help"]) {
    assert(found.some(({ value }) => value === name), name);
  }
  assert(found.every(({ about }) => about !== undefined && about !== ""));
  assert.deepEqual(await values("sess"), ["sessions"]);
  assert.deepEqual(await values("-q", "--region", "x", "sess"), ["sessions"]);
  assert.deepEqual(await values("sessions", ""), ["list", "kill"]);
  assert.deepEqual(await values("help", "sessions", "k"), ["kill"]);
  assert.deepEqual(await values("unknown", "she"), ["shell"]);
});

Deno.test("completion: flags of the command, once unless they repeat", async () => {
  const first = await values("shell", "--");
  assert(first.includes("--document-name") && first.includes("--help"));
  assert.deepEqual(await values("shell", "--rec"), [
    "--record",
    "--record-input",
    "--record-append",
    "--record-overwrite",
  ]);
  assert.deepEqual(
    await values("shell", "--record", "x", "--record-i", "--record"),
    ["--record-input", "--record-append", "--record-overwrite"],
  );
  assert.deepEqual(
    await values("shell", "--parameters", "a=b", "--parame"),
    ["--parameters"],
  );
  assert.deepEqual(await values("sessions", "--hist"), ["--history"]);
  assert.deepEqual(await values("--prof"), ["--profile"]);
  assert.deepEqual(await values("shell", "-x"), []);
  assert((await values("shell", "-")).includes("--profile"));
});

Deno.test("completion: values of flags, behind = and letters too", async () => {
  assert.deepEqual(await values("shell", "--transport", ""), [
    "native",
    "builtin",
  ]);
  assert.deepEqual(await values("shell", "--transport=b"), [
    "--transport=builtin",
  ]);
  assert.deepEqual(await values("sessions", "-o", "c"), ["csv"]);
  assert.deepEqual(await values("sessions", "-qo", "c"), ["csv"]);
  assert.deepEqual(await values("sessions", "-ocsv", ""), []);
  assert.deepEqual(await values("--profile", "d"), ["dev"]);
  assert.deepEqual(await values("shell", "--profile=prod,"), [
    "--profile=prod,dev",
  ]);
  assert.deepEqual(await values("shell", "--region", "eu-n"), ["eu-north-1"]);
  assert.deepEqual(await values("simulate", "--region", "eu-west-1,"), [
    "eu-west-1,eu-north-1",
  ]);
  assert.deepEqual(await values("shell", "--document-name", "AWS-StartSSH"), [
    "AWS-StartSSHSession",
  ]);
  assert.deepEqual(await values("list", "--columns", "name,pin"), [
    "name,ping",
  ]);
  assert.deepEqual(await values("list", "--sort", "launch"), ["launched"]);
  assert.deepEqual(await values("shell", "--reason", ""), []);
  assert.deepEqual(await values("shell", "--unknown="), []);
  assert.equal(
    (await complete(["shell", "--record", ""], sources)).also,
    "files",
  );
  assert.equal(
    (await complete(["plugin", "install", "--dir", ""], sources)).also,
    "folders",
  );
});

Deno.test("completion: targets, sessions and files as arguments", async () => {
  assert.deepEqual(await values("shell", "w"), ["web-server"]);
  assert.deepEqual(await values("shell", "name:w"), ["name:web-server"]);
  assert.deepEqual(await values("shell", "tag:"), ["tag:role=web"]);
  assert.deepEqual(await values("shell", "web-server", ""), []);
  assert.deepEqual(await values("exec", "web-server", "i-"), [
    "i-0123456789abcdef0",
  ]);
  assert.deepEqual(await values("forward", "we"), ["web-server"]);
  assert.deepEqual(await values("ssh", "ubuntu@we"), ["ubuntu@web-server"]);
  assert.deepEqual(await values("ssh", "ubuntu@web-server", ""), []);
  assert.deepEqual(await values("sessions", "kill", "me"), ["me-1234"]);
  assert.deepEqual(await values("sessions", "--target", "we"), ["web-server"]);
  assert.deepEqual(await complete(["cp", "we"], sources), {
    values: [{ value: "web-server:", about: "i-0123456789abcdef0" }],
    also: "files",
    goesOn: true,
  });
  assert.deepEqual(await values("cp", "./we"), []);
  assert.equal((await complete(["play", ""], sources)).also, "files");
  // What runs on the node is none of ours.
  assert.deepEqual(await complete(["exec", "web", "--", "--pro"], sources), {
    values: [],
    also: "files",
  });
});

Deno.test("completion: the answer has each word once, and none that cannot be typed", () => {
  assert.equal(
    answerText({
      values: [
        { value: "a", about: "is\x1b[2J" },
        { value: "b" },
        { value: "a" },
        { value: "c\nd" },
        { value: "e\u202e" },
      ],
      also: "files",
      goesOn: true,
    }),
    "files goes-on\na\tis\\x1b[2J\nb\n",
  );
  assert.equal(answerText({ values: [] }), "-\n");
});

Deno.test("completion: ssm __complete answers the scripts, whatever happens", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/.aws`);
    await Deno.writeTextFile(
      `${home}/.aws/credentials`,
      "[old one]\naws_access_key_id=x\n[default]\n",
    );
    await Deno.writeTextFile(
      `${home}/.aws/config`,
      "[default]\n [ profile 'p' ]\n[sso-session s]\n[services t]\n",
    );
    const answer = async (args: string[], ...set: [string, string][]) => {
      const context = new TestContext();
      for (const [name, value] of [["HOME", home] as const, ...set]) {
        context.variables.set(name, value);
      }
      assert.equal(await runCommandLine(args, context), 0);
      assert.equal(context.terminal.errorText, "");
      assert.equal(context.connections.length, 0);
      return context.terminal.outputText;
    };
    assert.equal(
      await answer(["__complete", "--profile", ""]),
      "-\ndefault\np\nold one\n",
    );
    assert.equal(
      await answer(["__complete_next", "--profile"], ["HOME", "/nowhere"]),
      "-\n",
    );
    assert.match(
      await answer(["__complete", "--region", "cn"], [
        "AWS_REGION",
        "cn-north-1",
      ]),
      /^-\ncn-north-1\ncn-northwest-1\n$/,
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("completion: targets are those of the profile and region that were typed", async () => {
  const asked: unknown[] = [];
  const watching: CompletionSources = {
    ...sources,
    targets: (place) => {
      asked.push(place);
      return Promise.resolve([]);
    },
  };
  for (
    const words of [
      ["shell", ""],
      ["--region", "eu-west-1", "shell", "--profile=prod", "-qe", "x", ""],
      ["shell", "--profile", "a", "--profile", "b", "-e~", ""],
      ["exec", "-tq", "--region=x", "web", ""],
      ["shell", "--all-regions", ""],
    ]
  ) await complete(words, watching);
  assert.deepEqual(asked, [
    { profile: undefined, region: undefined },
    { profile: "prod", region: "eu-west-1" },
    { profile: "b", region: undefined },
    { profile: undefined, region: "x" },
    { profile: undefined, region: "*" },
  ]);
});

Deno.test("completion: names of the cache, of the right account's place alone", async () => {
  const home = await Deno.makeTempDir();
  try {
    const env = (name: string) => name === "XDG_CACHE_HOME" ? home : undefined;
    const scope = {
      profile: "prod",
      region: "eu-west-1",
      endpoint: "",
      account: "a",
    };
    const { remember } = openTargetMemory(env);
    remember(scope, [
      ["name:web", { id: "i-0123456789abcdef0", name: "web" }],
      ["name:i-like", { id: "i-0fedcba9876543210", name: "i-00000001" }],
    ]);
    remember({ ...scope, profile: "" }, [
      ["name:db", { id: "i-00000000000000001", name: "db" }],
    ]);
    const answer = async (words: string[], variables: [string, string][]) => {
      const context = new TestContext();
      for (const [name, value] of [["XDG_CACHE_HOME", home], ...variables]) {
        context.variables.set(name!, value!);
      }
      await runCommandLine(["__complete", ...words, ""], context);
      return context.terminal.outputText.trimEnd().split("\n").slice(1);
    };
    const prod = ["name:i-00000001", "web"];
    assert.deepEqual(
      (await answer(["shell", "--profile", "prod"], [])).sort(),
      prod,
    );
    assert.deepEqual(
      (await answer(["shell"], [["AWS_PROFILE", "prod"]])).sort(),
      prod,
    );
    assert.deepEqual(
      await answer(["shell"], [["AWS_PROFILE", "prod"], [
        "AWS_ACCESS_KEY_ID",
        "x",
      ]]),
      ["db"],
    );
    assert.deepEqual(
      await answer(["shell", "--region", "us-east-1"], []),
      [],
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("completion: nodes that were used lately", async () => {
  const context = new TestContext();
  await (await context.recentNodes()).add("i-0123456789abcdef0", 1);
  await (await context.recentNodes()).add("mi-0123456789abcdef0", 2);
  await runCommandLine(["__complete", "shell", ""], context);
  assert.deepEqual(
    context.terminal.outputText,
    "-\nmi-0123456789abcdef0\ni-0123456789abcdef0\n",
  );
});

Deno.test("completion: sessions that were listed in the last hour", async () => {
  const home = await Deno.makeTempDir();
  try {
    const answer = async (later: number) => {
      const context = new TestContext();
      context.variables.set("XDG_CACHE_HOME", home);
      context.clock.sleep(later);
      await runCommandLine(["__complete", "sessions", "kill", ""], context);
      return context.terminal.outputText;
    };
    assert.equal(await answer(0), "-\n");
    const context = new TestContext();
    context.variables.set("XDG_CACHE_HOME", home);
    context.onSessions = async function* () {
      yield await Promise.resolve({
        id: "me-1234",
        target: "i-0123456789abcdef0",
        status: "Connected",
      });
    };
    await runCommandLine(["sessions"], context);
    assert.equal(
      await answer(3_599_000),
      "-\nme-1234\ton i-0123456789abcdef0\n",
    );
    assert.equal(await answer(3_601_000), "-\n");
    const path = `${home}/ssm/sessions.json`;
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
    for (const text of ["?", "{}", '{"at":1700000000000,"sessions":[1,{}]}']) {
      await Deno.writeTextFile(path, text);
      assert.equal(await answer(0), "-\n");
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("completion: a script for each shell, and a word for those without one", async () => {
  for (const shell of completionShells) {
    const context = new TestContext();
    assert.equal(await runCommandLine(["completion", shell], context), 0);
    assert.equal(context.terminal.outputText, completionScript(shell));
    assert.match(context.terminal.outputText, /__complete/);
    assert(!context.terminal.outputText.includes("§"));
  }
  const context = new TestContext();
  assert.equal(await runCommandLine(["completion", "csh"], context), 125);
  assert.match(
    context.terminal.errorText,
    /csh.*it is bash, zsh, fish, powershell/,
  );
  assert.equal(
    await runCommandLine(["completion", "pwsh"], new TestContext()),
    0,
  );
});

Deno.test("completion: groups, settings and aliases of the user's own file", async () => {
  assert.deepEqual(await values("up", ""), ["dev"]);
  assert.deepEqual(await values("config", "set", "re"), ["region", "reason"]);
  assert.deepEqual(await values("config", "set", "region", ""), []);
  assert.deepEqual(await values("config", "get", "reg"), ["region"]);
  assert.deepEqual(await values("config", "alias", "remove", ""), ["db"]);
});

Deno.test("completion: aliases come before nodes that were seen, and a broken file says nothing", async () => {
  await using home = await ConfigHome.create(
    '{ "aliases": { "db": "name:db-1" }, "groups": { "dev": [{ "target": "db", "remote": 1 }] } }',
  );
  const completed = async (...words: string[]) => {
    const context = new TestContext();
    home.useIn(context);
    assert.equal(await runCommandLine(["__complete", ...words], context), 0);
    return context.terminal.outputText;
  };
  assert.equal(await completed("shell", "d"), "-\ndb\tname:db-1\n");
  assert.equal(await completed("up", ""), "-\ndev\t1 forward\n");
  await Deno.writeTextFile(home.path, "{");
  assert.equal(await completed("shell", "d"), "-\n");
});
