import assert from "node:assert/strict";
import {
  copyFolders,
  type CopyResult,
  runCopyProgram,
  tree,
} from "../testkit/copy_program.ts";
import { random } from "../testkit/node_shell.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const ignore = Deno.build.os === "windows";
const MiB = 1024 * 1024;

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A bench: a simulator, two folders, and `ssm cp` in the one of this machine. */
async function bench(flags: readonly string[] = []) {
  const simulator = await startSimulatorProgram(flags);
  const folders = await copyFolders();
  const cp = (args: readonly string[], stdin?: Uint8Array) =>
    runCopyProgram(args, {
      env: simulator.env,
      cwd: folders.here,
      ...(stdin === undefined ? {} : { stdin }),
    });
  return {
    ...folders,
    simulator,
    cp,
    node: (path: string) => `web-server:${folders.there}/${path}`,
    async [Symbol.asyncDispose]() {
      await simulator[Symbol.asyncDispose]();
      await folders[Symbol.asyncDispose]();
    },
  };
}

/** It ended well, and left no session and no partial file behind. */
async function wentWell(
  result: CopyResult,
  { simulator, here, there }: Awaited<ReturnType<typeof bench>>,
): Promise<void> {
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(await simulator.activeSessions(), []);
  const parts = [...await tree(here), ...await tree(there)]
    .filter(([name]) => name.includes("ssm-part"));
  assert.deepEqual(parts, []);
}

/** Bytes with everything that a filter of UTF-8 could spoil. */
function nasty(length: number): Uint8Array<ArrayBuffer> {
  const bytes = random(length);
  const odd = [0xef, 0xbf, 0xbd];
  for (let at = 0; at + 3 < length; at += 4001) bytes.set(odd, at);
  bytes.set(odd, length - 3);
  return bytes;
}

for (const sessions of [[], ["--sessions", "1"], ["--sessions", "4"]]) {
  Deno.test({
    name: `cli: cp ${
      sessions.join(" ")
    } a file to a node and back, byte for byte`,
    ignore,
    async fn() {
      await using it = await bench();
      const bytes = nasty(5 * MiB + 4321);
      await Deno.writeFile(`${it.here}/data.bin`, bytes, { mode: 0o640 });
      await Deno.chmod(`${it.here}/data.bin`, 0o640);
      const up = await it.cp([...sessions, "data.bin", it.node("")]);
      await wentWell(up, it);
      assert.match(
        up.stderr,
        /^Copied 1 file, 5\.2 MB in \d+\.\d s, \S+ \SB\/s\n$/,
      );
      assert.equal(text(up.stdout), "");
      assert.deepEqual(await Deno.readFile(`${it.there}/data.bin`), bytes);
      const mode = (await Deno.stat(`${it.there}/data.bin`)).mode! & 0o7777;
      assert.equal(mode, 0o640);
      const down = await it.cp([...sessions, it.node("data.bin"), "back.bin"]);
      await wentWell(down, it);
      assert.deepEqual(await Deno.readFile(`${it.here}/back.bin`), bytes);
    },
  });
}

