import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../../cmd/errors.ts";
import {
  type ForwardFlags,
  type ForwardSpec,
  type LocalSpec,
  parseForwardArguments,
} from "../../../cmd/forward/spec.ts";
import { unixSocket } from "../../../cmd/forward/local.ts";

function tcp(port: number, ...hosts: string[]): LocalSpec {
  return hosts.length === 0
    ? { kind: "tcp", port, hosts: ["127.0.0.1"], optionalHosts: ["::1"] }
    : { kind: "tcp", port, hosts, optionalHosts: [] };
}

function to(
  local: LocalSpec,
  remotePort: number,
  remoteHost?: string,
): ForwardSpec {
  return { remoteHost, remotePort, local };
}

/** A command line: arguments, flags, and what it means. */
type Row = readonly [
  positionals: readonly string[],
  flags: ForwardFlags,
  target: string | undefined,
  ...specs: ForwardSpec[],
];

const understood: readonly Row[] = [
  // The forms of the help text.
  [["web"], { remote: "80", local: "8080" }, "web", to(tcp(8080), 80)],
  [[], { remote: "80", local: "8080" }, undefined, to(tcp(8080), 80)],
  [
    ["bastion"],
    { remote: "db.internal:5432" },
    "bastion",
    to(tcp(0), 5432, "db.internal"),
  ],
  [
    ["bastion"],
    { forward: ["5432:db.internal:5432", "127.0.0.2:6379:cache:6379"] },
    "bastion",
    to(tcp(5432), 5432, "db.internal"),
    to(tcp(6379, "127.0.0.2"), 6379, "cache"),
  ],
  [
    ["web", "8080:80", ":443", "9000"],
    {},
    "web",
    to(tcp(8080), 80),
    to(tcp(0), 443),
    to(tcp(9000), 9000),
  ],
  // Which argument is a target.
  [["8080:80"], {}, undefined, to(tcp(8080), 80)],
  [[":443", "9000"], {}, undefined, to(tcp(0), 443), to(tcp(9000), 9000)],
  [["name:8080", "80"], {}, "name:8080", to(tcp(80), 80)],
  [["tag:Role=db", "80"], {}, "tag:Role=db", to(tcp(80), 80)],
  [["8080x", "80"], {}, "8080x", to(tcp(80), 80)],
  // All the ways together count.
  [
    ["web", "9000"],
    { remote: "80", forward: ["5432:db:5432"] },
    "web",
    to(tcp(0), 80),
    to(tcp(5432), 5432, "db"),
    to(tcp(9000), 9000),
  ],
  // The node itself.
  ...["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]"].map(
    (host): Row => [["web"], { remote: `${host}:80` }, "web", to(tcp(0), 80)],
  ),
  [
    ["web"],
    { remote: "127.0.0.2:80" },
    "web",
    to(tcp(0), 80, "127.0.0.2"),
  ],
  // IPv6.
  [
    ["web"],
    { forward: ["[::1]:5432:[2001:db8::1]:5432"] },
    "web",
    to(tcp(5432, "::1"), 5432, "2001:db8::1"),
  ],
  [
    ["web"],
    { remote: "[2001:DB8::1]:80", local: "[::1]:8080" },
    "web",
    to(tcp(8080, "::1"), 80, "2001:db8::1"),
  ],
  // Where to listen.
  [
    ["web"],
    { forward: ["localhost:8080:db:80"] },
    "web",
    to(tcp(8080), 80, "db"),
  ],
  [
    ["web", "8080:80"],
    { bind: "0.0.0.0", remote: "81" },
    "web",
    to(tcp(0, "0.0.0.0"), 81),
    to(tcp(8080, "0.0.0.0"), 80),
  ],
  [["web", "80"], { bind: "[::]" }, "web", to(tcp(80, "::"), 80)],
  [["web", "80"], { bind: "127.0.0.1" }, "web", to(tcp(80, "127.0.0.1"), 80)],
  [["web", "80"], { bind: "localhost" }, "web", to(tcp(80), 80)],
  ...["*", ""].map((every): Row => [
    ["web"],
    { bind: "0.0.0.0", forward: [`${every}:8080:db:80`] },
    "web",
    to(tcp(8080, "0.0.0.0"), 80, "db"),
  ]),
  [
    ["web"],
    {
      bind: "0.0.0.0",
      forward: ["10.0.0.5:8080:db:80", "127.0.0.2:8081:db:80"],
    },
    "web",
    to(tcp(8080, "10.0.0.5"), 80, "db"),
    to(tcp(8081, "127.0.0.2"), 80, "db"),
  ],
  [
    ["web"],
    { bind: "10.0.0.5", forward: ["10.0.0.5:8080:db:80"] },
    "web",
    to(tcp(8080, "10.0.0.5"), 80, "db"),
  ],
  // The same port at different addresses, and free ports, are no duplicates.
  [
    ["web"],
    { forward: ["127.0.0.2:80:a:80", "127.0.0.3:80:b:80"] },
    "web",
    to(tcp(80, "127.0.0.2"), 80, "a"),
    to(tcp(80, "127.0.0.3"), 80, "b"),
  ],
  [["web", ":80", ":80"], {}, "web", to(tcp(0), 80), to(tcp(0), 80)],
];

