import assert from "node:assert/strict";
import {
  checkNodeId,
  configText,
  isHostName,
} from "../../../cmd/ssh/config_text.ts";

const id = "i-0123456789abcdef0";
const request = {
  hosts: [],
  user: undefined,
  proxyCommand: "/opt/ssm ssh-proxy '%h' %p",
  keySocket: undefined,
} as const;

Deno.test("config text: ids by pattern, names by their ids", () => {
  assert.equal(
    configText(request),
    `Match host "i-*,mi-*,!*.*,!*'*"
    ProxyCommand /opt/ssm ssh-proxy '%h' %p
`,
  );
  assert.equal(
    configText({
      ...request,
      hosts: [{ name: "web-server", id }],
      user: "ubuntu",
      keySocket: "/home/me/.ssh/ssm/%r@%h:%p",
    }),
    `Host web-server
    HostName ${id}
    HostKeyAlias ${id}

Match host "i-*,mi-*,!*.*,!*'*"
    ProxyCommand /opt/ssm ssh-proxy '%h' %p
    User ubuntu
    IdentityAgent "/home/me/.ssh/ssm/%r@%h:%p"
    IdentitiesOnly no
`,
  );
});

Deno.test("config text: names that a configuration, a shell or argv would take for more are refused", () => {
  for (const name of ["web", "Web_1", "db.internal", "a+b", "größe", "_x"]) {
    assert.ok(isHostName(name), name);
  }
  for (
    const name of [
      "",
      "-oProxyCommand=x",
      "a b",
      "a*",
      "a?",
      "!a",
      "a,b",
      '"a"',
      "a'b",
      "a#b",
      "a%h",
      "$(x)",
      "a\nb",
      "a\n",
      "a\tb",
      "a\x1b[2J",
      "a\u202eb",
      "a@b",
      "a/b",
      "a:b",
      ".a",
      "a\\b",
    ]
  ) {
    assert.ok(!isHostName(name), name);
    assert.throws(
      () => configText({ ...request, hosts: [{ name, id }] }),
      { name: "UsageError", message: /^Cannot write / },
    );
  }
  for (const bad of ["i-x\nProxyCommand x", "-oX", "i-0123", "ecs:a_b_c", ""]) {
    assert.throws(() => checkNodeId(bad), { name: "UsageError" });
    assert.throws(
      () => configText({ ...request, hosts: [{ name: "web", id: bad }] }),
      { name: "UsageError" },
    );
  }
});