Deno.test({
  name:
    "cli: cp -r a folder both ways: empty files, odd names, links, permissions",
  ignore,
  async fn() {
    await using it = await bench();
    const root = `${it.here}/app`;
    await Deno.mkdir(`${root}/sub/deeper one`, { recursive: true });
    await Deno.mkdir(`${root}/empty`);
    const names = [
      "empty file",
      "é \u0081 \ufffd 😀",
      "-rf",
      "--",
      "$(id)`id`",
      "'quoted' \"twice\"",
      "line\nbreak",
      "back\\slash",
      "*",
      "~",
      " leading",
      "x".repeat(200),
    ];
    for (const [at, name] of names.entries()) {
      const content = at === 0 ? "" : `content of ${at} \ufffd`;
      await Deno.writeTextFile(`${root}/sub/${name}`, content);
    }
    await Deno.writeFile(`${root}/sub/deeper one/large`, nasty(700_000));
    await Deno.writeTextFile(`${root}/script`, "#!/bin/sh\n", { mode: 0o755 });
    await Deno.chmod(`${root}/script`, 0o755);
    await Deno.symlink("script", `${root}/link`);
    const up = await it.cp(["-r", "app", it.node("copied")]);
    await wentWell(up, it);
    assert.deepEqual(await tree(`${it.there}/copied`), await tree(root));
    assert.equal(
      (await Deno.lstat(`${it.there}/copied/link`)).isSymlink,
      false,
    );
    assert.equal(
      (await Deno.stat(`${it.there}/copied/script`)).mode! & 0o777,
      0o755,
    );
    // Into a folder that is there it goes under its own name.
    await Deno.mkdir(`${it.here}/back`);
    const down = await it.cp(["-r", it.node("copied"), "back"]);
    await wentWell(down, it);
    assert.deepEqual(await tree(`${it.here}/back/copied`), await tree(root));
    assert.equal(
      (await Deno.stat(`${it.here}/back/copied/script`)).mode! & 0o777,
      0o755,
    );
    // The content of a folder alone.
    const inner = await it.cp(["-r", it.node("copied/sub/."), "back"]);
    await wentWell(inner, it);
    assert.equal(await Deno.readTextFile(`${it.here}/back/empty file`), "");
  },
});

Deno.test({
  name: "cli: cp -p keeps times and permissions, of folders too",
  ignore,
  async fn() {
    await using it = await bench();
    await Deno.mkdir(`${it.here}/d`);
    await Deno.writeTextFile(`${it.here}/d/f`, "old");
    const then = new Date(1_600_000_000_000);
    await Deno.chmod(`${it.here}/d/f`, 0o606);
    await Deno.utime(`${it.here}/d/f`, then, then);
    await Deno.chmod(`${it.here}/d`, 0o700);
    await Deno.utime(`${it.here}/d`, then, then);
    await wentWell(await it.cp(["-r", "-p", "d", it.node("e")]), it);
    await wentWell(await it.cp(["-rp", it.node("e"), "g"]), it);
    for (const folder of [`${it.there}/e`, `${it.here}/g`]) {
      const facts = [];
      for (const path of [folder, `${folder}/f`]) {
        const { mode, mtime } = await Deno.stat(path);
        facts.push(mode! & 0o7777, mtime!.getTime());
      }
      assert.deepEqual(facts, [0o700, then.getTime(), 0o606, then.getTime()]);
    }
  },
});

Deno.test({
  name:
    "cli: cp - standard input to a file, a file to standard output, in order",
  ignore,
  async fn() {
    await using it = await bench();
    const bytes = nasty(3 * MiB + 99);
    await wentWell(await it.cp(["-", it.node("in")], bytes), it);
    assert.deepEqual(await Deno.readFile(`${it.there}/in`), bytes);
    const out = await it.cp(["--sessions", "3", it.node("in"), "-"]);
    await wentWell(out, it);
    assert.deepEqual(out.stdout, new Uint8Array(bytes));
    await wentWell(
      await it.cp(["-", it.node("nothing")], new Uint8Array()),
      it,
    );
    assert.equal(await Deno.readTextFile(`${it.there}/nothing`), "");
    // Several, one behind the other.
    await Deno.writeTextFile(`${it.there}/more`, "more");
    const several = await it.cp([it.node("more"), it.node("[mn]*"), "-", "-q"]);
    assert.equal(text(several.stdout), "moremore");
    assert.equal(several.stderr, "");
  },
});

Deno.test({
  name: "cli: cp a file of /proc, which has no size",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using it = await bench();
    const out = await it.cp(["web-server:/proc/version", "-"]);
    assert.equal(out.code, 0, out.stderr);
    const { stdout } = await new Deno.Command("cat", {
      args: ["/proc/version"],
    }).output();
    assert.equal(text(out.stdout), text(stdout));
  },
});

