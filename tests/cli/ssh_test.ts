import assert from "node:assert/strict";
import { randomBytes, sha256 } from "../testkit/far_end.ts";
import {
  canRunSsh,
  sshNode,
  startSshWorld,
  untilNoSession,
} from "../testkit/ssh_server.ts";

const ignore = !canRunSsh();

Deno.test({
  name:
    "cli: ssm ssh runs a command: output, errors, exit code and input are ssh's",
  ignore,
  fn: async () => {
    await using world = await startSshWorld();
    const { ssm, options, user, run } = world;
    const hello = await run([
      ...ssm,
      "ssh",
      ...options,
      `${user}@web-server`,
      "echo out; echo err >&2; exit 7",
    ]);
    assert.equal(hello.code, 7);
    assert.equal(hello.text, "out\n");
    assert.match(
      hello.stderr,
      /^Warning: Permanently added '[^']*' [^\n]*\nerr\n$/,
    );
    // Under the node's id, whatever the node was called.
    assert.equal(
      await Deno.readTextFile(world.knownHosts),
      `${sshNode} ${world.hostKey}\n`,
    );
    const bytes = randomBytes(3_000_000);
    const digest = await run(
      [
        ...ssm,
        "ssh",
        "tag:role=web",
        ...options,
        "-l",
        user,
        "--quiet",
        "tee /dev/stderr | sha256sum",
      ],
      { stdin: bytes },
    );
    assert.equal(digest.code, 0);
    assert.equal(digest.stderr.length > 0, true);
    assert.equal(digest.text.slice(0, 64), await sha256(bytes));
    // Options of the remote command are its own.
    const remote = await run([
      ...ssm,
      "ssh",
      ...options,
      `${user}@${sshNode}`,
      "printf",
      "%s.",
      "--profile",
      "-p",
    ]);
    assert.deepEqual([remote.code, remote.text], [0, "--profile.-p."]);
    await untilNoSession(world);
  },
});

Deno.test({
  name:
    "cli: ssm ssh refuses a host key that has changed, and leaves no session",
  ignore,
  fn: async () => {
    await using world = await startSshWorld();
    const { ssm, options, user, run } = world;
    const other = (await Deno.readTextFile(`${world.folder}/client.pub`))
      .split(" ").slice(0, 2).join(" ");
    await Deno.writeTextFile(world.knownHosts, `${sshNode} ${other}\n`);
    for (
      const command of [
        [...ssm, "ssh", ...options, `${user}@web-server`, "echo in"],
        ["ssh", "-F", world.config, "web-server", "echo in"],
        ["ssh", "-F", world.config, sshNode, "echo in"],
      ]
    ) {
      const { code, text, stderr } = await run(command);
      assert.equal(code, 255);
      assert.equal(text, "");
      assert.match(stderr, /REMOTE HOST IDENTIFICATION HAS CHANGED/);
    }
    await untilNoSession(world);
  },
});

Deno.test({
  name:
    "cli: ssm ssh to a port where nobody listens says so, in one line and a hint",
  ignore,
  fn: async () => {
    await using world = await startSshWorld();
    const { ssm, options, run } = world;
    const { code, stderr } = await run([
      ...ssm,
      "ssh",
      ...options,
      "-p",
      "1",
      "web-server",
      "true",
    ]);
    assert.equal(code, 255);
    assert.match(
      stderr,
      /^ssm: Cannot reach port 1 of i-0123456789abcdef0: Unable to connect to specified port: dial tcp [^\n]*\nhint: ssm shell i-0123456789abcdef0\n/,
    );
    assert.deepEqual(await world.simulator.activeSessions(), []);
  },
});

Deno.test({
  name: "cli: ssm ssh --send-key logs in with a key that is nowhere on disk",
  ignore,
  fn: async () => {
    await using world = await startSshWorld();
    const { ssm, options, user, run, env } = world;
    const without = options.map((each) =>
      each.startsWith("IdentityFile=") ? "IdentityFile=none" : each
    );
    const refused = await run([
      ...ssm,
      "ssh",
      ...without,
      `${user}@web-server`,
      "true",
    ]);
    assert.equal(refused.code, 255);
    assert.match(refused.stderr, /Permission denied \(publickey\)/);
    const temporary = env.TMPDIR ?? "/tmp";
    const before = sshFolders(temporary);
    // Two at once have two keys.
    const both = await Promise.all(["one", "two"].map((word) =>
      run([
        ...ssm,
        "ssh",
        "--send-key",
        ...without,
        `${user}@web-server`,
        `echo ${word}; ssh-add -L 2>&1`,
      ])
    ));
    for (const [at, { code, text, stderr }] of both.entries()) {
      assert.equal(text.split("\n")[0], at === 0 ? "one" : "two", stderr);
      assert.ok(code !== 255, stderr);
    }
    assert.deepEqual(sshFolders(temporary), before);
    const lines = (await Deno.readTextFile(
      `${world.folder}/keys/${sshNode}/${user}`,
    )).trimEnd().split("\n");
    assert.equal(lines.length, 2);
    assert.notEqual(lines[0], lines[1]);
    await untilNoSession(world);
  },
});

function sshFolders(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^ssm-ssh-/.test(name)).sort();
}

Deno.test({
  name:
    "cli: --send-key=agent sends a key of the user's agent, and ssh uses it",
  ignore: !canRunSsh("ssh-agent", "ssh-add"),
  fn: async () => {
    await using world = await startSshWorld();
    const { ssm, options, user, run, folder } = world;
    await run([
      "ssh-keygen",
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-f",
      `${folder}/mine`,
    ]);
    const without = options.map((each) =>
      each.startsWith("IdentityFile=") ? "IdentityFile=none" : each
    );
    const { code, text, stderr } = await run([
      "ssh-agent",
      "sh",
      "-c",
      'ssh-add -q "$0" && exec "$@"',
      `${folder}/mine`,
      ...ssm,
      "ssh",
      "--send-key=agent",
      ...without,
      `${user}@web-server`,
      "echo in",
    ]);
    assert.deepEqual([code, text], [0, "in\n"], stderr);
    const sent = await Deno.readTextFile(`${folder}/keys/${sshNode}/${user}`);
    const [kind, key] = (await Deno.readTextFile(`${folder}/mine.pub`)).split(
      " ",
    );
    assert.ok(sent.includes(`${kind} ${key}`));
  },
});
