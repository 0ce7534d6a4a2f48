import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { TestContext } from "../testkit/context.ts";

const id = "i-0123456789abcdef0";

/** Runs `ssm ssh` to the start of ssh, which then ends with a code. */
async function ssh(context: TestContext, ...args: string[]) {
  const running = runCommandLine(["ssh", ...args], context);
  await Promise.race([context.started, running]);
  const [child] = context.children;
  child?.end({ code: 7, signal: undefined });
  return { code: await running, argv: child?.command };
}

Deno.test("ssh: the user's ssh, with our proxy and the node's id for its host key", async () => {
  const context = new TestContext();
  const { code, argv } = await ssh(
    context,
    "--profile",
    "prod",
    "-p",
    "2222",
    "ubuntu@web-server",
    "-L",
    "1:h:2",
    "ls",
    "-l",
    "--color",
  );
  assert.equal(code, 7);
  assert.deepEqual(argv, [
    "ssh",
    "-p",
    "2222",
    "-L",
    "1:h:2",
    "-o",
    `ProxyCommand=/opt/ssm ssh-proxy ${id} %p --profile prod`,
    "-o",
    `HostName=${id}`,
    "-o",
    `HostKeyAlias=${id}`,
    "--",
    "ubuntu@web-server",
    "ls",
    "-l",
    "--color",
  ]);
  assert.equal(context.connections[0]?.profile, "prod");
  assert.equal(context.awsClosed, 1);
  assert.equal(context.requests.length, 0, "the session is the proxy's");
});

Deno.test("ssh: the proxy is told where the node was found", async () => {
  const context = new TestContext();
  context.onLookUp = (_step, _signal, at) =>
    Promise.resolve({
      candidates: at?.region === "eu-west-1"
        ? [{
          id,
          name: "web",
          state: "Online",
          address: undefined,
          computerName: undefined,
        }]
        : [],
      complete: true,
    });
  const { argv } = await ssh(context, "web", "--all-regions");
  assert.ok(
    argv?.includes(
      `ProxyCommand=/opt/ssm ssh-proxy ${id} %p --region eu-west-1`,
    ),
  );
});

Deno.test("ssh: a name that ssh could take for more never reaches it", async () => {
  for (
    const target of ["name:-oProxyCommand=x", "name:a b", "tag:a=b", `id:${id}`]
  ) {
    const { argv } = await ssh(new TestContext(), target);
    assert.deepEqual(argv?.slice(-2), ["--", id], target);
  }
  for (
    const target of ["a\nb", "u@a\x1b[2J", "-x y@web", "u@-oProxyCommand=x"]
  ) {
    const { code, argv } = await ssh(new TestContext(), "--", target);
    assert.deepEqual([code, argv], [125, undefined], target);
  }
  const context = new TestContext();
  context.onResolve = () =>
    Promise.resolve({ id: "-oProxyCommand=x", name: undefined });
  const { code, argv } = await ssh(context, "web");
  assert.deepEqual([code, argv], [125, undefined]);
});

Deno.test("ssh: a fresh key is offered in a private folder, which does not stay", async () => {
  const context = new TestContext();
  const running = runCommandLine(["ssh", "--send-key", "u@web"], context);
  await context.started;
  const [child] = context.children;
  assert.deepEqual(child?.command.slice(1, -2), [
    "-o",
    `ProxyCommand=/opt/ssm ssh-proxy ${id} %p --send-key=fresh --user '%r' ` +
    "--key-socket '/private/agent'",
    "-o",
    `HostName=${id}`,
    "-o",
    `HostKeyAlias=${id}`,
    "-o",
    'IdentityAgent="/private/agent"',
    "-o",
    "IdentitiesOnly=no",
  ]);
  assert.equal(context.privateFolders, 1);
  child?.end({ code: 0, signal: undefined });
  assert.equal(await running, 0);
  assert.equal(context.privateFolders, 0);

  const { argv } = await ssh(new TestContext(), "--send-key=agent", "web");
  assert.match(argv?.[2] ?? "", / --send-key=agent --user '%r'$/);
  assert.ok(!argv?.some((each) => each.startsWith("IdentityAgent")));
});

Deno.test("ssh: what is wrong is said before ssh begins", async () => {
  for (
    const [args, message] of [
      [["--send-key=x", "web"], /it is fresh, which is the default, or agent/],
      [["web", "-p"], /Cannot use -p: its value is missing/],
      [["a b@web"], /Cannot use a b as a user's name/],
      [["--nothing", "web"], /Unknown flag for ssm ssh: --nothing/],
      [["--profile"], /its value is missing/],
    ] as const
  ) {
    const context = new TestContext();
    const { code, argv } = await ssh(context, ...args);
    assert.deepEqual([code, argv], [125, undefined]);
    assert.match(context.terminal.errorText, message);
  }
});

Deno.test("ssh: no ssh is 127", async () => {
  const context = new TestContext();
  context.onRun = () => {
    throw new Deno.errors.NotFound();
  };
  const code = await runCommandLine(["ssh", "--send-key", "web"], context);
  assert.equal(code, 127);
  assert.equal(context.privateFolders, 0);
});

Deno.test("ssh: the target may come from SSM_TARGET", async () => {
  const context = new TestContext();
  context.variables.set("SSM_TARGET", "web");
  const { argv } = await ssh(context, "-N");
  assert.equal(argv?.at(-1), "web");
});