Deno.test({
  name:
    "cli: cp several sources and patterns into a folder; what fails does not stop the rest",
  ignore,
  async fn() {
    await using it = await bench();
    for (const name of ["a.log", "b c.log", "d.txt"]) {
      await Deno.writeTextFile(`${it.there}/${name}`, name);
    }
    await Deno.mkdir(`${it.there}/folder`);
    await Deno.mkdir(`${it.here}/to`);
    const down = await it.cp([
      it.node("*.log"),
      it.node("d.txt"),
      it.node("none"),
      it.node("folder"),
      "to",
    ]);
    assert.equal(down.code, 1);
    assert.deepEqual(down.stderr.split("\n").slice(0, 2), [
      `ssm: Cannot copy ${it.node("none")}: No such file or directory`,
      `ssm: Cannot copy ${it.node("folder")}: it is a folder, which -r copies`,
    ]);
    assert.match(down.stderr, /\nCopied 3 files, /);
    assert.deepEqual(
      (await tree(`${it.here}/to`)).map(([name]) => name),
      ["/a.log", "/b c.log", "/d.txt"],
    );
    const up = await it.cp(["to/a.log", "none", "to/d.txt", it.node("folder")]);
    assert.equal(up.code, 1);
    assert.match(
      up.stderr,
      /^ssm: Cannot copy none: No such file or directory\nCopied 2 files, /,
    );
    assert.equal((await tree(`${it.there}/folder`)).length, 2);
    assert.deepEqual(await it.simulator.activeSessions(), []);
  },
});

Deno.test({
  name: "cli: cp a thousand small files is not a thousand round trips",
  ignore,
  async fn() {
    // One after the other they would take 200 s each way, which is longer than a run may take.
    await using it = await bench(["--latency", "100"]);
    await Deno.mkdir(`${it.here}/many`);
    for (let at = 0; at < 1000; at++) {
      await Deno.writeTextFile(`${it.here}/many/${at}`, `file ${at}`);
    }
    await wentWell(await it.cp(["-r", "many", it.node("many")]), it);
    assert.deepEqual(
      await tree(`${it.there}/many`),
      await tree(`${it.here}/many`),
    );
    await wentWell(await it.cp(["-r", it.node("many"), "back"]), it);
    assert.deepEqual(
      await tree(`${it.here}/back`),
      await tree(`${it.there}/many`),
    );
  },
});

Deno.test({
  name: "cli: cp through loss, repeats, reordering and lost connections",
  ignore,
  async fn() {
    await using it = await bench([
      "--loss=0.01",
      "--repeat=0.02",
      "--reorder=0.02",
      "--close-after-bytes=600000",
      "--close-limit=6",
      "--close-manner=reset",
    ]);
    const bytes = nasty(2 * MiB);
    await Deno.writeFile(`${it.here}/f`, bytes);
    const up = await it.cp(["--sessions", "2", "f", it.node("f")]);
    assert.equal(up.code, 0, up.stderr);
    assert.match(up.stderr, /Connection lost: .+; resuming…\n/);
    assert.match(up.stderr, /Connection resumed after/);
    assert.deepEqual(await Deno.readFile(`${it.there}/f`), bytes);
    const down = await it.cp(["--sessions", "2", it.node("f"), "g"]);
    assert.equal(down.code, 0, down.stderr);
    assert.deepEqual(await Deno.readFile(`${it.here}/g`), bytes);
    assert.deepEqual(await it.simulator.activeSessions(), []);
  },
});

Deno.test({
  name: "cli: cp in sessions that are encrypted with KMS",
  ignore,
  async fn() {
    await using it = await bench(["--kms-key", "alias/ssm"]);
    const bytes = nasty(MiB);
    await Deno.writeFile(`${it.here}/f`, bytes);
    await wentWell(await it.cp(["f", it.node("f")]), it);
    await wentWell(await it.cp([it.node("f"), "g"]), it);
    assert.deepEqual(await Deno.readFile(`${it.here}/g`), bytes);
  },
});

Deno.test({
  name:
    "cli: cp to a container of ECS and back, over as many sessions as it takes",
  ignore,
  async fn() {
    await using it = await bench();
    const bytes = nasty(3 * MiB);
    await Deno.writeFile(`${it.here}/f`, bytes);
    const path = `ecs:prod/web:${it.there}/f`;
    await wentWell(await it.cp(["f", path]), it);
    await wentWell(await it.cp(["--sessions", "4", path, "g"]), it);
    assert.deepEqual(await Deno.readFile(`${it.here}/g`), bytes);
  },
});
