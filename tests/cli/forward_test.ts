import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { connect, echoes, freePort, startEcho } from "../testkit/far_end.ts";
import { interrupt, startForward } from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };
const linux = { ignore: Deno.build.os !== "linux" };

/** What stderr says of a forward from `localhost`; ::1 only where this machine has it. */
function forwarding(port: number, destination: string): RegExp {
  return new RegExp(
    `^Forwarding from 127\\.0\\.0\\.1:${port} -> ${destination}\\n` +
      `(Forwarding from \\[::1\\]:${port} -> ${destination}\\n)?$`,
  );
}

/** True when what is said there comes back. */
async function talks(port: number, hostname?: string): Promise<boolean> {
  using conn = await connect(port, hostname);
  return await echoes(conn, `to ${port}`);
}

Deno.test("cli: forward says on stderr where it listens, at a free port, and nothing on stdout", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    "--remote",
    `${far.port}`,
  ]);
  const { port } = forward;
  assert.notEqual(port, far.port);
  assert.ok(await talks(port));
  const { code, stdout, stderr } = await interrupt(forward);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(stderr, forwarding(port, `web-server:${far.port}`));
  if (stderr.includes("::1")) {
    await assert.rejects(connect(port, "::1"), Deno.errors.ConnectionRefused);
  }
});

Deno.test("cli: forward listens at ::1 as well where this machine has it", {
  ignore: !hasIpv6(),
}, async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  const local = freePort();
  await using forward = await startForward(simulator.env, [
    "web-server",
    "--remote",
    `${far.port}`,
    "--local",
    `${local}`,
  ]);
  assert.equal(forward.port, local);
  assert.ok(await talks(local, "::1"));
  assert.equal((await interrupt(forward)).code, 0);
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test(
  "cli: forward --json prints an object for each forward on stdout",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--host",
      "db.internal=127.0.0.1",
    ]);
    const folder = await Deno.makeTempDir();
    try {
      const { code, stdout, stderr } = await runProgram([
        "forward",
        "db",
        "--remote",
        "db.internal:5432",
        ":443",
        "-L",
        `${folder}/s:localhost:22`,
        "--json",
        "--",
        "true",
      ], { env: simulator.env });
      assert.equal(code, 0, stderr);
      const objects = stdout.trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
      const sessions = new Set<string>();
      for (const object of objects) {
        assert.ok(Number.isInteger(object.pid) && object.pid > 0);
        assert.equal(object.sessionIds.length, 1);
        sessions.add(object.sessionIds[0]);
        if (object.localPort === undefined) continue;
        assert.ok(object.localPort > 0 && object.localPort < 65536);
        assert.ok(
          stderr.includes(
            `Forwarding from 127.0.0.1:${object.localPort} -> ${object.destination}\n`,
          ),
          stderr,
        );
        assert.deepEqual(
          object.addresses,
          [`127.0.0.1:${object.localPort}`, `[::1]:${object.localPort}`]
            .slice(0, object.addresses.length),
        );
      }
      assert.equal(sessions.size, 3);
      const keys = (
        { sessionIds: _, pid: _pid, addresses: _addresses, ...rest }: Record<
          string,
          unknown
        >,
      ) => ({ ...rest, ...("localPort" in rest ? { localPort: 1 } : {}) });
      assert.deepEqual(objects.map(keys), [
        {
          destination: "db.internal:5432",
          remoteHost: "db.internal",
          remotePort: 5432,
          localAddress: "127.0.0.1",
          localPort: 1,
        },
        {
          destination: "db:22",
          remoteHost: null,
          remotePort: 22,
          localSocket: `${folder}/s`,
        },
        {
          destination: "db:443",
          remoteHost: null,
          remotePort: 443,
          localAddress: "127.0.0.1",
          localPort: 1,
        },
      ]);
      assert.deepEqual(objects[1].addresses, [`${folder}/s`]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test(
  "cli: forward takes several forwards as ssh and kubectl do, each to its own port",
  linux,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--host",
      "cache=127.0.0.1",
    ]);
    await using first = startEcho();
    await using second = startEcho();
    const [ssh, other, pair] = [freePort(), freePort("127.0.0.2"), freePort()];
    await using forward = await startForward(simulator.env, [
      "web-server",
      "-L",
      `${ssh}:localhost:${first.port}`,
      "-L",
      `127.0.0.2:${other}:cache:${second.port}`,
      `${pair}:${first.port}`,
      `:${second.port}`,
    ], { ready: new RegExp(`:\\d+ -> web-server:${second.port}\\n`) });
    assert.ok(await talks(ssh));
    assert.deepEqual([first.count, second.count], [1, 0]);
    assert.ok(await talks(other, "127.0.0.2"));
    assert.deepEqual([first.count, second.count], [1, 1]);
    assert.ok(await talks(pair));
    assert.deepEqual([first.count, second.count], [2, 1]);
    const free = new RegExp(`1:(\\d+) -> web-server:${second.port}\\n`)
      .exec(forward.stderr.text)?.[1];
    assert.ok(await talks(Number(free)));
    assert.deepEqual([first.count, second.count], [2, 2]);
    assert.equal((await simulator.activeSessions()).length, 4);
    assert.equal((await interrupt(forward)).code, 0);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test("cli: forward reaches a host behind the node by its name", async () => {
  await using simulator = await startSimulatorProgram([
    "--host",
    "db.internal=127.0.0.1",
  ]);
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    "--remote",
    `DB.internal:${far.port}`,
  ]);
  assert.ok(await talks(forward.port));
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.match(stderr, forwarding(forward.port, `DB.internal:${far.port}`));
});