Deno.test("every form means what it looks like", () => {
  for (const [positionals, flags, target, ...specs] of understood) {
    assert.deepEqual(
      parseForwardArguments(positionals, flags),
      { target, specs },
      JSON.stringify([positionals, flags]),
    );
  }
});

Deno.test("a path is a Unix socket, with unix: in front or a slash in it", {
  ignore: Deno.build.os === "windows",
}, () => {
  const rows: readonly (readonly [ForwardFlags, string])[] = [
    [{ remote: "db:5432", local: "unix:./pg.sock" }, "./pg.sock"],
    [{ remote: "db:5432", local: "unix:pg.sock" }, "pg.sock"],
    [{ remote: "db:5432", local: "/run/a:b" }, "/run/a:b"],
    [{ forward: ["/run/pg.sock:db:5432"] }, "/run/pg.sock"],
    [{ forward: ["a/b:db:5432"], bind: "0.0.0.0" }, "a/b"],
    [{ forward: ["unix:pg.sock:db:5432"] }, "pg.sock"],
    [{ forward: ["./a:b/pg.sock:db:5432"] }, "./a:b/pg.sock"],
  ];
  for (const [flags, path] of rows) {
    assert.deepEqual(parseForwardArguments(["web"], flags), {
      target: "web",
      specs: [to({ kind: "unix", path }, 5432, "db")],
    });
  }
});

/** A command line that makes no sense, the sentence, and the first hint. */
type Refusal = readonly [
  positionals: readonly string[],
  flags: ForwardFlags,
  message: string | RegExp,
  hint: string,
];

const help = "ssm forward --help";

