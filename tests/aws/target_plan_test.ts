import assert from "node:assert/strict";
import { lookupPlan, type LookupStep } from "../../lib/aws/target_plan.ts";
import { parseTarget } from "../../lib/aws/target_spec.ts";

function short(step: LookupStep): string {
  switch (step.kind) {
    case "id":
      return `id ${step.id}`;
    case "tags":
      return `ssm ${
        step.tags.map(({ key, values }) => `${key}=${values.join("|")}`)
      }`;
    case "instances":
      return `ec2 ${step.attribute}=${step.value}`;
    case "scan":
      return `scan ${step.property}=${step.value} ${step.limit}`;
  }
}

function plan(text: string): string[] {
  return lookupPlan(parseTarget(text)).map(short);
}

Deno.test("an explicit form is one question where AWS has a filter for it", () => {
  assert.deepEqual(plan("i-01234567"), ["id i-01234567"]);
  assert.deepEqual(plan("Env=prod,Role=web").slice(0, 1), [
    "ssm Env=prod,Role=web",
  ]);
  assert.deepEqual(plan("tag:Env=prod,Env=dev"), ["ssm Env=prod|dev"]);
  assert.deepEqual(plan("asg:web"), ["ssm aws:autoscaling:groupName=web"]);
  assert.deepEqual(plan("host:web"), ["scan computerName=web Infinity"]);
});

Deno.test("a name is Session Manager's, then EC2's", () => {
  assert.deepEqual(plan("name:web"), ["ssm Name=web", "ec2 tag:Name=web"]);
});

Deno.test("a word is a name first, and then what it looks like", () => {
  const name = (text: string) => [`ssm Name=${text}`, `ec2 tag:Name=${text}`];
  const computer = (text: string) => `scan computerName=${text} 500`;
  assert.deepEqual(plan("web"), [...name("web"), computer("web")]);
  assert.deepEqual(plan("ip-10-0-0-1"), [
    ...name("ip-10-0-0-1"),
    "ec2 private-ip-address=10.0.0.1",
    computer("ip-10-0-0-1"),
  ]);
  assert.deepEqual(plan("web.Corp.example"), [
    ...name("web.Corp.example"),
    "ec2 private-dns-name=web.corp.example",
    "ec2 dns-name=web.corp.example",
    computer("web.Corp.example"),
  ]);
  assert.deepEqual(plan("a b"), name("a b"));
  assert.deepEqual(plan("Env:prod"), ["ssm Env=prod", ...name("Env:prod")]);
});

Deno.test("an address is asked for where it can be", () => {
  for (
    const address of ["10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1"]
  ) {
    assert.deepEqual(plan(address), [
      `ec2 private-ip-address=${address}`,
      `scan address=${address} Infinity`,
    ]);
  }
  for (const address of ["198.51.100.1", "172.32.0.1", "100.128.0.1"]) {
    assert.deepEqual(plan(address).slice(0, 2), [
      `ec2 ip-address=${address}`,
      `ec2 private-ip-address=${address}`,
    ]);
  }
  assert.deepEqual(
    plan("2001:DB8:0::1")[0],
    "ec2 network-interface.ipv6-addresses.ipv6-address=2001:db8::1",
  );
});

Deno.test("EC2's own DNS names tell which kind they are, and some the id", () => {
  assert.deepEqual(plan("ip-10-0-0-1.ec2.internal"), [
    "ec2 private-dns-name=ip-10-0-0-1.ec2.internal",
  ]);
  assert.deepEqual(plan("EC2-198-51-100-1.compute-1.amazonaws.com"), [
    "ec2 dns-name=ec2-198-51-100-1.compute-1.amazonaws.com",
  ]);
  assert.deepEqual(plan("i-0123456789abcdef0.us-west-2.compute.internal"), [
    "id i-0123456789abcdef0",
  ]);
  assert.deepEqual(plan("dns:web.corp.example."), [
    "ec2 private-dns-name=web.corp.example",
    "ec2 dns-name=web.corp.example",
  ]);
});
