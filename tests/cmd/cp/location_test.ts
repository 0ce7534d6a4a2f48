import assert from "node:assert/strict";
import { parseCopy, parseLocation } from "../../../cmd/cp/location.ts";
import { UsageError } from "../../../cmd/errors.ts";

function node(target: string, path: string) {
  return { kind: "node", target, path } as const;
}

Deno.test("location: what is before the first colon is the target, as with scp", () => {
  const cases: [string, ReturnType<typeof parseLocation>][] = [
    ["web-server:/var/log/syslog", node("web-server", "/var/log/syslog")],
    ["web-server:", node("web-server", "")],
    ["web server:a:b", node("web server", "a:b")],
    ["i-0123456789abcdef0:x", node("i-0123456789abcdef0", "x")],
    [":x", node("", "x")],
    ["name:web:/x", node("name:web", "/x")],
    ["id:i-0123456789abcdef0:x:y", node("id:i-0123456789abcdef0", "x:y")],
    ["tag:Role=a/b:/x", node("tag:Role=a/b", "/x")],
    ["ecs:shop/web/app:/x", node("ecs:shop/web/app", "/x")],
    ["ecs:c_t_r:/x", node("ecs:c_t_r", "/x")],
    [
      "ecs:arn:aws:ecs:eu-west-1:123456789012:service/shop/web:/x:y",
      node(
        "ecs:arn:aws:ecs:eu-west-1:123456789012:service/shop/web",
        "/x:y",
      ),
    ],
    ["-", { kind: "stream" }],
  ];
  for (const path of ["file", "./a:b", "../a:b", "/a:b", "a/b:c", ".", "-r"]) {
    cases.push([path, { kind: "local", path }]);
  }
  for (const [text, location] of cases) {
    assert.deepEqual(parseLocation(text, false), location, text);
  }
});

Deno.test("location: a drive is one on Windows only", () => {
  for (const path of ["C:\\x", "c:/x"]) {
    assert.deepEqual(parseLocation(path, true), { kind: "local", path });
    assert.equal(parseLocation(path, false).kind, "node");
  }
  assert.equal(parseLocation("C:x", true).kind, "node");
});

Deno.test("location: sources and destination", () => {
  assert.deepEqual(parseCopy(["a", "b", "n:c"], false), {
    direction: "up",
    target: "n",
    sources: ["a", "b"],
    destination: "c",
  });
  assert.deepEqual(parseCopy(["n:a", "n:b", "c"], false), {
    direction: "down",
    target: "n",
    sources: ["a", "b"],
    destination: "c",
  });
  assert.deepEqual(parseCopy(["-", "n:c"], false).sources, []);
  assert.equal(parseCopy(["n:a", "-"], false).destination, undefined);
});

Deno.test("location: what makes no sense is refused, with what would", () => {
  const cases: [args: string[], message: RegExp, ...hints: string[]][] = [
    [[], /neither source nor destination/],
    [["a"], /the destination is missing/],
    [
      ["a", "b"],
      /one of the ends has to be on a node/,
      "ssm cp a b:",
      "ssm cp a web-server:b",
    ],
    [
      ["a", "./b"],
      /one of the ends has to be on a node/,
      "ssm cp a web-server:./b",
    ],
    [["a", "-"], /one of the ends/, "ssm cp a web-server:file"],
    [
      ["a:x", "b:tmp/"],
      /from node to node/,
      "ssm cp a:x - | ssm cp - b:tmp/x",
    ],
    [["a:x", "b:y", "."], /from a and b at once/],
    [["a", "-", "n:x"], /-: it is the only source/],
    [["-", "n:"], /its file on the node needs a name/, "ssm cp - n:file"],
    [["-", "n:d/"], /needs a name/, "ssm cp - n:d/file"],
    [
      ["name:web", "."],
      /a path is missing/,
      "ssm cp name:web:/var/log/syslog .",
    ],
    [["", "n:x"], /an empty path/],
  ];
  for (const [args, message, ...hints] of cases) {
    assert.throws(
      () => parseCopy(args, false),
      (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        if (hints.length > 0) assert.deepEqual(error.hints, hints);
        return true;
      },
      args.join(" "),
    );
  }
});

Deno.test("location: every prefix of a target, an IPv6 address in brackets, and tags", () => {
  const cases: [string, ReturnType<typeof parseLocation>][] = [
    ["ip:10.0.0.1:/x", node("ip:10.0.0.1", "/x")],
    ["10.0.0.1:/x", node("10.0.0.1", "/x")],
    ["[2001:db8::1]:/x", node("[2001:db8::1]", "/x")],
    ["ip:[2001:db8::1]:x:y", node("ip:[2001:db8::1]", "x:y")],
    [
      "dns:ip-10-0-0-1.ec2.internal:/x",
      node("dns:ip-10-0-0-1.ec2.internal", "/x"),
    ],
    ["host:web-1:/x", node("host:web-1", "/x")],
    ["asg:web:/x", node("asg:web", "/x")],
    ["Env=prod,Role=web:/x", node("Env=prod,Role=web", "/x")],
    ["Role:web", node("Role", "web")],
    // Nodes may well be called so; a target with its prefix has another colon.
    ["host:/x", node("host", "/x")],
    ["dns:x", node("dns", "x")],
  ];
  for (const [text, location] of cases) {
    assert.deepEqual(parseLocation(text, false), location, text);
  }
});
