import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import {
  randomBytes,
  readAll,
  sha256,
  startFarEnd,
} from "../testkit/far_end.ts";
import { listens } from "../testkit/forward_program.ts";
import {
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };

/** A far end that answers HTTP requests. */
function startWeb() {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("from afar"),
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A program of one line for a command; `{port}` in it is replaced. */
function program(source: string): string[] {
  return [Deno.execPath(), "eval", "--quiet", source];
}

/** `ssm forward ARGS -- COMMAND`. */
function run(
  simulator: SimulatorProgram,
  args: readonly string[],
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  return runProgram(["forward", ...args, "--", ...command], {
    env: { ...simulator.env, ...env },
  });
}

/** The variables of ours that a command printed with env(1). */
function ours(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").filter((line) => /^SSM_(PORT|HOST)/.test(line))
      .map((line) => line.split("=", 2)),
  );
}

Deno.test(
  "cli: forward runs a command when its port works, and leaves nothing behind",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startWeb();
    // It tries once, and says which process it was.
    const { code, stdout, stderr } = await run(
      simulator,
      ["web-server", "--remote", `${far.port}`],
      program(
        `const text = await (await fetch("http://127.0.0.1:{port}/")).text();` +
          `console.log(text, {port}, Deno.pid, Deno.ppid); Deno.exit(7);`,
      ),
    );
    assert.equal(code, 7, stderr);
    const [, port, pid, parent] =
      /^from afar (\d+) (\d+) (\d+)\n$/.exec(stdout) ??
        assert.fail(stdout);
    for (const each of [pid, parent]) {
      assert.throws(
        () => Deno.kill(Number(each), "SIGCONT"),
        `${each} is there`,
      );
    }
    assert.equal(await listens(Number(port)), false);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: forward tells a command its ports in the environment",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--host",
      "db.internal=127.0.0.1",
    ]);
    const one = await run(simulator, ["db", "--remote", "db.internal:5432"], [
      "sh",
      "-c",
      "echo {port}-{port}; env",
    ], { SSM_PORT: "old", SSM_PORT_5432: "old", SSM_HOST: "old" });
    assert.equal(one.code, 0, one.stderr);
    const port = /^(\d+)-\1\n/.exec(one.stdout)?.[1] ?? assert.fail(one.stdout);
    assert.deepEqual(ours(one.stdout), {
      SSM_HOST: "127.0.0.1",
      SSM_PORT: port,
      SSM_PORT_5432: port,
    });

    const several = await run(simulator, ["db", ":5432", ":6379", ":5432"], [
      "sh",
      "-c",
      "echo {port}; env",
    ]);
    assert.equal(several.code, 0, several.stderr);
    const ports = [...several.stderr.matchAll(/1:(\d+) -> db:/g)]
      .map((match) => match[1] ?? "");
    assert.equal(new Set(ports).size, 3);
    assert.equal(several.stdout.split("\n")[0], ports[0]);
    // The first forward of a remote port has the variable.
    assert.deepEqual(ours(several.stdout), {
      SSM_HOST: "127.0.0.1",
      SSM_PORT: ports[0],
      SSM_PORT_5432: ports[0],
      SSM_PORT_6379: ports[1],
    });
  },
);

