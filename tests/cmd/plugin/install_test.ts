/** `ssm plugin install` and its like, on folders of the test's own. */

import assert from "node:assert/strict";
import {
  installPlugin,
  pluginStatus,
  uninstallPlugin,
} from "../../../cmd/plugin/install.ts";
import { pluginsOnPath } from "../../../cmd/plugin/on_path.ts";
import type { OwnProgram } from "../../../cmd/plugin/own_program.ts";
import { CommandError } from "../../../cmd/errors.ts";
import { pluginVersion } from "../../../lib/version.ts";
import { TestContext } from "../../testkit/context.ts";

const ignore = Deno.build.os === "windows";
const name = "session-manager-plugin";

/** A machine with folders on its PATH. */
class Machine implements AsyncDisposable {
  readonly root: string;
  readonly own: OwnProgram;
  #context = new TestContext();

  private constructor(root: string) {
    this.root = root;
    this.own = { path: `${root}/app/ssm`, args: [] };
  }

  static async create(folders: readonly string[]): Promise<Machine> {
    const root = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "ssm-plugin-" }),
    );
    const machine = new Machine(root);
    for (const folder of ["app", "home", ...folders]) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    }
    // Stands in for the executable: it tells by its name what it is.
    await machine.program("app/ssm", "0.1.0", pluginVersion);
    machine.path(folders);
    return machine;
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.root, { recursive: true });
  }

  /** A program that says its version, another one under the plugin's name. */
  async program(file: string, version: string, asPlugin = version) {
    await Deno.writeTextFile(
      `${this.root}/${file}`,
      `#!/bin/sh\ncase "$0:$1" in\n*/${name}:--version|*:plugin) echo ${asPlugin};;\n*) echo ${version};;\nesac\n`,
      { mode: 0o755 },
    );
  }

  path(folders: readonly string[]): void {
    this.#context = new TestContext();
    this.#context.variables.set(
      "PATH",
      folders.map((folder) => `${this.root}/${folder}`).join(":"),
    );
    this.#context.variables.set("HOME", `${this.root}/home`);
  }

  /** What was said since the last call. */
  said(): string {
    const text = this.#context.terminal.errorText +
      this.#context.terminal.outputText;
    const path = this.#context.variables.get("PATH");
    this.#context = new TestContext();
    this.#context.variables.set("PATH", path ?? "");
    this.#context.variables.set("HOME", `${this.root}/home`);
    return text.replaceAll(this.root, "");
  }

  async install(
    flags: { dir?: string; force?: boolean } = {},
    own: OwnProgram = this.own,
  ): Promise<string> {
    const { dir, force = false } = flags;
    assert.equal(
      await installPlugin(
        {
          force,
          quiet: false,
          verbose: 0,
          noColor: false,
          ...(dir === undefined ? {} : { dir }),
        },
        this.#context,
        own,
      ),
      0,
    );
    return this.said();
  }

  async uninstall(): Promise<string> {
    const flags = { quiet: false, verbose: 0, noColor: false };
    assert.equal(await uninstallPlugin(flags, this.#context, this.own), 0);
    return this.said();
  }

  async status(): Promise<[number, string]> {
    return [await pluginStatus(this.#context, this.own), this.said()];
  }

  async kin(): Promise<string[]> {
    const found = await pluginsOnPath(this.#context, this.own);
    return found.map(({ path, kin }) =>
      `${path.replace(this.root, "")} ${kin}`
    );
  }

  /** What the AWS CLI would start says for its version. */
  async version(folder: string): Promise<string> {
    const { stdout } = await new Deno.Command(
      `${this.root}/${folder}/${name}`,
      { args: ["--version"] },
    ).output();
    return new TextDecoder().decode(stdout).trim();
  }
}

async function refusal(work: Promise<unknown>): Promise<CommandError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error));
    assert.equal(error.exitCode, 125);
    return error;
  }
  throw new assert.AssertionError({ message: "It was not refused" });
}

