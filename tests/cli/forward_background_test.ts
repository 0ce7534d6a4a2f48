import assert from "node:assert/strict";
import {
  programCommand,
  projectFolder,
  runProgram,
} from "../testkit/executable.ts";
import {
  connect,
  echoes,
  freePort,
  startEcho,
  untilClosed,
} from "../testkit/far_end.ts";
import { eventually, isRunning, listens } from "../testkit/forward_program.ts";
import { hasPty, openPty } from "../testkit/pty.ts";
import { shellWords } from "../testkit/shell_words.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };

/** Where a forward says that it listens at 127.0.0.1. */
function portIn(stderr: string): number {
  const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) -> /m.exec(stderr) ??
    assert.fail(stderr);
  return Number(port);
}

/** A program in the background, which the test must not leave there. */
function background(pid: number) {
  assert.ok(pid > 1);
  return {
    /** Ends it as `kill` does; resolves when it is gone. */
    async end() {
      Deno.kill(pid, "SIGTERM");
      await eventually(async () => !await isRunning(pid));
    },
    [Symbol.dispose]() {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It is gone, as it should be.
      }
    },
  };
}

Deno.test(
  "cli: forward -f prints a pid once its port works, and the session ends with that process",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const nobody = freePort();
    // Its streams are pipes, and it has ended when they have: nobody holds them any more.
    const { code, stdout, stderr } = await runProgram(
      ["forward", "web-server", `:${far.port}`, `:${nobody}`, "-f"],
      { env: simulator.env },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\d+\n$/);
    using other = background(Number(stdout));
    // All that was said before is there.
    const lines = stderr.trimEnd().split("\n");
    assert.equal(lines.length, await hasIpv6() ? 4 : 2, stderr);
    for (const line of lines) {
      assert.match(line, /^Forwarding from \S+ -> web-server:\d+$/);
    }
    // Nobody reads what it has to say of this any more.
    const last = /1:(\d+) -> \S+\n([^\n]*::1[^\n]*\n)?$/.exec(stderr)?.[1];
    using refused = await connect(Number(last));
    await untilClosed(refused);
    const port = portIn(stderr);
    using conn = await connect(port);
    assert.ok(await echoes(conn, "hello"));
    assert.equal((await simulator.activeSessions()).length, 2);
    await Promise.all([other.end(), untilClosed(conn)]);
    assert.equal(await listens(port), false);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

async function hasIpv6(): Promise<boolean> {
  try {
    await listens(1, "::1");
    return true;
  } catch {
    return false;
  }
}

Deno.test(
  "cli: forward -f --json prints the pid in each object, and nothing else",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const { code, stdout, stderr } = await runProgram(
      [
        "forward",
        "web-server",
        `:${far.port}`,
        `:${freePort()}`,
        "-f",
        "--json",
        "-q",
      ],
      { env: simulator.env },
    );
    assert.deepEqual([code, stderr], [0, ""]);
    const [one, two, ...more] = stdout.trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(more, []);
    assert.equal(one.pid, two.pid);
    using other = background(one.pid);
    assert.ok(await isRunning(one.pid));
    assert.equal(one.destination, `web-server:${far.port}`);
    using conn = await connect(one.localPort);
    assert.ok(await echoes(conn, "hello"));
    assert.deepEqual(
      [...await simulator.activeSessions()].sort(),
      [...one.sessionIds, ...two.sessionIds].sort(),
    );
    await other.end();
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: forward -f that cannot begin gives 125, says why, and leaves no process",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (
      const [args, text] of [
        [
          ["--remote", "no-such-host:80"],
          "ssm: Cannot forward from web-server: lookup no-such-host: no such host\n",
        ],
        [
          ["--remote", "80", "--local", `${taken.addr.port}`],
          `ssm: Cannot listen on 127.0.0.1:${taken.addr.port}: it is in use by `,
        ],
        [["--remote", "65536"], "ssm: Cannot use --remote 65536: "],
      ] as const
    ) {
      const { code, stdout, stderr } = await runProgram(
        ["forward", "web-server", ...args, "-f"],
        { env: simulator.env },
      );
      assert.deepEqual([code, stdout], [125, ""], stderr);
      assert.ok(stderr.startsWith(text), stderr);
      assert.deepEqual(await simulator.activeSessions(), []);
    }
  },
);