Deno.test(
  "cli: forward gives a command the path of a Unix socket in place of a port",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/a socket`;
      const { code, stdout, stderr } = await run(
        simulator,
        ["db", "--remote", "5432", "--local", `unix:${path}`],
        ["sh", "-c", 'test -S "$1" && echo "$1"; env', "sh", "{port}"],
        { SSM_HOST: "old" },
      );
      assert.equal(code, 0, stderr);
      assert.equal(stdout.split("\n")[0], path);
      assert.deepEqual(ours(stdout), { SSM_PORT: path, SSM_PORT_5432: path });
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test(
  "cli: forward ends with the exit code of its command",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    for (
      const [command, code, text] of [
        [["true"], 0, ""],
        [["sh", "-c", "exit 7"], 7, ""],
        [["sh", "-c", "kill -KILL $$"], 137, ""],
        [["sh", "-c", "kill -TERM $$"], 143, ""],
        [["/etc/passwd"], 126, "ssm: Cannot run /etc/passwd: "],
        [
          ["ssm-no-such-command"],
          127,
          "ssm: Cannot run ssm-no-such-command: no such command\n",
        ],
      ] as const
    ) {
      const result = await run(simulator, ["web-server", ":80"], command);
      assert.equal(result.code, code, result.stderr);
      assert.equal(result.stdout, "");
      assert.ok(result.stderr.includes(text), result.stderr);
      assert.deepEqual(await simulator.activeSessions(), [], command[0]);
    }
  },
);

Deno.test(
  "cli: forward does not start its command when a tunnel cannot be opened",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--node",
      "name=web",
      "--node",
      "name=gone,offline",
    ]);
    const folder = await Deno.makeTempDir();
    try {
      for (
        const args of [
          ["web", "--remote", "no-such-host:80"],
          // One of two: the other one is closed again.
          ["web", ":80", "-L", `${folder}/s:169.254.169.254:80`],
          ["gone", ":80"],
          ["nobody", ":80"],
          ["web", "80:0"],
        ]
      ) {
        const { code, stdout, stderr } = await run(simulator, args, [
          "touch",
          `${folder}/ran`,
        ]);
        assert.deepEqual([code, stdout], [125, ""], stderr);
        assert.match(
          stderr,
          /^ssm: Cannot [^\n]+\n( {2}[^\n]+\n)*(hint: [^\n]+\n)*$/,
        );
        assert.deepEqual([...Deno.readDirSync(folder)], [], args.join(" "));
        assert.deepEqual(await simulator.activeSessions(), [], args.join(" "));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

for (const agent of ["3.3.987.0", "2.3.500.0"]) {
  Deno.test(
    `cli: forward delivers what a command wrote just before its end, through agent ${agent}`,
    unix,
    async () => {
      await using simulator = await startSimulatorProgram([
        "--node",
        `name=web,agent=${agent}`,
      ]);
      const folder = await Deno.makeTempDir();
      try {
        const large = randomBytes(1024 * 1024);
        await Deno.writeFile(`${folder}/large`, large);
        await Deno.writeTextFile(`${folder}/small`, "bye");
        for (const name of ["large", "small"]) {
          await using far = startFarEnd(readAll);
          const { code, stderr } = await run(
            simulator,
            ["web", "--remote", `${far.port}`],
            program(
              `const all = Deno.readFileSync("${folder}/${name}");` +
                `const conn = await Deno.connect({ port: {port} });` +
                `for (let at = 0; at < all.length;) at += await conn.write(all.subarray(at));` +
                `Deno.exit(0);`,
            ),
          );
          assert.equal(code, 0, stderr);
          const got = await far.first;
          assert.ok(got instanceof Uint8Array);
          assert.equal(far.count, 1);
          assert.equal(
            await sha256(new Uint8Array(got)),
            await sha256(await Deno.readFile(`${folder}/${name}`)),
            `${got.length} bytes`,
          );
          assert.deepEqual(await simulator.activeSessions(), []);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}

Deno.test(
  "cli: forward goes on where its command leaves a connection open to another program",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startFarEnd(readAll);
    const folder = await Deno.makeTempDir();
    try {
      // The command leaves a program behind, with a connection that nobody will ever close.
      const { code, stdout, stderr } = await run(
        simulator,
        ["web-server", "--remote", `${far.port}`],
        [
          "sh",
          "-c",
          `"$@" >${folder}/pid 2>/dev/null </dev/null & while [ ! -s ${folder}/pid ]; do sleep 0.05; done; exit 3`,
          "sh",
          ...program(
            `await Deno.connect({ port: {port} }); console.log(Deno.pid);` +
              `await new Promise((resolve) => setTimeout(resolve, 60_000));`,
          ),
        ],
      );
      assert.deepEqual([code, stdout], [3, ""], stderr);
      assert.deepEqual(await simulator.activeSessions(), []);
    } finally {
      const pid = Number(await Deno.readTextFile(`${folder}/pid`));
      if (pid > 0) Deno.kill(pid, "SIGKILL");
      await Deno.remove(folder, { recursive: true });
    }
  },
);