Deno.test(
  { name: "install: before the official one, once", ignore },
  async () => {
    await using machine = await Machine.create(["first", "usr", "last"]);
    await machine.program(`usr/${name}`, "1.2.764.0");
    assert.equal(
      await machine.install(),
      `Installed: /first/${name} is ssm\nIt hides /usr/${name}, which stays as it is\n`,
    );
    assert.equal(
      await Deno.readLink(`${machine.root}/first/${name}`),
      machine.own.path,
    );
    assert.equal(await machine.version("first"), pluginVersion);
    assert.equal(
      await machine.install(),
      `Installed already: /first/${name} is ssm\n`,
    );
    assert.deepEqual(await machine.kin(), [
      `/first/${name} this`,
      `/usr/${name} foreign`,
    ]);
    assert.deepEqual(await machine.status(), [
      0,
      `/first/${name}  ${pluginVersion}  ssm\n` +
      `/usr/${name}    1.2.764.0  another program\n`,
    ]);
    assert.equal(
      await machine.uninstall(),
      `Removed: /first/${name}\nThe AWS CLI starts /usr/${name} now\n`,
    );
    assert.equal(
      await machine.uninstall(),
      "Nothing to remove: no session-manager-plugin is ssm\n" +
        `The AWS CLI starts /usr/${name} now\n`,
    );
    const [code, text] = await machine.status();
    assert.deepEqual([code, text], [
      1,
      `/usr/${name}  1.2.764.0  another program\n`,
    ]);
  },
);

