import assert from "node:assert/strict";
import { root } from "../../../cmd/commands.ts";
import { settingsOf } from "../../../cmd/config/settings.ts";
import { readUserFile } from "../../../cmd/config/user_file.ts";

const settings = settingsOf(root);

/** `line:column message` of each problem. */
function problems(value: unknown): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return readUserFile(text, "/config", settings).problems
    .map(({ at, message }) => `${at.line}:${at.column} ${message}`);
}

/** The only problem's message. */
function problem(value: unknown): string {
  const all = problems(value);
  assert.equal(all.length, 1, all.join("\n"));
  return all[0]!.replace(/^\d+:\d+ /, "");
}

Deno.test("user file: settings, profiles, aliases and groups are read", () => {
  const { config, problems } = readUserFile(
    `{
      // mine
      "$schema": "./schema.json",
      "defaults": {
        "region": "eu-west-1", "timeout": 90, "quiet": true, "verbose": 2,
        "stream-host": ["a", "b"], "exec.timeout": "5m"
      },
      "profiles": { "prod": { "reason": "on call" } },
      "aliases": {
        "db": "name:db-1",
        "bastion": { "target": "asg:bastion", "profile": "prod", "region": "us-east-1", "user": "ubuntu" }
      },
      "groups": { "dev": [
        { "name": "pg", "target": "bastion", "remote": "db.internal:5432", "local": 5432 },
        { "target": "web", "remote": 80, "local": "0.0.0.0:8080", "profile": "prod", "region": "eu-west-1" },
        { "target": "web", "remote": "[2001:db8::1]:443" },
        { "target": "web", "remote": 81, "local": "unix:/tmp/x.sock" }
      ] }
    }`,
    "/config",
    settings,
  );
  assert.deepEqual(problems, []);
  const texts = [...config.defaults].map(([name, { texts }]) => [name, texts]);
  assert.deepEqual(texts, [
    ["region", ["eu-west-1"]],
    ["timeout", ["90"]],
    ["quiet", ["true"]],
    ["verbose", ["2"]],
    ["stream-host", ["a", "b"]],
    ["exec.timeout", ["5m"]],
  ]);
  assert.deepEqual(config.defaults.get("quiet")?.at, { line: 5, column: 47 });
  assert.deepEqual(config.profiles.get("prod")?.get("reason")?.texts, [
    "on call",
  ]);
  assert.deepEqual(config.aliases.get("db"), {
    target: "name:db-1",
    profile: undefined,
    region: undefined,
    user: undefined,
  });
  assert.equal(config.aliases.get("bastion")?.user, "ubuntu");
  const forwards = config.groups.get("dev")?.forwards ?? [];
  assert.deepEqual(
    forwards.map(({ spec, name, profile }) => [
      name,
      spec.remoteHost,
      spec.remotePort,
      spec.local.kind === "unix"
        ? spec.local.path
        : [...spec.local.hosts, spec.local.port],
      profile,
    ]),
    [
      ["pg", "db.internal", 5432, ["127.0.0.1", 5432], undefined],
      [undefined, undefined, 80, ["0.0.0.0", 8080], "prod"],
      [undefined, "2001:db8::1", 443, ["127.0.0.1", 0], undefined],
      [undefined, undefined, 81, "/tmp/x.sock", undefined],
    ],
  );
});

Deno.test("user file: an empty one says nothing", () => {
  assert.deepEqual(problems(""), []);
  assert.deepEqual(problems(" \n"), []);
  assert.deepEqual(problems("{}"), []);
});

Deno.test("user file: what is unknown is shown with what is near, or with what there is", () => {
  assert.equal(
    problem({ defualts: {} }),
    '"defualts" is not known; did you mean defaults?',
  );
  assert.equal(
    problem({ xyzzy: {} }),
    '"xyzzy" is not known; there is defaults, profiles, aliases, groups',
  );
  assert.equal(
    problem({ defaults: { endpointUrl: "x" } }),
    '"endpointUrl" is not known in defaults; did you mean endpoint-url?',
  );
  assert.equal(
    problem({ defaults: { stream_host: ["x"] } }),
    '"stream_host" is not known in defaults; did you mean stream-host?',
  );
  assert.equal(
    problem({ aliases: { db: { target: "x", regoin: "eu-west-1" } } }),
    '"regoin" is not known in aliases.db; did you mean region?',
  );
});

