import assert from "node:assert/strict";
import { freePort, randomBytes, startEcho } from "../testkit/far_end.ts";
import {
  canRunSsh,
  sshNode,
  type SshWorld,
  startSshWorld,
  untilNoSession,
} from "../testkit/ssh_server.ts";

/** Runs a program that has to end well. */
async function succeeds(
  world: SshWorld,
  command: readonly string[],
  cwd?: string,
): Promise<string> {
  const { code, text, stderr } = await world.run(
    command,
    cwd === undefined ? {} : { cwd },
  );
  assert.equal(code, 0, `${command[0]}: ${stderr}`);
  return text;
}

/** Files of several sizes, with a name that has a blank. */
async function makeTree(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/deep/er`, { recursive: true });
  for (
    const [name, size] of [
      ["empty", 0],
      ["one", 1],
      ["a name", 70_000],
      ["deep/er/large", 2_500_000],
    ] as const
  ) await Deno.writeFile(`${folder}/${name}`, randomBytes(size));
}

async function assertSameTree(one: string, other: string): Promise<void> {
  for (const name of ["empty", "one", "a name", "deep/er/large"]) {
    assert.deepEqual(
      await Deno.readFile(`${other}/${name}`),
      await Deno.readFile(`${one}/${name}`),
      name,
    );
  }
}

Deno.test({
  name:
    "cli: scp, sftp, rsync and git clone go through the written configuration",
  ignore: !canRunSsh("scp", "sftp", "rsync", "git"),
  fn: async () => {
    await using world = await startSshWorld();
    const { folder, config } = world;
    await makeTree(`${folder}/from`);

    await succeeds(world, [
      "scp",
      "-qrF",
      config,
      `${folder}/from`,
      `web-server:${folder}/scp`,
    ]);
    await assertSameTree(`${folder}/from`, `${folder}/scp`);
    await succeeds(world, [
      "scp",
      "-qrF",
      config,
      `${sshNode}:${folder}/scp`,
      `${folder}/back`,
    ]);
    await assertSameTree(`${folder}/from`, `${folder}/back`);

    const batch = `${folder}/batch`;
    await Deno.writeTextFile(
      batch,
      `put -r ${folder}/from ${folder}/sftp\nbye\n`,
    );
    await succeeds(world, ["sftp", "-qF", config, "-b", batch, "web-server"]);
    await assertSameTree(`${folder}/from`, `${folder}/sftp`);

    const shell = `ssh -F ${config}`;
    await succeeds(world, [
      "rsync",
      "-ae",
      shell,
      `${folder}/from/`,
      `web-server:${folder}/rsync`,
    ]);
    await assertSameTree(`${folder}/from`, `${folder}/rsync`);

    const repository = `${folder}/repository`;
    await Deno.mkdir(repository);
    for (
      const args of [
        ["init", "-q"],
        ["add", "."],
        [
          "-c",
          "user.name=me",
          "-c",
          "user.email=me@example.com",
          "commit",
          "-qm",
          "first",
        ],
      ]
    ) {
      if (args[0] === "add") await makeTree(repository);
      await succeeds(world, ["git", ...args], repository);
    }
    await succeeds(world, [
      "git",
      "-c",
      `core.sshCommand=${shell}`,
      "clone",
      "-q",
      `web-server:${repository}`,
      `${folder}/clone`,
    ]);
    await assertSameTree(repository, `${folder}/clone`);
    await untilNoSession(world);
  },
});

Deno.test({
  name:
    "cli: many channels and a SOCKS port over one connection, as editors use it",
  ignore: !canRunSsh(),
  fn: async () => {
    await using world = await startSshWorld();
    const { folder, config } = world;
    const control = `${folder}/c`;
    const socks = freePort();
    const master = new Deno.Command("ssh", {
      args: [
        "-F",
        config,
        "-MNS",
        control,
        "-D",
        `127.0.0.1:${socks}`,
        "web-server",
      ],
      env: world.env,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ssh = (...args: string[]) =>
      world.run(["ssh", "-F", config, "-S", control, ...args]);
    let over = false;
    master.status.then(() => over = true);
    while ((await ssh("-O", "check", "web-server")).code !== 0) {
      assert.ok(!over, "ssh has ended");
      await new Promise((wake) => setTimeout(wake, 50));
    }
    assert.equal((await world.simulator.activeSessions()).length, 1);
    const channels = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const { code, text } = await ssh(
          "web-server",
          `seq ${i} ${i + 20_000} | tail -n 1; exit ${i}`,
        );
        return [code, text];
      }),
    );
    assert.deepEqual(
      channels,
      Array.from({ length: 20 }, (_, i) => [i, `${i + 20_000}\n`]),
    );
    await using echo = startEcho();
    const bytes = randomBytes(300_000);
    const echoed = await Promise.all(
      Array.from({ length: 8 }, () => throughSocks(socks, echo.port, bytes)),
    );
    for (const each of echoed) assert.deepEqual(each, bytes);
    assert.equal((await world.simulator.activeSessions()).length, 1);
    assert.equal((await ssh("-O", "exit", "web-server")).code, 0);
    await master.status;
    await untilNoSession(world);
  },
});

/** Sends bytes to a port that echoes, through a SOCKS 5 proxy (RFC 1928); what comes back. */
async function throughSocks(
  proxy: number,
  port: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy });
  const read = async (length: number) => {
    const got = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await conn.read(got.subarray(at));
      if (count === null) throw new Error(`It ended after ${at} bytes`);
      at += count;
    }
    return got;
  };
  await conn.write(Uint8Array.of(5, 1, 0));
  assert.deepEqual(await read(2), Uint8Array.of(5, 0));
  await conn.write(
    Uint8Array.of(5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff),
  );
  assert.deepEqual((await read(10)).subarray(0, 2), Uint8Array.of(5, 0));
  const got = read(bytes.length);
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
  return await got;
}

Deno.test({
  name:
    "cli: uploads and downloads survive loss, repeats, reordering and resets",
  ignore: !canRunSsh(),
  fn: async () => {
    for (
      const [flags, size] of [
        [[
          "--loss",
          "0.02",
          "--repeat",
          "0.02",
          "--reorder",
          "0.02",
          "--close-after-bytes",
          "400000",
          "--close-limit",
          "8",
          "--close-manner",
          "reset",
        ], 2_000_000],
        [[
          "--pace",
          "real",
          "--close-after-bytes",
          "200000",
          "--close-limit",
          "3",
        ], 500_000],
      ] as const
    ) {
      await using world = await startSshWorld(flags);
      const bytes = randomBytes(size);
      const { code, stdout, stderr } = await world.run(
        ["ssh", "-F", world.config, "web-server", "cat"],
        { stdin: bytes },
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout, bytes);
      await untilNoSession(world);
    }
  },
});

Deno.test({
  name:
    "cli: an idle login survives the closing of its connection, again and again",
  ignore: !canRunSsh(),
  fn: async () => {
    await using world = await startSshWorld(["--close-after-seconds", "0.3"]);
    const { code, text, stderr } = await world.run(
      ["ssh", "-F", world.config, "web-server", "sleep 2; cat"],
      { stdin: new TextEncoder().encode("still here") },
    );
    assert.deepEqual([code, text], [0, "still here"], stderr);
    await untilNoSession(world);
  },
});

Deno.test({
  name: "cli: ssm ssh-config --send-key makes plain ssh log in without a key",
  ignore: !canRunSsh(),
  fn: async () => {
    await using world = await startSshWorld([], ["--send-key"]);
    const text = await Deno.readTextFile(world.config);
    await Deno.writeTextFile(
      world.config,
      text.replace(/^IdentityFile .*$/m, "IdentityFile none"),
    );
    // At the same time, for the same user and host: they share a place for their keys.
    const runs = await Promise.all(
      Array.from(
        { length: 3 },
        (_, i) =>
          world.run(["ssh", "-F", world.config, "web-server", `echo ${i}`]),
      ),
    );
    for (const [i, { code, text, stderr }] of runs.entries()) {
      assert.deepEqual([code, text], [0, `${i}\n`], stderr);
    }
    await untilNoSession(world);
    const sockets = `${world.env.HOME}/.ssh/ssm`;
    assert.equal((await Deno.stat(sockets)).mode! & 0o777, 0o700);
    assert.deepEqual([...Deno.readDirSync(sockets)], []);
  },
});

Deno.test({
  name:
    "cli: ssm ssh-config --write is the same the second time, and alone with the file",
  ignore: Deno.build.os === "windows" || !canRunSsh(),
  fn: async () => {
    await using world = await startSshWorld();
    const path = `${world.env.HOME}/.ssh/config`;
    await Deno.mkdir(`${world.env.HOME}/.ssh`, { mode: 0o700 });
    const own = "# mine\r\nHost x\n  User \xe9 y";
    await Deno.writeFile(path, Uint8Array.from(own, (c) => c.charCodeAt(0)), {
      mode: 0o600,
    });
    const write = (...args: string[]) =>
      succeeds(world, [...world.ssm, "ssh-config", "--write", ...args]);
    await write("web-server");
    const first = await Deno.readFile(path);
    assert.deepEqual(
      first.subarray(0, own.length),
      Uint8Array.from(own, (c) => c.charCodeAt(0)),
    );
    await write("web-server");
    assert.deepEqual(await Deno.readFile(path), first);
    await Promise.all(
      ["a", "b", "c", "d"].map((profile) => write("--profile", profile)),
    );
    const text = new TextDecoder().decode(await Deno.readFile(path));
    for (const name of ["default", "a", "b", "c", "d"]) {
      assert.equal(text.split(`# >>> ssm ssh-config: ${name} >>>\n`).length, 2);
    }
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  },
});

Deno.test({
  name: "cli: a host's name that is meant for a shell does not get to one",
  ignore: !canRunSsh(),
  fn: async () => {
    await using world = await startSshWorld();
    const mark = `${world.folder}/mark`;
    for (
      const host of [
        `i-$(touch\${IFS}${mark})`,
        `i-';touch\${IFS}${mark};'`,
        `i-;touch\${IFS}${mark}`,
        `i-\`touch\${IFS}${mark}\``,
        `-oProxyCommand=touch\${IFS}${mark}`,
        `i-\ntouch ${mark}`,
      ]
    ) {
      const { code } = await world.run([
        "ssh",
        "-F",
        world.config,
        "--",
        host,
        "true",
      ]);
      assert.equal(code, 255, host);
      const ours = await world.run([
        ...world.ssm,
        "ssh",
        "-F",
        "none",
        "--",
        host,
        "true",
      ]);
      assert.equal(ours.code, 125, host);
      await assert.rejects(Deno.stat(mark), Deno.errors.NotFound, host);
    }
  },
});
