import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { ConfigHome } from "../../testkit/config_home.ts";
import { TestContext } from "../../testkit/context.ts";

/** Runs a command with a user's file; what it asked AWS for is in the context. */
async function run(
  args: readonly string[],
  file: unknown,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly context: TestContext; readonly code: number }> {
  await using home = await ConfigHome.create(
    typeof file === "string" ? file : JSON.stringify(file),
  );
  const context = new TestContext();
  home.useIn(context);
  for (const [name, value] of Object.entries(variables)) {
    context.variables.set(name, value);
  }
  const resolved: string[] = [];
  const onResolve = context.onResolve;
  context.onResolve = (text, signal) => {
    resolved.push(text);
    return onResolve(text, signal);
  };
  const code = await runCommandLine(args, context);
  targets.set(context, resolved);
  return { context, code };
}

const targets = new WeakMap<TestContext, string[]>();

/** The connection of the first call. */
function connection({ context }: { readonly context: TestContext }) {
  const [first] = context.connections;
  assert(first !== undefined, context.terminal.errorText);
  const { profile, region } = first;
  return { profile, region, targets: targets.get(context) };
}

Deno.test("precedence: flag, variable, the profile's section, the general one, default", async () => {
  const file = {
    defaults: { reason: "general", escape: "%" },
    profiles: { prod: { reason: "of prod" } },
  };
  const reason = async (
    args: string[],
    variables: Record<string, string> = {},
  ) => {
    const { context } = await run(["shell", "web", ...args], file, variables);
    return context.requests[0]?.reason;
  };
  assert.equal(await reason([]), "general");
  assert.equal(await reason(["--profile", "prod"]), "of prod");
  assert.equal(await reason([], { AWS_PROFILE: "prod" }), "of prod");
  assert.equal(await reason([], { SSM_PROFILE: "prod" }), "of prod");
  assert.equal(await reason(["--profile", "dev"]), "general");
  const variable = { SSM_PROFILE: "prod", SSM_REASON: "variable" };
  assert.equal(await reason([], variable), "variable");
  assert.equal(await reason(["--reason", "flag"], variable), "flag");
  const { context } = await run(["shell", "web"], file);
  assert.equal(context.shells[0]?.escape, "%");
  const plain = await run(["shell", "web"], {});
  assert.equal(plain.context.shells[0]?.escape, "~");
});

Deno.test("precedence: the file's profile has its own section, and default one where it names none", async () => {
  const profiles = {
    prod: { region: "eu-west-1" },
    default: { region: "us-west-2" },
  };
  assert.deepEqual(
    connection(
      await run(["shell", "web"], { defaults: { profile: "prod" }, profiles }),
    ),
    { profile: "prod", region: "eu-west-1", targets: ["web"] },
  );
  assert.deepEqual(connection(await run(["shell", "web"], { profiles })), {
    profile: undefined,
    region: "us-west-2",
    targets: ["web"],
  });
});