Deno.test(
  "cli: forward listens on a Unix socket that is the user's alone, and removes it",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const folder = await Deno.makeTempDir();
    try {
      await using forward = await startForward(
        simulator.env,
        ["db", "--remote", `${far.port}`, "--local", "unix:./pg.sock"],
        { cwd: folder },
      );
      const path = `${folder}/pg.sock`;
      const { mode, isSocket } = await Deno.lstat(path);
      assert.deepEqual([isSocket, (mode ?? 0) & 0o777], [true, 0o600]);
      {
        using conn = await Deno.connect({ transport: "unix", path });
        assert.ok(await echoes(conn, "hello"));
      }
      const { code, stdout, stderr } = await interrupt(forward);
      assert.deepEqual(
        [code, stdout, stderr],
        [0, "", `Forwarding from ./pg.sock -> db:${far.port}\n`],
      );
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test(
  "cli: forward listens where --bind says, for a port of the same number",
  linux,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    for (const flag of ["--bind", "--address"]) {
      await using forward = await startForward(simulator.env, [
        "web-server",
        `${far.port}`,
        flag,
        "127.0.0.9",
      ]);
      assert.ok(await talks(far.port, "127.0.0.9"));
      const { code, stderr } = await interrupt(forward);
      assert.equal(code, 0);
      assert.equal(
        stderr,
        `Forwarding from 127.0.0.9:${far.port} -> web-server:${far.port}\n`,
      );
    }
    assert.equal(far.count, 2);
  },
);

Deno.test("cli: forward takes its target from SSM_TARGET", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  await using forward = await startForward(
    { ...simulator.env, SSM_TARGET: "tag:role=db" },
    [`:${far.port}`],
  );
  assert.ok(await talks(forward.port));
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.match(stderr, forwarding(forward.port, `tag:role=db:${far.port}`));
});

Deno.test(
  "cli: forward --json leaves no session when nobody reads its standard output",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const { stderr } = await new Deno.Command("/bin/sh", {
      args: [
        "-c",
        // The reader is gone before the first byte is written.
        '{ sleep 0.2; "$@"; echo "code $?" >&2; } | true',
        "sh",
        ...programCommand(),
        "forward",
        "web-server",
        ":80",
        ":81",
        "--json",
        "-q",
      ],
      env: { ...simulator.env },
      clearEnv: true,
      stdin: "null",
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "code 141\n");
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);
