import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseListing, parseSources } from "../../lib/copy/listing.ts";
import { RemoteError, ShellLostError } from "../../lib/copy/remote_shell.ts";
import { parseSums } from "../../lib/copy/chunk_plan.ts";
import {
  fetchRequest,
  finishRequest,
  foldersRequest,
  listRequest,
  partRequest,
  passingRequest,
  readRequest,
  removeRequest,
  statRequest,
  storeRequest,
  sumRequest,
  sumsRequest,
  writeRequest,
} from "../../lib/copy/requests.ts";
import {
  type NodeShellOptions,
  openNodeShell,
  random,
} from "../testkit/node_shell.ts";

const windows = Deno.build.os === "windows";
const MiB = 1024 * 1024;

function sum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function installed(program: string): boolean {
  if (windows) return false;
  return new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdin: "null",
    stdout: "null",
  }).outputSync().success;
}

/** A folder with busybox under all its names, and none of them that is left out. */
async function busyboxFolder(without: readonly string[] = []): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-busybox-" });
  const { stdout } = await new Deno.Command("busybox", { args: ["--list"] })
    .output();
  const which = await new Deno.Command("sh", {
    args: ["-c", "command -v busybox"],
    stdin: "null",
  }).output();
  const path = new TextDecoder().decode(which.stdout).trim();
  for (const name of new TextDecoder().decode(stdout).trim().split("\n")) {
    if (!without.includes(name)) await Deno.symlink(path, `${folder}/${name}`);
  }
  await Deno.symlink(path, `${folder}/busybox`).catch(() => {});
  return folder;
}