Deno.test(
  "cli: forward -f in a command substitution returns, with both streams taken",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const script = 'said=$("$@" 2>&1); echo "code $?"; echo "$said"';
    const { stdout } = await new Deno.Command("sh", {
      args: [
        "-c",
        script,
        "sh",
        ...programCommand(),
        "forward",
        "web-server",
        "--remote",
        `${far.port}`,
        "-f",
      ],
      env: { ...simulator.env },
      clearEnv: true,
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stdout);
    const pid = /^(\d+)\n$/m.exec(said)?.[1] ?? assert.fail(said);
    using other = background(Number(pid));
    assert.match(
      said,
      /^code 0\n(Forwarding from \S+ -> web-server:\d+\n){1,2}\d+\n$/,
    );
    using conn = await connect(portIn(said));
    assert.ok(await echoes(conn, "hello"));
    await other.end();
  },
);

Deno.test("cli: forward -f goes on after Ctrl-C and the end of its terminal", {
  ignore: !hasPty,
}, async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  await using pty = await openPty(["/bin/sh", "-i"], {
    env: { ...simulator.env, PS1: "local> " },
    clearEnv: true,
  });
  await pty.until("local> ");
  const command = [
    ...programCommand(),
    "forward",
    "web-server",
    `:${far.port}`,
  ];
  await pty.write(`${shellWords(command)} -f\n`);
  const said = await pty.until(/\n(\d+)\r\nlocal> $/);
  const pid = Number(/\n(\d+)\r\nlocal> $/.exec(said)?.[1]);
  using other = background(pid);
  const port = portIn(said.replaceAll("\r", ""));
  using conn = await connect(port);
  assert.ok(await echoes(conn, "before"));
  await pty.write("\x03");
  await pty.until("local> ");
  assert.ok(await echoes(conn, "after Ctrl-C"));
  await pty.write("exit\n");
  await pty.exited;
  assert.ok(await echoes(conn, "after the end of the terminal"));
  await other.end();
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test(
  "cli: forward -f lets the user choose a node in a terminal, before it goes to the background",
  {
    ignore: !hasPty,
  },
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    await using pty = await openPty([
      ...programCommand(),
      "forward",
      `:${far.port}`,
      "-f",
    ], { env: simulator.env, clearEnv: true });
    await pty.until("2/2");
    await pty.write("web-server\r");
    const said = await pty.until(/\n(\d+)\r\n/);
    using other = background(Number(/\n(\d+)\r\n$/.exec(said)?.[1]));
    assert.equal(await pty.exited, 0);
    // The choice gives the screen back on the line before.
    const lines = said.slice(said.indexOf("Forwarding")).replaceAll("\r", "");
    using conn = await connect(portIn(lines));
    assert.ok(await echoes(conn, "hello"));
    await other.end();
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: forward -f finds its own program in a folder with a space and a percent sign",
  {
    // An executable is one file.
    ignore: Deno.build.os === "windows" ||
      Boolean(Deno.env.get("SSM_EXECUTABLE")),
  },
  async () => {
    await using simulator = await startSimulatorProgram();
    const folder = await Deno.makeTempDir();
    try {
      const odd = `${folder}/50% of it`;
      await Deno.mkdir(odd);
      for (const name of ["cmd", "lib", "main.ts", "deno.json", "deno.lock"]) {
        await Deno.symlink(`${projectFolder}${name}`, `${odd}/${name}`);
      }
      const [program = "", ...first] = programCommand().map((word) =>
        word.replace(projectFolder, `${odd}/`)
      );
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args: [...first, "forward", "web-server", ":80", "-f"],
        env: { ...simulator.env },
        clearEnv: true,
        stdin: "null",
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      using other = background(Number(new TextDecoder().decode(stdout)));
      await other.end();
      assert.deepEqual(await simulator.activeSessions(), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