Deno.test("user file: values are checked as the flags' are", () => {
  assert.equal(
    problem({ defaults: { timeout: "soon" } }),
    'defaults.timeout cannot be "soon": a time is a number with s, m, h or d, ' +
      "as 90s or 10m, at most 24 days",
  );
  assert.equal(
    problem({ defaults: { transport: "natve" } }),
    "defaults.transport is native or builtin; did you mean native?",
  );
  assert.equal(
    problem({ defaults: { quiet: "yes" } }),
    "defaults.quiet is true or false",
  );
  assert.equal(
    problem({ defaults: { verbose: 9 } }),
    "defaults.verbose is a whole number from 0 to 3",
  );
  assert.equal(
    problem({ defaults: { sessions: 0 } }),
    "defaults.sessions cannot be 0: a whole number from 1 to 32 is needed",
  );
  assert.equal(
    problem({ defaults: { "stream-host": "x" } }),
    "defaults.stream-host is a list: […]",
  );
  assert.equal(
    problem({ defaults: { reason: "a\u001b[2J" } }),
    "defaults.reason has control characters",
  );
});

Deno.test("user file: secrets are no settings", () => {
  assert.match(
    problem({ defaults: { "secret-access-key": "x" } }),
    /^"secret-access-key" is not allowed in defaults: secrets are no settings/,
  );
});

Deno.test("user file: an alias is a word that is no id, for a target", () => {
  assert.match(
    problem({ aliases: { "i-0abc": "x" } }),
    /cannot have the name "i-0abc": it looks like a node's id$/,
  );
  for (const name of ["a:b", "1db", "a=b", "a b", "a/b", ""]) {
    assert.match(problem({ aliases: { [name]: "x" } }), /begins with a letter/);
  }
  assert.match(
    problem('{"aliases": {"__proto__": "x"}}'),
    /cannot have the name "__proto__"/,
  );
  assert.equal(
    problem({ aliases: { db: "-x" } }),
    "aliases.db is a target, as name:web-server or i-0123456789abcdef0",
  );
  assert.equal(
    problem({ aliases: { db: 1 } }),
    "aliases.db is a target, as name:web-server or i-0123456789abcdef0, or an object",
  );
  assert.equal(problem({ aliases: { db: {} } }), "aliases.db has no target");
});

Deno.test("user file: forwards are checked as ssm forward's are", () => {
  const forward = (more: Record<string, unknown>) => ({
    groups: { dev: [{ target: "web", remote: 80, ...more }] },
  });
  assert.deepEqual(problems(forward({})), []);
  assert.equal(
    problem(forward({ remote: "db:0" })),
    'groups.dev[0].remote cannot be "db:0": nothing listens on port 0; it is from 1 to 65535',
  );
  assert.equal(
    problem(forward({ remote: 70000 })),
    "groups.dev[0].remote is a whole number from 1 to 65535",
  );
  assert.equal(
    problem(forward({ local: "db.internal:80" })),
    'groups.dev[0].local cannot be "db.internal:80": db.internal is no address to ' +
      "listen on: that is numeric, or localhost",
  );
  assert.match(problem(forward({ bind: "0.0.0.0" })), /"bind" is not allowed/);
  assert.equal(problem({ groups: { dev: [] } }), "groups.dev is empty");
  assert.equal(
    problem({
      groups: {
        dev: [
          { target: "a", remote: 1, local: 99 },
          { target: "b", remote: 2, local: 99 },
        ],
      },
    }),
    "groups.dev has port 99 twice, first in line 1",
  );
});