/** Everything that a node is asked for, with a name that shells like least. */
async function everything(options: NodeShellOptions): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm copy " });
  try {
    await using node = await openNodeShell(options);
    const { shell } = node;
    const ask = (line: string, body?: Uint8Array) => shell.request(line, body);
    const odd = `${folder}/a 'q' \n\u0081é"$x\`id\`\\z*`;
    const bytes = random(2 * MiB + 17);
    // In parts, one behind the other and the last one first.
    await ask(partRequest(odd));
    await Promise.all([2, 0, 1].map((at) => {
      const body = bytes.subarray(at * MiB, (at + 1) * MiB);
      const range = { offset: at * MiB, length: body.length };
      return ask(writeRequest(odd, range), body);
    }));
    assert.deepEqual(new Uint8Array(await Deno.readFile(odd)), bytes);
    assert.match((await ask(partRequest(odd))).text, /^8180:2097169:/);
    assert.ok((await ask(sumRequest(odd, 1000))).text.includes(
      sum(bytes.subarray(0, 1000)),
    ));
    const sums = parseSums((await ask(sumsRequest(odd, MiB, 3))).data);
    assert.deepEqual(
      sums,
      [0, 1, 2].map((at) => sum(bytes.subarray(at * MiB, (at + 1) * MiB))),
    );
    const last = { offset: 2 * MiB, length: 17 };
    assert.deepEqual(
      (await ask(readRequest(odd, last, undefined))).data,
      bytes.subarray(2 * MiB),
    );
    // The end of it.
    const end = {
      part: odd,
      path: `${folder}/-done`,
      sum: sum(bytes),
      mode: 0o640,
      modified: 1_700_000_000,
    };
    await assert.rejects(
      ask(finishRequest({ ...end, sum: sum(new Uint8Array()) })),
      (error) => error instanceof RemoteError && error.code === "sum",
    );
    await ask(finishRequest(end));
    const done = await Deno.stat(end.path);
    assert.equal(done.mode! & 0o7777, 0o640);
    assert.equal(done.mtime?.getTime(), 1_700_000_000_000);
    // Small ones, and what may go wrong with them.
    await ask(foldersRequest(0o750, [`${folder}/sub`, `${folder}/sub/é`]));
    assert.equal((await Deno.stat(`${folder}/sub/é`)).mode! & 0o777, 0o750);
    const small = bytes.subarray(0, 70_000);
    const store = (path: string, part = `${folder}/part`) => {
      const file = { part, path, sum: sum(small), mode: 0o755 };
      return ask(
        storeRequest({ ...file, modified: undefined }, small.length),
        small,
      );
    };
    await store(`${folder}/sub/n\nl`);
    assert.equal((await Deno.stat(`${folder}/sub/n\nl`)).mode! & 0o777, 0o755);
    await assert.rejects(store(`${folder}/sub`), /Is a directory/);
    await assert.rejects(store(`${folder}/x`, "/nope/part"), RemoteError);
    const whole = await ask(
      fetchRequest(`${folder}/sub/n\nl`, small.length, undefined),
    );
    assert.ok(whole.text.includes(sum(small)));
    // What is there.
    await Deno.symlink("/nope", `${folder}/dangling`);
    const found = parseSources(
      (await ask(statRequest([`${folder}/-done`, "/nope"], false))).data,
    );
    assert.deepEqual(found.map(({ kind }) => kind), ["file", "missing"]);
    const listed = parseListing((await ask(listRequest(folder))).data);
    assert.deepEqual(
      listed.map(({ path, kind }) => `${kind} ${path}`).sort(),
      [
        "file ./-done",
        "file ./sub/n\nl",
        "folder .",
        "folder ./sub",
        "folder ./sub/é",
        "other ./dangling",
      ].sort(),
    );
    await ask(removeRequest([`${folder}/-done`, `${folder}/none`]));
    await assert.rejects(Deno.stat(`${folder}/-done`), Deno.errors.NotFound);
    await shell.leave();
    await node.ended;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (
  const [program, name] of [
    ["dash", "dash"],
    ["bash", "bash"],
    ["bash --posix", "bash"],
    ["zsh --emulate sh", "zsh"],
  ] as const
) {
  Deno.test({
    name: `remote shell: everything on a node with ${program}`,
    ignore: !installed(name),
    fn: () => everything({ program }),
  });
}

Deno.test({
  name: "remote shell: everything on a node with nothing but busybox",
  ignore: !installed("busybox"),
  async fn() {
    const path = await busyboxFolder();
    try {
      await everything({ program: "busybox sh", path });
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  },
});

Deno.test({
  name: "remote shell: everything where each tool reads ahead",
  ignore: !installed("busybox"),
  async fn() {
    const path = await busyboxFolder(["dd"]);
    try {
      await Deno.writeTextFile(
        `${path}/dd`,
        "#!/bin/sh\n" +
          'for a in "$@"; do [ "$a" = iflag=fullblock ] && exit 1; done\n' +
          'exec busybox dd "$@"\n',
        { mode: 0o755 },
      );
      await everything({ program: "busybox sh", path });
      await using node = await openNodeShell({ program: "busybox sh", path });
      assert.equal(node.shell.tools.exact, false);
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  },
});

Deno.test({
  name: "remote shell: a node without a tool for SHA-256 is refused",
  ignore: !installed("busybox"),
  async fn() {
    const path = await busyboxFolder(["sha256sum"]);
    try {
      await assert.rejects(
        openNodeShell({ program: "busybox sh", path }),
        /^RemoteError: the node has none of sha256sum, shasum, openssl and sha256$/,
      );
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "remote shell: bytes of a file are never run, even where a tool takes too few",
  ignore: windows,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "ssm-lost-" });
    try {
      await using node = await openNodeShell();
      const evil = new TextEncoder().encode(
        `\n touch ${folder}/run\n@0123 touch ${folder}/run\n`,
      );
      // As if three bytes were the whole of it.
      const range = { offset: 0, length: 3 };
      const written = node.shell.request(
        writeRequest(`${folder}/part`, range),
        evil,
      );
      const next = node.shell.request(sumRequest(`${folder}/part`, 3));
      await written;
      await assert.rejects(next, (error) => {
        assert.ok(error instanceof ShellLostError);
        return /lost its place/.test(error.message);
      });
      await node.ended;
      await assert.rejects(Deno.stat(`${folder}/run`), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "remote shell: a full disk, and what follows it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using node = await openNodeShell();
    const body = random(300_000);
    const range = { offset: 0, length: body.length };
    const full = node.shell.request(writeRequest("/dev/full", range), body);
    const after = node.shell.request("o still there");
    await assert.rejects(full, /No space left on device/);
    assert.equal((await after).text, "still there");
  },
});

Deno.test({
  name:
    "remote shell: a partial file that is a link, or another's, is not written to",
  ignore: windows,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "ssm-link-" });
    try {
      await using node = await openNodeShell();
      await Deno.symlink(`${folder}/victim`, `${folder}/part`);
      await assert.rejects(
        node.shell.request(partRequest(`${folder}/part`)),
        /is not ours/,
      );
      await assert.rejects(Deno.stat(`${folder}/victim`), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "remote shell: a stream's partial file goes with the session, and stays when it is taken back",
  ignore: windows,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "ssm-passing-" });
    const exists = (name: string) =>
      Deno.stat(`${folder}/${name}`).then(() => true, () => false);
    try {
      for (const program of ["dash", "bash"].filter(installed)) {
        await using node = await openNodeShell({ program });
        await node.shell.request(partRequest(`${folder}/gone`));
        await node.shell.request(passingRequest(`${folder}/gone`));
        assert.ok(await exists("gone"));
        await node[Symbol.asyncDispose]();
        assert.ok(!await exists("gone"), program);
      }
      await using node = await openNodeShell();
      await node.shell.request(partRequest(`${folder}/kept`));
      await node.shell.request(passingRequest(`${folder}/kept`));
      await node.shell.request(passingRequest(""));
      await node[Symbol.asyncDispose]();
      assert.ok(await exists("kept"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "remote shell: a user without rights gets the node's reasons",
  // Root may do everything, and only root can become somebody else.
  ignore: !installed("setpriv") || Deno.uid() !== 0,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "ssm-rights-" });
    try {
      await Deno.chmod(folder, 0o755);
      await Deno.writeTextFile(`${folder}/secret`, "x", { mode: 0o600 });
      await Deno.mkdir(`${folder}/closed`, { mode: 0o700 });
      await Deno.mkdir(`${folder}/open`);
      await Deno.chmod(`${folder}/open`, 0o777);
      await Deno.writeTextFile(`${folder}/open/part`, "another's");
      const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups sh";
      await using node = await openNodeShell({ program: nobody });
      const { shell } = node;
      const { data } = await shell.request(
        statRequest([`${folder}/secret`, `${folder}/closed/x`], false),
      );
      const [secret, closed] = parseSources(data);
      assert.equal(secret?.kind === "file" && secret.readable, false);
      assert.equal(
        closed?.kind === "missing" && closed.reason,
        "Permission denied",
      );
      const listed = parseListing(
        (await shell.request(listRequest(folder))).data,
      );
      assert.deepEqual(
        listed.map((entry) => [entry.path, entry.readable]).sort(),
        [
          [".", true],
          ["./closed", false],
          ["./open", true],
          ["./open/part", true],
          ["./secret", false],
        ],
      );
      await assert.rejects(
        shell.request(partRequest(`${folder}/part`)),
        /Permission denied/,
      );
      await assert.rejects(
        shell.request(partRequest(`${folder}/open/part`)),
        /is not ours/,
      );
      await assert.rejects(
        shell.request(fetchRequest(`${folder}/secret`, 1, undefined)),
        (error) => error instanceof RemoteError && error.code === "gone",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
