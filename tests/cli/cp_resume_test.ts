import assert from "node:assert/strict";
import {
  type CopyFolders,
  copyFolders,
  runCopyProgram,
} from "../testkit/copy_program.ts";
import { random } from "../testkit/node_shell.ts";
import {
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

/** Quicker than a comparison that would show what differs. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, at) => byte === other[at]);
}

const ignore = Deno.build.os === "windows";
const MiB = 1024 * 1024;

/** The partial file in a folder; `undefined` without one. */
async function partIn(folder: string): Promise<string | undefined> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".ssm-part")) return `${folder}/${name}`;
  }
  return undefined;
}

/** Waits until the partial file in a folder has so many bytes. */
async function partGrows(folder: string, bytes: number): Promise<string> {
  for (;;) {
    const part = await partIn(folder);
    if (part !== undefined && (await Deno.stat(part)).size >= bytes) {
      return part;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Begins a copy, and sends it a signal when enough of it is there. */
async function interrupted(
  args: readonly string[],
  simulator: SimulatorProgram,
  { here }: CopyFolders,
  folder: string,
  signal: Deno.Signal,
) {
  const { promise, resolve } = Promise.withResolvers<Deno.ChildProcess>();
  const ended = runCopyProgram(args, {
    env: simulator.env,
    cwd: here,
    started: resolve,
  });
  const child = await promise;
  // Parts are out of order, by 4 MiB at most.
  await Promise.race([partGrows(folder, 6 * MiB + 1), ended]);
  child.kill(signal);
  return await ended;
}

for (const way of ["up", "down"] as const) {
  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    Deno.test({
      name:
        `cli: cp ${way} goes on where it was after ${signal}, and finds what is wrong by then`,
      ignore,
      async fn() {
        // Down the agent's pace makes it slow enough, up the size.
        await using simulator = await startSimulatorProgram(
          way === "up" ? [] : ["--pace", "real"],
        );
        await using folders = await copyFolders();
        const { here, there } = folders;
        const bytes = random(way === "up" ? 32 * MiB : 10 * MiB);
        const from = way === "up" ? here : there;
        const to = way === "up" ? there : here;
        await Deno.writeFile(`${from}/data`, bytes);
        const args = way === "up"
          ? ["data", `web-server:${there}/data`]
          : [`web-server:${there}/data`, "data"];
        const first = await interrupted(args, simulator, folders, to, signal);
        assert.equal(first.code, signal === "SIGINT" ? 130 : 137, first.stderr);
        if (signal === "SIGINT") {
          assert.equal(
            first.stderr,
            `hint: ssm cp ${args.join(" ")} goes on where it was\n`,
          );
          assert.deepEqual(await simulator.activeSessions(), []);
        }
        const part = await partIn(to);
        assert.ok(part !== undefined);
        assert.equal((await Deno.stat(part)).mode! & 0o777, 0o600);
        // Somebody, or a crash, spoils a byte of what is there.
        const spoilt = await Deno.open(part, { write: true });
        await spoilt.seek(1000, Deno.SeekMode.Start);
        await spoilt.write(Uint8Array.of(bytes[1000]! ^ 1));
        spoilt.close();
        const second = await runCopyProgram(args, {
          env: simulator.env,
          cwd: here,
        });
        assert.equal(second.code, 0, second.stderr);
        const [, before = ""] = /\((\d+\.\d) MB of it before\)/.exec(
          second.stderr,
        ) ?? [];
        assert.ok(Number(before) >= 1, second.stderr);
        assert.ok(equal(await Deno.readFile(`${to}/data`), bytes));
        assert.equal(await partIn(to), undefined);
      },
    });
  }
}

Deno.test({
  name: "cli: cp takes of a file that grows what it was at the beginning",
  ignore,
  async fn() {
    await using simulator = await startSimulatorProgram(["--pace", "real"]);
    await using folders = await copyFolders();
    const { here, there } = folders;
    const bytes = random(2 * MiB + 12_345);
    await Deno.writeFile(`${there}/log`, bytes);
    const copied = runCopyProgram([`web-server:${there}/log`, "log"], {
      env: simulator.env,
      cwd: here,
    });
    await partGrows(here, 128 * 1024);
    await Deno.writeFile(`${there}/log`, random(300_000), { append: true });
    const { code, stderr } = await copied;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await Deno.readFile(`${here}/log`), bytes);
  },
});

Deno.test({
  name:
    "cli: cp says of a file that shrinks that it changed, and leaves nothing of it",
  ignore,
  async fn() {
    await using simulator = await startSimulatorProgram(["--pace", "real"]);
    await using folders = await copyFolders();
    const { here, there } = folders;
    await Deno.writeFile(`${there}/log`, random(3 * MiB));
    const copied = runCopyProgram([`web-server:${there}/log`, "log"], {
      env: simulator.env,
      cwd: here,
    });
    await partGrows(here, 128 * 1024);
    await Deno.truncate(`${there}/log`, 1000);
    const { code, stderr } = await copied;
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `ssm: Cannot copy web-server:${there}/log: it changed while it was copied\n`,
    );
    assert.deepEqual([...Deno.readDirSync(here)], []);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
});

Deno.test({
  name: "cli: cp whose sessions cannot be resumed says so, and how to go on",
  ignore,
  async fn() {
    await using simulator = await startSimulatorProgram([
      "--refuse-resume",
      "--close-after-bytes=3000000",
    ]);
    await using folders = await copyFolders();
    const { here, there } = folders;
    const bytes = random(8 * MiB);
    await Deno.writeFile(`${there}/data`, bytes);
    const args = ["--sessions", "1", `web-server:${there}/data`, "data"];
    const run = () => runCopyProgram(args, { env: simulator.env, cwd: here });
    const first = await run();
    assert.equal(first.code, 1, first.stderr);
    assert.match(first.stderr, /\nssm: Cannot copy: /);
    assert.ok(
      first.stderr.endsWith(
        `\nhint: ssm cp ${args.join(" ")} goes on where it was\n`,
      ),
      first.stderr,
    );
    assert.ok(await partIn(here) !== undefined);
    // Each session brings it further.
    let code = first.code;
    for (let more = 0; more < 10 && code !== 0; more++) {
      code = (await run()).code;
    }
    assert.equal(code, 0);
    assert.ok(equal(await Deno.readFile(`${here}/data`), bytes));
  },
});

Deno.test({
  name: "cli: cp without the right to a session, or to a file, says so",
  ignore,
  async fn() {
    await using simulator = await startSimulatorProgram([
      "--deny-document",
      "AWS-StartInteractiveCommand",
    ]);
    await using folders = await copyFolders();
    const { code, stderr, stdout } = await runCopyProgram(
      ["web-server:/etc/hostname", "-"],
      { env: simulator.env, cwd: folders.here },
    );
    assert.equal(code, 125);
    assert.match(stderr, /^ssm: Cannot start session: /);
    assert.equal(stdout.length, 0);
  },
});

Deno.test({
  name: "cli: cp without rights on the node gives the node's reason",
  // Root may do everything, and the simulated node is who the tests are.
  ignore: ignore || Deno.uid() === 0,
  async fn() {
    await using simulator = await startSimulatorProgram();
    await using folders = await copyFolders();
    const { here, there } = folders;
    await Deno.writeTextFile(`${there}/secret`, "", { mode: 0o000 });
    await Deno.writeTextFile(`${here}/f`, "f");
    const cp = (...args: string[]) =>
      runCopyProgram(args, { env: simulator.env, cwd: here });
    const down = await cp(`web-server:${there}/secret`, ".");
    assert.equal(down.code, 1);
    assert.equal(
      down.stderr,
      `ssm: Cannot copy web-server:${there}/secret: Permission denied\n`,
    );
    const up = await cp("f", "web-server:/");
    assert.equal(up.code, 1);
    assert.equal(
      up.stderr,
      "ssm: Cannot copy f to web-server:/f: Permission denied\n",
    );
  },
});

Deno.test({
  name: "cli: cp - that is stopped leaves nothing on the node",
  ignore,
  async fn() {
    await using simulator = await startSimulatorProgram();
    await using folders = await copyFolders();
    const { here, there } = folders;
    const { promise, resolve } = Promise.withResolvers<Deno.ChildProcess>();
    // Standard input stays open: the program waits for more of it.
    const ended = runCopyProgram(["-", `web-server:${there}/in`], {
      env: simulator.env,
      cwd: here,
      stdin: random(3 * MiB),
      openEnded: true,
      started: resolve,
    });
    const child = await promise;
    await partGrows(there, 2 * MiB);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.equal(stderr, "");
    assert.deepEqual(await simulator.activeSessions(), []);
    // The agent ends the program behind our back.
    while (await partIn(there) !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual([...Deno.readDirSync(there)], []);
  },
});
