import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { TestContext } from "../testkit/context.ts";

function world(): TestContext {
  const context = new TestContext();
  context.variables.set("HOME", "/home/me");
  return context;
}

async function config(context: TestContext, ...args: string[]) {
  return await runCommandLine(["ssh-config", ...args], context);
}

const node = (id: string, name: string | undefined) => ({
  id,
  name,
  state: "Online",
  address: undefined,
  computerName: undefined,
});

Deno.test("ssh-config: without a target there is nothing to ask AWS", async () => {
  const context = world();
  assert.equal(await config(context, "--region", "eu-west-1"), 0);
  assert.equal(
    context.terminal.outputText,
    `Match host "i-*,mi-*,!*.*,!*'*"
    ProxyCommand /opt/ssm ssh-proxy '%h' %p --region eu-west-1
`,
  );
  assert.equal(context.connections.length, 0);
});

Deno.test("ssh-config: targets and patterns by their names", async () => {
  const context = world();
  const ids = ["0", "1", "2", "3", "4"].map((each) =>
    `i-0123456789abcde${each}${each}`
  );
  context.onResolve = (text) => Promise.resolve({ id: ids[0]!, name: text });
  context.onList = () =>
    Promise.resolve({
      nodes: [
        node(ids[1]!, "db-2"),
        node(ids[2]!, "db-1"),
        node(ids[3]!, "db-\x1b[2J bad"),
        node(ids[4]!, "other"),
        node("i-0aaaaaaaaaaaaaaaa", undefined),
      ],
      more: false,
    });
  assert.equal(await config(context, "web", "db-*", "--user", "ubuntu"), 0);
  assert.deepEqual(
    context.terminal.outputText.match(/^Host .*\n.*$/gm),
    [
      `Host web\n    HostName ${ids[0]}`,
      `Host db-1\n    HostName ${ids[2]}`,
      `Host db-2\n    HostName ${ids[1]}`,
    ],
  );
  assert.match(context.terminal.outputText, /\n {4}User ubuntu\n$/);
  assert.equal(
    context.terminal.errorText,
    `Left out ${ids[3]}: ssh takes no host called db-\\x1b[2J bad\n`,
  );
  assert.equal(context.awsClosed, 1);
});

Deno.test("ssh-config: two nodes of one name have none, and no fit is an error", async () => {
  const context = world();
  context.onList = () =>
    Promise.resolve({
      nodes: [
        node("i-0aaaaaaaaaaaaaaaa", "db"),
        node("i-0bbbbbbbbbbbbbbbb", "db"),
      ],
      more: true,
    });
  assert.equal(await config(context, "d?"), 125);
  assert.match(context.terminal.errorText, /There are more than 200 nodes/);
  assert.equal(
    context.terminal.errorText.match(/another node is called db, too/g)?.length,
    2,
  );
  assert.match(context.terminal.errorText, /ssm: No node's name fits d\?\n$/);
  assert.equal(context.terminal.outputText, "");
});

Deno.test("ssh-config: a target whose name ssh cannot have is refused", async () => {
  for (const name of ["a b", "-x", "a*b'"]) {
    const context = world();
    context.onResolve = () =>
      Promise.resolve({ id: "i-0123456789abcdef0", name });
    assert.equal(await config(context, "tag:a=b"), 125);
    assert.match(context.terminal.errorText, /^ssm: Cannot write /);
    assert.equal(context.terminal.outputText, "");
  }
});

Deno.test("ssh-config --write: a block for each profile, and the same again changes nothing", async () => {
  const context = world();
  assert.equal(await config(context, "--write"), 0);
  assert.equal(await config(context, "--write", "--profile", "prod"), 0);
  assert.equal(await config(context, "--write"), 0);
  assert.equal(
    context.terminal.errorText,
    "Wrote /home/me/.ssh/config\nWrote /home/me/.ssh/config\n" +
      "/home/me/.ssh/config is as it should be\n",
  );
  const [[path, bytes] = []] = [...context.files];
  assert.equal(path, "/home/me/.ssh/config");
  const text = new TextDecoder().decode(bytes);
  assert.equal(text.match(/^Match /gm)?.length, 2);
  assert.match(text, /ssm ssh-config: prod >>>\nMatch .*\n.*--profile prod\n#/);
  assert.equal(context.terminal.outputText, "");

  assert.equal(await config(context, "--write=~/x/y", "-q"), 0);
  assert.equal(await config(context, "--write=rel"), 0);
  assert.deepEqual([...context.files.keys()].slice(1), [
    "/home/me/x/y",
    "rel",
  ]);
});

Deno.test("ssh-config --send-key: the socket is one that ssh and the proxy agree on", async () => {
  const context = world();
  assert.equal(await config(context, "--send-key", "--user", "u"), 0);
  assert.equal(
    context.terminal.outputText,
    `Match host "i-*,mi-*,!*.*,!*'*"
    ProxyCommand /opt/ssm ssh-proxy '%h' %p --send-key=fresh --user '%r' --key-socket '/home/me/.ssh/ssm/%r@%h:%p'
    User u
    IdentityAgent "/home/me/.ssh/ssm/%r@%h:%p"
    IdentitiesOnly no
`,
  );
  const odd = world();
  odd.variables.set("HOME", "/opt/o'me");
  assert.equal(await config(odd, "--send-key"), 125);
});

Deno.test("ssh-config: what makes no sense is refused", async () => {
  for (
    const [args, message] of [
      [["--user", "a b"], /Cannot use a b as a user's name/],
      [["--", "ls"], /ssm ssh-config runs none/],
      [
        ["--write", "/home/me/.ssh/x"],
        /follows --write with =\nhint: ssm ssh-config --write=\/home\/me\/.ssh\/x\n$/,
      ],
      [["--profile", "a\nProxyCommand x"], /has control characters/],
      [["--reason", "a\nb"], /has control characters/],
    ] as const
  ) {
    const context = world();
    assert.equal(await config(context, ...args), 125);
    assert.match(context.terminal.errorText, message);
    assert.equal(context.terminal.outputText, "");
  }
});