const refused: readonly Refusal[] = [
  // Nothing, or half of something.
  [
    ["web"],
    {},
    "Cannot forward: no port is given",
    "ssm forward web --remote 80 --local 8080",
  ],
  [[], {}, /no port is given/, "ssm forward --remote 80 --local 8080"],
  [
    ["8080:db:80"],
    {},
    /8080:db:80 is taken for the target; a forward in that form follows -L/,
    "ssm forward -L 8080:db:80",
  ],
  [
    ["web:80"],
    {},
    /web:80 is no target; its port is said apart/,
    "ssm forward web --remote 80",
  ],
  [
    ["ecs:prod/web:80"],
    {},
    /ecs:prod\/web:80 is no target; its port is said apart/,
    "ssm forward ecs:prod/web --remote 80",
  ],
  [
    ["web"],
    { local: "8080" },
    "Cannot use --local 8080: --remote, which says what to forward, is not given",
    "ssm forward web --remote 80 --local 8080",
  ],
  // Ports.
  [
    ["web"],
    { remote: "80", local: "0" },
    "Cannot use --local 0: port 0 cannot be listened on; leave --local away for a free port",
    "ssm forward web --remote 80",
  ],
  [
    ["web", "0:80"],
    {},
    "Cannot use the argument 0:80: port 0 cannot be listened on; leave it away for a free port",
    "ssm forward web :80",
  ],
  [
    ["web"],
    { forward: ["0:db:80"] },
    /use --remote without --local for a free port/,
    "ssm forward web --remote db:80",
  ],
  [["web"], { remote: "0" }, /nothing listens on port 0/, help],
  [["web", "0"], {}, /nothing listens on port 0/, help],
  [
    ["web"],
    { remote: "80", local: "65536" },
    "Cannot use --local 65536: 65536 is no port from 1 to 65535",
    help,
  ],
  [["web"], { remote: "db:65536" }, /65536 is no port/, help],
  [["99999"], {}, /the argument 99999: 99999 is no port/, help],
  [["web"], { remote: "http" }, /its port is missing/, /* … */ ""],
  [["web"], { remote: "80a" }, /80a is no port/, help],
  [["web"], { remote: "-1" }, /-1 is no port/, help],
  [["web"], { remote: "080" }, /080 is no port/, help],
  [["web"], { remote: "" }, "Cannot use --remote '': a port is missing", help],
  [["web"], { remote: "80", local: "" }, /a port is missing/, help],
  [["web"], { remote: "80", local: "\x1b[2J" }, /\\x1b\[2J is no port/, help],
  [["web"], { remote: "٣٣" }, /is no host/, help],
  // Missing and superfluous parts.
  [
    ["web"],
    { forward: ["5432:db"] },
    "Cannot use -L 5432:db: it is [bind:]port:host:hostport",
    "ssm forward web -L 5432:db:5432",
  ],
  [
    ["web"],
    { forward: ["8080:80"] },
    /it is \[bind:\]port:host:hostport/,
    "ssm forward web -L 8080:localhost:80",
  ],
  [
    ["web"],
    { forward: ["8080"] },
    /it is \[bind:\]port:host:hostport/,
    "ssm forward web -L 8080:db.internal:8080",
  ],
  [
    ["web"],
    { forward: ["::1:80:db:80"] },
    /an IPv6 address has brackets/,
    "ssm forward web -L '[::1]:5432:[2001:db8::1]:5432'",
  ],
  [
    ["web"],
    { forward: ["8080:/run/docker.sock"] },
    /a socket on the node cannot be forwarded to/,
    help,
  ],
  [["web"], { forward: ["80::80"] }, /its host is missing/, help],
  [["web"], { forward: ["80:db:"] }, /a port is missing/, help],
  [["web"], { forward: [""] }, /it is \[bind:\]port:host:hostport/, ""],
  [
    ["web"],
    { remote: "db.internal" },
    "Cannot use --remote db.internal: its port is missing",
    "ssm forward web --remote db.internal:5432",
  ],
  [["web"], { remote: ":80" }, /its host is missing/, help],
  [["web"], { remote: "db:" }, /a port is missing/, help],
  [
    ["web"],
    { remote: "2001:db8::1:80" },
    /an IPv6 address has brackets/,
    "ssm forward web --remote '[2001:db8::1]:5432'",
  ],
  [["web"], { remote: "http://db:80" }, /it is a port or host:port/, ""],
  [
    ["web"],
    { remote: "80", local: "::1:80" },
    /an IPv6 address has brackets/,
    "ssm forward web --remote 80 --local 8080",
  ],
  // Later arguments are no targets.
  [
    ["web", "web-2"],
    {},
    "Cannot use the argument web-2: it is local:remote, :remote or a port; only the first argument is a target",
    "ssm forward web 8080:80",
  ],
  [["web", "80:db:80"], {}, /local:remote/, "ssm forward web -L 80:db:80"],
  [["web", "db:5432"], {}, /local:remote/, "ssm forward web --remote db:5432"],
  [["web", "80:"], {}, /local:remote/, "ssm forward web 8080:80"],
  [["80", "web"], {}, /only the first argument is a target/, ""],
  // Hosts.
  [["web"], { remote: "-oX:80" }, /the host -oX begins with a dash/, help],
  [["web"], { remote: "a b:80" }, /no spaces or control characters/, help],
  [["web"], { remote: "a\x07b:80" }, /--remote \$'a\\x07b:80': a host/, help],
  [["web"], { remote: "10.0.0.256:80" }, /10.0.0.256 is no host/, help],
  [["web"], { remote: "5432:80" }, /5432 is no host/, help],
  [["web"], { remote: "[db]:80" }, /\[db\] is no host/, help],
  [["web"], { remote: "a;b:80" }, /a;b is no host/, help],
  [["web"], { remote: `${"x".repeat(254)}:80` }, /is no host/, help],
  // Who may get in.
  [
    ["web"],
    { forward: ["10.0.0.5:80:db:80"] },
    "Cannot use -L 10.0.0.5:80:db:80: it lets other machines in, at 10.0.0.5; " +
    "if that is meant, add --bind 10.0.0.5",
    "ssm forward web -L 10.0.0.5:80:db:80 --bind 10.0.0.5",
  ],
  [
    ["web"],
    { forward: ["*:80:db:80"] },
    /at every address; if that is meant, add --bind 0\.0\.0\.0/,
    "ssm forward web -L '*:80:db:80' --bind 0.0.0.0",
  ],
  [["web"], { forward: [":80:db:80"] }, /at every address/, ""],
  [["web"], { forward: ["[::]:80:db:80"] }, /add --bind ::/, ""],
  [
    ["web"],
    { remote: "80", local: "0.0.0.0:80" },
    /lets other machines in/,
    "ssm forward web --remote 80 --local 0.0.0.0:80 --bind 0.0.0.0",
  ],
  [
    ["web"],
    { forward: ["10.0.0.5:80:db:80"], bind: "10.0.0.6" },
    /it listens on 10\.0\.0\.5, and --bind allows 10\.0\.0\.6/,
    "ssm forward web -L 10.0.0.5:80:db:80 --bind 10.0.0.5",
  ],
  [
    ["web"],
    { forward: ["*:80:db:80"], bind: "10.0.0.6" },
    /it listens on every address, and --bind allows/,
    "ssm forward web -L '*:80:db:80' --bind 0.0.0.0",
  ],
  [
    ["web"],
    { forward: ["here:80:db:80"] },
    /here is no address to listen on: that is numeric, or localhost/,
    help,
  ],
  ...["", "*", "eth0", "1.2.3", "0.0.0.0:80"].map((bind): Refusal => [
    ["web", "80"],
    { bind },
    /--bind .*: it is a numeric address of this machine/,
    help,
  ]),
  // The same place twice.
  [
    ["web", "80", "80:81"],
    {},
    "Cannot use the argument 80:81: port 80 is asked for twice, first by the argument 80",
    help,
  ],
  [
    ["web", "80"],
    { remote: "81", local: "80" },
    /port 80 is asked for twice, first by --local 80/,
    help,
  ],
  [["web", "80"], { forward: ["[::1]:80:db:80"] }, /twice/, help],
  [
    ["web", "80"],
    { bind: "0.0.0.0", forward: ["127.0.0.1:80:db:80"] },
    /twice/,
    help,
  ],
];

const refusedUnix: readonly Refusal[] = [
  [["web"], { remote: "80", local: "unix:" }, /name of the socket/, help],
  [["web"], { remote: "80", local: "a/" }, /name of the socket/, help],
  [["web"], { remote: "80", local: "unix:~/a" }, /write \$HOME/, help],
  [["web"], { remote: "80", local: "a/\x07" }, /control characters/, help],
  [
    ["web"],
    { remote: "80", local: "a/b", forward: ["unix:./a//b:db:80"] },
    /\.\/a\/\/b is asked for twice, first by --local a\/b/,
    help,
  ],
];

function failureOf(
  positionals: readonly string[],
  flags: ForwardFlags,
): UsageError {
  try {
    parseForwardArguments(positionals, flags);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error;
  }
  assert.fail(`taken: ${JSON.stringify([positionals, flags])}`);
}

Deno.test("what makes no sense is refused, with what to type instead", () => {
  const rows = Deno.build.os === "windows"
    ? refused
    : [...refused, ...refusedUnix];
  for (const [positionals, flags, message, hint] of rows) {
    const error = failureOf(positionals, flags);
    const where = JSON.stringify([positionals, flags]);
    if (typeof message === "string") {
      assert.equal(error.message, message, where);
    } else assert.match(error.message, message, where);
    if (hint !== "") assert.equal(error.hints[0], hint, where);
  }
});

Deno.test("what is typed cannot drive the terminal", () => {
  const bad = "a\x1b[2J\u202e";
  const lines: readonly (readonly [readonly string[], ForwardFlags])[] = [
    [["web", bad], {}],
    [[`web${bad}`, "x"], {}],
    [[`8080:${bad}:80`], {}],
    [["web"], { remote: bad }],
    [["web"], { remote: "80", local: `${bad}:80` }],
    [["web"], { forward: [bad] }],
    [["web"], { forward: [`80:${bad}`] }],
    [["web"], { forward: [`${bad}:80:db:80`] }],
    [["web", "80"], { bind: bad }],
  ];
  for (const [positionals, flags] of lines) {
    const { message, hints } = failureOf(positionals, flags);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch([message, ...hints].join(), /[\x00-\x1f\u202e]/);
  }
});

Deno.test("a socket's path is as long as the system takes it, in bytes", () => {
  const typed = { text: "--local …", command: "ssm forward" };
  const path = (bytes: number) => "/é" + "x".repeat(bytes - 3);
  for (const [os, most] of [["linux", 107], ["darwin", 103]] as const) {
    assert.equal(unixSocket(typed, path(most), os).kind, "unix");
    assert.throws(
      () => unixSocket(typed, path(most + 1), os),
      new RegExp(`the path has ${most + 1} bytes, .* at most ${most}`),
    );
  }
  assert.throws(() => unixSocket(typed, "a", "windows"), /on Windows/);
});

const port = fc.integer({ min: 1, max: 65535 });
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
);
const host = fc.oneof(address, fc.domain());