Deno.test("precedence: AWS's own variables come before the file, credentials before its profile", async () => {
  const file = {
    defaults: { profile: "prod", region: "eu-west-1" },
    profiles: { prod: { reason: "of prod" } },
  };
  const of = async (variables: Record<string, string>) => {
    const { context } = await run(["shell", "web"], file, variables);
    const { profile, region } = connection({ context });
    return [profile, region, context.requests[0]?.reason];
  };
  assert.deepEqual(await of({}), ["prod", "eu-west-1", "of prod"]);
  assert.deepEqual(await of({ AWS_REGION: "us-east-1" }), [
    "prod",
    undefined,
    "of prod",
  ]);
  assert.deepEqual(await of({ AWS_DEFAULT_REGION: "us-east-1" }), [
    "prod",
    undefined,
    "of prod",
  ]);
  assert.deepEqual(await of({ AWS_PROFILE: "dev" }), [
    undefined,
    "eu-west-1",
    undefined,
  ]);
  assert.deepEqual(
    await of({ AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" }),
    [undefined, "eu-west-1", undefined],
  );
});

Deno.test("settings: one command's own key comes before the general one", async () => {
  const file = {
    defaults: { "shell.document-name": "Mine", reason: "general" },
    profiles: { prod: { "shell.reason": "of prod's shells" } },
  };
  const { context } = await run(["shell", "web", "--profile=prod"], file);
  assert.equal(context.requests[0]?.documentName, "Mine");
  assert.equal(context.requests[0]?.reason, "of prod's shells");
});

Deno.test("settings: lists, switches and counts arrive as if typed", async () => {
  const { context } = await run(["shell", "web"], {
    defaults: {
      "stream-host": ["a.example", "b.example"],
      quiet: false,
      verbose: 1,
    },
  });
  assert.deepEqual(context.connections[0]?.streamHosts, [
    "a.example",
    "b.example",
  ]);
  assert.match(context.terminal.errorText, /lists the escape keys/);
  const typed = await run(["shell", "web", "--no-quiet"], {
    defaults: { quiet: true },
  });
  assert.match(typed.context.terminal.errorText, /^Session /);
});

Deno.test("settings: SSM_VERBOSE counts as so many -v", async () => {
  const { context } = await run(["shell", "web"], {}, { SSM_VERBOSE: "1" });
  assert.match(context.terminal.errorText, /lists the escape keys/);
  const wrong = await run(["shell", "web"], {}, { SSM_VERBOSE: "x" });
  assert.equal(wrong.code, 125);
  assert.match(wrong.context.terminal.errorText, /Cannot use SSM_VERBOSE=x/);
});

Deno.test("file: a mistake stops every command that reads it, by line and column", async () => {
  const text = '{\n  "defaults": {\n    "regoin": "x"\n  }\n}';
  const { context, code } = await run(["shell", "web"], text);
  assert.equal(code, 125);
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot use .*config\.jsonc:3:5: "regoin" is not known in defaults; did you mean region\?\nhint: ssm config edit\n$/,
  );
  assert.deepEqual(context.connections, []);
});

Deno.test("file: --help and --version do not read it", async () => {
  for (const args of [["shell", "--help"], ["--version"], ["config", "path"]]) {
    assert.equal((await run(args, "broken")).code, 0, args.join(" "));
  }
});

Deno.test("alias: it is expanded wherever a target is taken, with its profile and region", async () => {
  const aliases = {
    db: { target: "name:db-1", profile: "prod", region: "eu-west-1" },
  };
  for (
    const args of [
      ["shell", "db"],
      ["exec", "db", "--", "uptime"],
      ["forward", "db", "8080:80"],
      ["cp", "db:/etc/hosts", "."],
      ["cp", "./a", "db:/tmp/"],
      ["ssh-proxy", "db"],
    ]
  ) {
    const { context } = await runUntilResolved(args, { aliases });
    assert.deepEqual(
      connection({ context }),
      { profile: "prod", region: "eu-west-1", targets: ["name:db-1"] },
      args.join(" "),
    );
  }
});

/** Runs a command whose target is found, and nothing after that. */
async function runUntilResolved(args: readonly string[], file: unknown) {
  await using home = await ConfigHome.create(JSON.stringify(file));
  const context = new TestContext();
  home.useIn(context);
  const resolved: string[] = [];
  targets.set(context, resolved);
  context.onResolve = (text) => {
    resolved.push(text);
    return Promise.reject(new Error("far enough"));
  };
  const code = await runCommandLine(args, context);
  return { context, code };
}

Deno.test("alias: flags are stronger, variables and settings weaker", async () => {
  const file = {
    defaults: { region: "us-west-1" },
    aliases: {
      db: { target: "name:db-1", profile: "prod", region: "eu-west-1" },
    },
  };
  const args = ["shell", "db", "--region", "us-east-2"];
  assert.deepEqual(connection(await run(args, file)), {
    profile: "prod",
    region: "us-east-2",
    targets: ["name:db-1"],
  });
  assert.deepEqual(
    connection(await run(["shell", "db"], file, { SSM_PROFILE: "dev" })),
    { profile: "prod", region: "eu-west-1", targets: ["name:db-1"] },
  );
});

Deno.test("alias: what has a prefix, looks like ports or is a tag is none", async () => {
  const aliases = { db: "name:db-1" };
  for (const target of ["name:db", "id:i-0123456789abcdef0", "dbx"]) {
    assert.deepEqual(
      connection(await run(["shell", target], { aliases })).targets,
      [target],
    );
  }
  // What it stands for is looked up, and is no alias again.
  const chained = { aliases: { a: "b", b: "c" } };
  assert.deepEqual(connection(await run(["shell", "a"], chained)).targets, [
    "b",
  ]);
});

Deno.test("alias: SSM_TARGET may be one", async () => {
  const file = { aliases: { db: { target: "name:db-1", profile: "prod" } } };
  assert.deepEqual(
    connection(await run(["shell"], file, { SSM_TARGET: "db" })),
    { profile: "prod", region: undefined, targets: ["name:db-1"] },
  );
});

Deno.test("alias: SSM_TARGET may be one for every command, and stays as it is", async () => {
  const file = { aliases: { db: { target: "name:db-1", profile: "prod" } } };
  for (
    const args of [
      ["exec", "--", "uptime"],
      ["forward", "8080:80"],
      ["cp", ":/etc/hosts", "."],
      ["ssh", "-p", "2222"],
    ]
  ) {
    await using home = await ConfigHome.create(JSON.stringify(file));
    const context = new TestContext();
    home.useIn(context);
    context.variables.set("SSM_TARGET", "db");
    const resolved: string[] = [];
    context.onResolve = (text) => {
      resolved.push(text);
      return Promise.reject(new Error("far enough"));
    };
    await runCommandLine(args, context);
    assert.deepEqual(resolved, ["name:db-1"], args.join(" "));
    assert.equal(context.connections[0]?.profile, "prod");
    // Another one of us, in the background, has to find the alias as well.
    assert.equal(context.variables.get("SSM_TARGET"), "db");
  }
  const { context } = await runUntilResolved(["cp", ":/etc/hosts", "."], file);
  assert.deepEqual(targets.get(context), []);
});

Deno.test("alias: ssh logs in as its user, unless one is given", async () => {
  const aliases = { db: { target: "name:db-1", user: "ubuntu" } };
  const destination = async (...args: string[]) => {
    await using home = await ConfigHome.create(JSON.stringify({ aliases }));
    const context = new TestContext();
    home.useIn(context);
    const ended = runCommandLine(["ssh", ...args], context);
    await context.started;
    const [child] = context.children;
    child?.end({ code: 0, signal: undefined });
    await ended;
    const command = child?.command ?? [];
    return command.slice(command.indexOf("--") + 1);
  };
  const id = "i-0123456789abcdef0";
  assert.deepEqual(await destination("db"), [`ubuntu@${id}`]);
  assert.deepEqual(await destination("root@db"), [`root@${id}`]);
  assert.deepEqual(await destination("-l", "root", "db"), [id]);
  assert.deepEqual(await destination("-p", "2222", "db", "echo", "db"), [
    `ubuntu@${id}`,
    "echo",
    "db",
  ]);
});

Deno.test("alias: several that contradict one another are refused", async () => {
  const aliases = {
    a: { target: "name:a", profile: "one" },
    b: { target: "name:b", profile: "two" },
  };
  const { context, code } = await run(
    ["exec", "a", "b", "--shell", "uptime"],
    { aliases },
  );
  assert.equal(code, 125);
  assert.equal(
    context.terminal.errorText,
    "ssm: Cannot use a and b at once: as aliases they have different profiles\n",
  );
});

Deno.test("the source of the profile is kept, for an error about it", async () => {
  const source = async (
    args: string[],
    file: string,
    variables: Record<string, string> = {},
  ) => {
    await using home = await ConfigHome.create(file);
    const context = new TestContext();
    home.useIn(context);
    for (const [name, value] of Object.entries(variables)) {
      context.variables.set(name, value);
    }
    await runCommandLine(args, context);
    return context.profileSource?.replace(home.path, "FILE");
  };
  const file = '{ "defaults": { "profile": "nope" },\n' +
    '  "aliases": { "db": { "target": "web", "profile": "nope" } } }';
  assert.equal(await source(["list"], file), "FILE:1:17");
  assert.equal(await source(["shell", "db"], file), "the alias db");
  assert.equal(
    await source(["list"], file, { SSM_PROFILE: "nope" }),
    "SSM_PROFILE",
  );
  assert.equal(await source(["list", "--profile", "nope"], file), undefined);
});
