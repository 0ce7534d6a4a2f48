import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidTargetError } from "../../lib/aws/target_errors.ts";
import {
  formatTarget,
  isAddress,
  parseTarget,
  type TargetSpec,
} from "../../lib/aws/target_spec.ts";

const A = "i-0aaaaaaaaaaaaaaaa";

function word(text: string): TargetSpec {
  return { kind: "word", text, tags: undefined };
}

function tags(...pairs: readonly [string, ...string[]][]) {
  return pairs.map(([key, ...values]) => ({ key, values }));
}

Deno.test("what each form means", () => {
  const cases: readonly [string, TargetSpec][] = [
    [A, { kind: "id", id: A }],
    ["mi-0123456789abcdef0", { kind: "id", id: "mi-0123456789abcdef0" }],
    [`id:${A}`, { kind: "id", id: A }],
    ["ecs:c_t_r", { kind: "id", id: "ecs:c_t_r" }],
    ["web", word("web")],
    ["i-love-names", word("i-love-names")],
    ["web.example.com", word("web.example.com")],
    ["name:Env=prod", { kind: "name", name: "Env=prod" }],
    ["tag:Name=web", { kind: "name", name: "web" }],
    ["tag:Env=prod", { kind: "tags", tags: tags(["Env", "prod"]) }],
    ["tag:Env:prod", { kind: "tags", tags: tags(["Env", "prod"]) }],
    [
      "tag:Env=prod,Role=web,Env=dev",
      { kind: "tags", tags: tags(["Env", "prod", "dev"], ["Role", "web"]) },
    ],
    [
      "tag:aws:cloudformation:stack-name=a\\,b\\\\,Name=x",
      {
        kind: "tags",
        tags: tags(["aws:cloudformation:stack-name", "a,b\\"], ["Name", "x"]),
      },
    ],
    ["tag:Login=DOMAIN\\me", {
      kind: "tags",
      tags: tags(["Login", "DOMAIN\\me"]),
    }],
    ["Env=prod", {
      kind: "word",
      text: "Env=prod",
      tags: tags(["Env", "prod"]),
    }],
    ["Env:prod,Role=web", {
      kind: "word",
      text: "Env:prod,Role=web",
      tags: tags(["Env", "prod"], ["Role", "web"]),
    }],
    ["a=b,c", word("a=b,c")],
    ["10.0.0.1", { kind: "ip", address: "10.0.0.1" }],
    ["ip:10.0.0.1", { kind: "ip", address: "10.0.0.1" }],
    ["2001:db8::1", { kind: "ip", address: "2001:db8::1" }],
    ["[2001:db8::1]", { kind: "ip", address: "2001:db8::1" }],
    ["ip:[::1]", { kind: "ip", address: "::1" }],
    ["10.0.0.256", word("10.0.0.256")],
    ["10.0.0", word("10.0.0")],
    ["ip-10-0-0-1", word("ip-10-0-0-1")],
    ["ip-10-0-0-1.ec2.internal", {
      kind: "dns",
      name: "ip-10-0-0-1.ec2.internal",
    }],
    ["ec2-198-51-100-1.eu-west-1.compute.amazonaws.com", {
      kind: "dns",
      name: "ec2-198-51-100-1.eu-west-1.compute.amazonaws.com",
    }],
    ["dns:web.corp.example", { kind: "dns", name: "web.corp.example" }],
    ["host:WEB-1", { kind: "host", name: "WEB-1" }],
    ["asg:web:blue", { kind: "asg", name: "web:blue" }],
  ];
  for (const [text, spec] of cases) {
    assert.deepEqual(parseTarget(text), spec, text);
  }
});

Deno.test("where tags need their prefix, what looks like them is a name", () => {
  const grammar = { bareTags: false };
  assert.deepEqual(parseTarget("Env=prod", grammar), word("Env=prod"));
  assert.deepEqual(parseTarget("web:80", grammar), word("web:80"));
  assert.deepEqual(
    parseTarget("tag:Env:prod", grammar),
    parseTarget("tag:Env=prod"),
  );
});

Deno.test("what can be nothing is refused, and says what it would be", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /a Name tag has 1 to 256/],
    ["i-123", /Cannot use i-123 as a node: an id has 8 or 17/],
    ["id:web", /an id has/],
    ["id:", /Cannot use id: as a node/],
    ["name:", /a Name tag has/],
    ["tag:", /it is tag:KEY=VALUE or/],
    ["tag:a=b,c", /by tag:a=b,c: it is tag:KEY=VALUE or .* has \\ in front/],
    ["tag:a=", /it is tag:KEY=VALUE/],
    ["ip:web", /by ip:web: it is no address, as 10\.0\.0\.1/],
    ["ip:10.0.0.256", /no address/],
    ["dns:", /a DNS name has 1 to 253/],
    ["host:", /a computer name has/],
    ["asg:", /an Auto Scaling group's name has/],
    ["ecs:prod/web", /it is a container of ECS/],
    ["ip:\x1b[2J", /by ip:\\x1b\[2J/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseTarget(text), (error) => {
      assert.ok(error instanceof InvalidTargetError, text);
      assert.match(error.message, message);
      return true;
    });
  }
});

const values = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const keys = values.filter((text) => !text.includes("="));

Deno.test("a prefix always wins: every name, tag and group can be typed", () => {
  fc.assert(fc.property(values, (name) => {
    assert.deepEqual(parseTarget(`name:${name}`), { kind: "name", name });
    assert.deepEqual(parseTarget(`asg:${name}`), { kind: "asg", name });
    assert.deepEqual(parseTarget(`host:${name}`), { kind: "host", name });
  }));
  const tag = fc.record({
    key: keys,
    values: fc.uniqueArray(values, { minLength: 1, maxLength: 3 }),
  }, { noNullPrototype: true });
  const list = fc.uniqueArray(tag, {
    minLength: 2,
    maxLength: 4,
    selector: ({ key }) => key,
  });
  fc.assert(fc.property(list, (tags) => {
    const spec: TargetSpec = { kind: "tags", tags };
    assert.deepEqual(parseTarget(formatTarget(spec)), spec);
  }));
});

Deno.test("whatever is typed is read as one thing or refused, and means the same with its prefix", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.stringMatching(
      /^(id|name|tag|ip|dns|host|asg|ecs|i-|mi-)?:?[a-f0-9=,:.\\[\]-]{0,20}$/,
    ),
  );
  fc.assert(fc.property(text, fc.boolean(), (text, bareTags) => {
    let spec: TargetSpec;
    try {
      spec = parseTarget(text, { bareTags });
    } catch (error) {
      assert.ok(error instanceof InvalidTargetError);
      return;
    }
    const again = parseTarget(formatTarget(spec));
    assert.deepEqual(
      again,
      spec.kind === "word" ? { kind: "name", name: spec.text } : spec,
    );
  }));
});

Deno.test("addresses are told from names", () => {
  fc.assert(fc.property(fc.ipV4(), (text) => assert.ok(isAddress(text))));
  fc.assert(fc.property(fc.ipV6(), (text) => assert.ok(isAddress(text))));
  for (
    const text of ["a:b", "80:80", "::g", "1.2.3", "01.2.3.4", "1:2:3", ""]
  ) {
    assert.equal(isAddress(text), false, text);
  }
});