Deno.test("what is written as -L is read back, whatever it is", () => {
  const plain = (text: string) => {
    const bare = text.replace(/^\[(.*)\]$/, "$1");
    return bare.includes(":")
      ? new URL(`http://[${bare}]/`).hostname.slice(1, -1)
      : bare;
  };
  fc.assert(fc.property(address, port, host, port, (at, near, far, there) => {
    const forward = [`${at}:${near}:${far}:${there}`];
    const local = tcp(near, plain(at));
    const itself = ["localhost", "127.0.0.1", "::1"].includes(plain(far));
    assert.deepEqual(
      parseForwardArguments(["web"], { forward, bind: "0.0.0.0" }).specs,
      [to(local, there, itself ? undefined : plain(far))],
    );
  }));
});

Deno.test("arguments of any kind are taken or refused as usage, never anything else", () => {
  const piece = fc.constantFrom("", "80", "0", ":", "[", "]", "::1", "db", "/");
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
  );
  fc.assert(fc.property(
    fc.array(text, { maxLength: 3 }),
    fc.record({
      remote: fc.option(text, { nil: undefined }),
      local: fc.option(text, { nil: undefined }),
      forward: fc.array(text, { maxLength: 2 }),
      bind: fc.option(text, { nil: undefined }),
    }),
    (positionals, flags) => {
      try {
        const { specs } = parseForwardArguments(positionals, flags);
        assert.ok(specs.length > 0);
        for (const { remotePort, local } of specs) {
          assert.ok(remotePort >= 1 && remotePort <= 65535);
          if (local.kind === "tcp") assert.ok(local.hosts.length > 0);
        }
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    },
  ));
});