Deno.test({
  name:
    "install: where people keep their own programs, if that is early enough",
  ignore,
}, async () => {
  await using machine = await Machine.create([
    "a/shims",
    "b",
    "home/.local/bin",
    "app",
    "c",
  ]);
  machine.path(["a/shims", "b", "home/.local/bin", "c"]);
  assert.match(await machine.install(), /^Installed: \/home\/\.local\/bin\//);
  await machine.uninstall();
  machine.path(["a/shims", "b", "home/.local/bin", "app", "c"]);
  assert.match(
    await machine.install(),
    /^Installed: \/app\//,
    "beside ssm itself",
  );
  await machine.uninstall();
  machine.path(["a/shims", "c", "b", "home/.local/bin"]);
  await machine.program(`b/${name}`, "1.2.764.0");
  assert.match(await machine.install(), /^Installed: \/c\//);
});

Deno.test({
  name: "install: a plugin that is not ours is replaced with --force alone",
  ignore,
}, async () => {
  await using machine = await Machine.create(["only"]);
  await machine.program(`only/${name}`, "1.2.764.0");
  const error = await refusal(machine.install());
  assert.match(
    error.message,
    /^Cannot install: .*\/only\/session-manager-plugin is not ours, and no folder that you may write to comes before it on the PATH$/,
  );
  assert.equal(error.hints[0], "ssm plugin install --force");
  assert.equal(await machine.version("only"), "1.2.764.0");
  const dir = `${machine.root}/only`;
  const named = await refusal(machine.install({ dir }));
  assert.deepEqual(named.hints, [`ssm plugin install --dir ${dir} --force`]);
  machine.said();
  assert.equal(
    await machine.install({ force: true }),
    `Installed: /only/${name} is ssm\n`,
  );
  assert.equal(await machine.version("only"), pluginVersion);
  assert.deepEqual(
    [...Deno.readDirSync(dir)].map((each) => each.name),
    [name],
    "nothing else is left there",
  );
});

Deno.test({
  name: "install --dir: it is made, and what the PATH lacks is said",
  ignore,
}, async () => {
  await using machine = await Machine.create(["usr"]);
  const dir = `${machine.root}/new/place`;
  assert.equal(
    await machine.install({ dir: `${dir}/` }),
    `Installed: /new/place/${name} is ssm\n` +
      "/new/place is not on the PATH; put it first\n" +
      'hint: export PATH=/new/place:"$PATH"\n',
  );
  await machine.program(`usr/${name}`, "1.2.764.0");
  machine.path(["usr", "new/place"]);
  assert.equal(
    await machine.install({ dir }),
    `Installed: /new/place/${name} is ssm\n` +
      `The AWS CLI still starts /usr/${name}; put it first\n` +
      'hint: export PATH=/new/place:"$PATH"\n',
  );
});

Deno.test({ name: "install: no folder will do", ignore }, async () => {
  await using machine = await Machine.create(["usr"]);
  machine.path(["gone"]);
  assert.equal(
    (await refusal(machine.install())).message,
    "Cannot install: you may write to no folder of the PATH",
  );
  await machine.program(`usr/${name}`, "1.2.764.0");
  const error = await refusal(
    machine.install({ dir: `${machine.root}/usr/${name}` }),
  );
  assert.match(error.message, /cannot be written to$/);
  const [code] = await machine.status().catch((error) => [error.exitCode]);
  assert.equal(code, 1, "there is none on the PATH");
});

Deno.test({
  name: "another ssm, and a link that leads nowhere, make room",
  ignore,
}, async () => {
  await using machine = await Machine.create(["bin", "old"]);
  await machine.program("old/ssm", "0.0.9", "1.2.764.0");
  await Deno.symlink(`${machine.root}/old/ssm`, `${machine.root}/bin/${name}`);
  assert.deepEqual(await machine.kin(), [`/bin/${name} other`]);
  assert.deepEqual(await machine.status(), [
    0,
    `/bin/${name}  1.2.764.0  another ssm\n`,
  ]);
  assert.equal(await machine.install(), `Installed: /bin/${name} is ssm\n`);
  assert.equal(await machine.version("bin"), pluginVersion);
  await machine.uninstall();
  await Deno.symlink(`${machine.root}/nowhere`, `${machine.root}/bin/${name}`);
  assert.equal(await machine.install(), `Installed: /bin/${name} is ssm\n`);
});

Deno.test({
  name:
    "a script takes the link's place from source, and where a link's name is not told",
  ignore,
}, async () => {
  await using machine = await Machine.create(["bin"]);
  await machine.program("app/run time", "0", pluginVersion);
  const source = {
    path: `${machine.root}/app/run time`,
    args: ["run", "it's.ts"],
  };
  await machine.install({}, source);
  const script = await Deno.readTextFile(`${machine.root}/bin/${name}`);
  assert.ok(
    script.endsWith(
      `\nexec '${source.path}' run 'it'\\''s.ts' plugin -- "$@"\n`,
    ),
    script,
  );
  assert.equal(
    await machine.install({}, source),
    `Installed already: /bin/${name} is ssm\n`,
  );
  // Another ssm knows it for one of us.
  assert.deepEqual(await machine.kin(), [`/bin/${name} other`]);
  await machine.uninstall();

  await Deno.writeTextFile(
    machine.own.path,
    `#!/bin/sh\ncase "$1" in plugin) echo ${pluginVersion};; *) echo 0.1.0;; esac\n`,
  );
  await machine.install();
  assert.equal(await machine.version("bin"), pluginVersion);
  assert.equal(
    (await Deno.lstat(`${machine.root}/bin/${name}`)).isSymlink,
    false,
  );
  assert.deepEqual(await machine.kin(), [`/bin/${name} this`]);
});

Deno.test({
  name: "a copy of us is us; what cannot be started is no plugin",
  ignore,
}, async () => {
  await using machine = await Machine.create(["bin", "rel"]);
  await Deno.copyFile(machine.own.path, `${machine.root}/bin/${name}`);
  assert.deepEqual(await machine.kin(), [`/bin/${name} this`]);
  await Deno.chmod(`${machine.root}/bin/${name}`, 0o644);
  assert.deepEqual(await machine.kin(), []);
});
