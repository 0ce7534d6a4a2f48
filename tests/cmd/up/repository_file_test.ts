import assert from "node:assert/strict";
import {
  findRepositoryFile,
  largestRepositoryFile,
  readRepositoryText,
} from "../../../cmd/up/repository_file.ts";
import { readRepositoryFile } from "../../../cmd/config/repository_file.ts";

/** A folder of one test. */
async function withFolder(run: (folder: string) => Promise<void>) {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "ssm_up_" }),
  );
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("find: in a repository from here up to its root, and never beyond", () =>
  withFolder(async (folder) => {
    const deep = `${folder}/repo/a/b`;
    await Deno.mkdir(deep, { recursive: true });
    await Deno.writeTextFile(`${folder}/ssm.json`, "{}");
    assert.equal(await findRepositoryFile(deep), undefined);
    await Deno.mkdir(`${folder}/repo/.git`);
    assert.equal(await findRepositoryFile(deep), undefined);
    await Deno.writeTextFile(`${folder}/repo/ssm.json`, "{}");
    assert.equal(await findRepositoryFile(deep), `${folder}/repo/ssm.json`);
    await Deno.writeTextFile(`${folder}/repo/a/ssm.json`, "{}");
    assert.equal(await findRepositoryFile(deep), `${folder}/repo/a/ssm.json`);
  }));

Deno.test("find: outside of a repository in this folder alone", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`);
    await Deno.writeTextFile(`${folder}/ssm.json`, "{}");
    assert.equal(await findRepositoryFile(`${folder}/a`), undefined);
    assert.equal(await findRepositoryFile(folder), `${folder}/ssm.json`);
  }));

Deno.test("find: a worktree's .git is a file", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`);
    await Deno.writeTextFile(`${folder}/.git`, "gitdir: elsewhere");
    await Deno.writeTextFile(`${folder}/ssm.json`, "{}");
    assert.equal(
      await findRepositoryFile(`${folder}/a`),
      `${folder}/ssm.json`,
    );
  }));

Deno.test("read: the bytes' SHA-256, as sha256sum prints it", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/ssm.json`, "abc");
    assert.deepEqual(await readRepositoryText(`${folder}/ssm.json`), {
      path: `${folder}/ssm.json`,
      owner: undefined,
      text: "abc",
      sha256:
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  }));

Deno.test({
  name:
    "read: links, pipes, folders and huge files are refused without waiting",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/ssm.json`;
      const refused = async (reason: RegExp) => {
        await assert.rejects(readRepositoryText(path), reason);
        await Deno.remove(path);
      };
      await Deno.writeTextFile(`${folder}/real`, "{}");
      await Deno.symlink(`${folder}/real`, path);
      await refused(/: it is a symbolic link$/);
      await Deno.symlink("/dev/zero", path);
      await refused(/: it is a symbolic link$/);
      await new Deno.Command("mkfifo", { args: [path] }).output();
      await refused(/: it is no plain file$/);
      await Deno.mkdir(path);
      await refused(/: it is no plain file$/);
      await Deno.writeTextFile(path, " ".repeat(largestRepositoryFile + 1));
      await refused(/: it is larger than 65536 bytes$/);
      await Deno.writeFile(path, Uint8Array.of(0xff, 0xfe, 0x00));
      await refused(/: it is no UTF-8$/);
      await assert.rejects(readRepositoryText(path), /there is no such file$/);
    }),
});

/** The only problem's message. */
function problem(text: string): string {
  const { groups, problems } = readRepositoryFile(text);
  assert.equal(groups.size, 0);
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return problems[0]!.message;
}

const forward = (more: string) =>
  `{ "groups": { "dev": [{ "target": "web", "remote": 80, ${more} }] } }`;

Deno.test("content: groups of forwards to loopback, and nothing else", () => {
  const fine = readRepositoryFile(
    '{ "$schema": "x", "groups": { "dev": [\n' +
      '  { "name": "pg", "target": "bastion", "remote": "db:5432", "local": 5432 },\n' +
      '  { "target": "web", "remote": 80, "local": "127.0.0.1:8080" } // why\n' +
      "] } }",
  );
  assert.deepEqual(fine.problems, []);
  assert.equal(fine.groups.get("dev")?.forwards.length, 2);
  for (
    const [name, reason] of [
      ["defaults", /settings belong in your own configuration$/],
      ["aliases", /aliases belong in your own configuration$/],
      ["profile", /give --profile, or an alias in your configuration$/],
      ["endpoint-url", /an endpoint is nothing that a repository decides$/],
      ["command", /it runs nothing$/],
      ["anything", /"anything" is not known; there is groups$/],
    ] as const
  ) {
    assert.match(problem(`{ "groups": {}, "${name}": "x" }`), reason);
  }
  for (
    const [name, reason] of [
      ["profile", /"profile" is not allowed in groups\.dev\[0\]: a checked-in/],
      ["region", /"region" is not allowed in groups\.dev\[0\]: a checked-in/],
      ["endpoint-url", /an endpoint is nothing that a repository decides$/],
      ["bind", /it listens on this machine's loopback alone$/],
      ["command", /it runs nothing$/],
      ["document-name", /"document-name" is not known in groups\.dev/],
    ] as const
  ) {
    assert.match(problem(forward(`"${name}": "x"`)), reason);
  }
});

Deno.test("content: no address but loopback, and no socket", () => {
  for (
    const local of ["0.0.0.0:80", "*:80", ":80", "[::]:80", "192.0.2.1:80"]
  ) {
    assert.match(
      problem(forward(`"local": "${local}"`)),
      /a checked-in ssm\.json listens on this machine's loopback alone$/,
      local,
    );
  }
  for (const local of ["unix:/var/run/docker.sock", "/tmp/x", "unix:x"]) {
    assert.match(
      problem(forward(`"local": "${local}"`)),
      /a port, or "127\.0\.0\.1:port"$|listens on ports alone/,
      local,
    );
  }
  for (const local of ["[::1]:80", "127.0.0.2:80", "localhost:80", "80"]) {
    assert.deepEqual(
      readRepositoryFile(forward(`"local": "${local}"`)).problems,
      [],
      local,
    );
  }
});

Deno.test("content: control characters, names twice, __proto__ and depth", () => {
  assert.match(
    problem(
      '{ "groups": { "dev": [{ "target": "a\\u001b[2Jb", "remote": 1 }] } }',
    ),
    /groups\.dev\[0\]\.target has control characters$/,
  );
  assert.match(
    problem(
      '{ "groups": { "dev": [{ "target": "a\\u202eb", "remote": 1 }] } }',
    ),
    /control characters$/,
  );
  assert.match(
    problem('{ "groups": {}, "groups": {} }'),
    /"groups" is there twice, first in line 1$/,
  );
  assert.match(problem('{ "groups": {}, "__proto__": {} }'), /not known/);
  assert.match(
    problem('{ "groups": { "__proto__": [{ "target": "a", "remote": 1 }] } }'),
    /cannot have the name "__proto__"/,
  );
  assert.match(problem("[".repeat(50_000)), /nested more than 32 levels deep/);
});
