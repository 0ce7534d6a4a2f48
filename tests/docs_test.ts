import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { version } from "../lib/version.ts";
import { findUndocumented } from "../scripts/docstrings.ts";
import { filesUnder } from "../scripts/files.ts";
import {
  anchorsOf,
  fencedBlocks,
  linksOf,
  tableUnder,
} from "../scripts/markdown.ts";
import {
  executablePermissions,
  nativeTerminalPermission,
} from "../scripts/permissions.ts";

const root = new URL("../", import.meta.url);

async function text(path: string): Promise<string> {
  const content = await Deno.readTextFile(new URL(path, root));
  return content.replaceAll("\r\n", "\n");
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every exported symbol of lib and cmd has a docstring", async () => {
  const files = [
    ...await filesUnder(root, "lib", ".ts"),
    ...await filesUnder(root, "cmd", ".ts"),
    ...await filesUnder(root, "scripts", ".ts"),
  ];
  assert(files.includes("lib/session/transport.ts"));
  const found: string[] = [];
  for (const file of files) {
    found.push(...findUndocumented(file, await text(file)));
  }
  assert.deepEqual(found, []);
});

Deno.test("docstring check: what has none is found, what has one is not", () => {
  assert.deepEqual(
    findUndocumented(
      "a.ts",
      `/** The file. @module */

export const a = 1;
/** Says what it is. */
export const b = 2;
// Not a docstring.
export function c() {}
/** */
export class D {}
/* Not one either. */
export interface E { e: 1 }
export type F = 1;
/** The first overload has it. */
export function g(x: string): void;
export function g(x: number): void;
export function g() {}
function inner() {}
export { inner };
`,
    ),
    ["a.ts:3 a", "a.ts:7 c", "a.ts:9 D", "a.ts:11 E", "a.ts:12 F"],
  );
});

Deno.test("every link in the documentation leads somewhere", async () => {
  const files = await filesUnder(root, "", ".md");
  assert(files.includes("README.md"));
  const broken: string[] = [];
  for (const file of files) {
    const content = await text(file);
    for (const link of linksOf(content)) {
      if (/^(https?|mailto):/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = new URL(path === "" ? file : path, new URL(file, root));
      if (path === "") target.pathname = new URL(file, root).pathname;
      if (!await exists(target)) broken.push(`${file}: ${link}`);
      else if (anchor !== undefined && target.pathname.endsWith(".md")) {
        const there = anchorsOf(await Deno.readTextFile(target));
        if (!there.has(anchor)) broken.push(`${file}: ${link}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("link check: links and anchors are found, code is not", () => {
  const sample = "# One `Two`: three\n[a](b.md#c) ![d](e.png) `[f](g)`\n" +
    "```\n[h](i)\n# no heading\n```\n[j]: k.md\n## Names\n## Names\n";
  assert.deepEqual(linksOf(sample), ["b.md#c", "e.png", "k.md"]);
  assert.deepEqual([...anchorsOf(sample)], [
    "one-two-three",
    "names",
    "names-1",
  ]);
});

Deno.test("block check: fenced blocks are found, with what stands behind the fence", () => {
  const sample = "```sh try\na\n\nb\n```\ntext ```no``` text\n- x\n\n" +
    "  ```json\n  {\n    1\n  }\n  ```\n~~~\n```\n~~~\n";
  assert.deepEqual(fencedBlocks(sample), [
    { info: "sh try", text: "a\n\nb\n" },
    { info: "json", text: "{\n  1\n}\n" },
    { info: "", text: "```\n" },
  ]);
});

Deno.test("what the documentation calls JSON is JSON, or a value for each line", async () => {
  let count = 0;
  for (const file of await filesUnder(root, "docs", ".md")) {
    for (const block of fencedBlocks(await text(file))) {
      if (block.info !== "json") continue;
      count++;
      const values = /^\{\n/.test(block.text)
        ? [block.text]
        : block.text.trim().split("\n");
      for (const value of values) {
        assert.doesNotThrow(() => JSON.parse(value), `${file}: ${value}`);
      }
    }
  }
  assert.ok(count > 10, String(count));
});

Deno.test("tasks named in the documentation exist, and the README has its two commands", async () => {
  const tasks = Object.keys(config.tasks);
  for (const file of await filesUnder(root, "", ".md")) {
    for (
      const [, task = ""] of (await text(file)).matchAll(
        /deno(?:@[\d.]+)? task ([a-z][a-z-]*)/g,
      )
    ) {
      assert(tasks.includes(task), `${file} names the task ${task}`);
    }
  }
  const readme = await text("README.md");
  for (
    const command of ["npx -y deno@2.9 task demo", "npx -y deno@2.9 task test"]
  ) assert(readme.split("\n").includes(command), command);
  for (
    const task of [
      "demo",
      "test",
      "ok",
      "check",
      "bench",
      "compile",
      "coverage",
      "doc-test",
    ]
  ) assert(tasks.includes(task), task);
});

Deno.test("the permissions are the same in the script, the demo's task and the documentation", async () => {
  const flags = executablePermissions.map((one) => one.flag);
  assert.deepEqual(
    config.tasks.demo.command.split(" ").filter((word) =>
      word.startsWith("--allow-")
    ),
    [...flags, nativeTerminalPermission],
  );
  const rows = tableUnder(await text("docs/security.md"), "Permissions");
  assert.deepEqual(
    rows,
    executablePermissions.map((one) => [`\`${one.flag}\``, one.reason]),
  );
});

Deno.test("lib/version.ts and deno.json name the same version", () => {
  assert.equal(version, config.version);
});

Deno.test("the CHANGELOG begins with what is unreleased, or with this version", async () => {
  const headings = [...(await text("CHANGELOG.md")).matchAll(/^## (.*)$/gm)];
  const first = headings[0]?.[1] ?? "";
  assert(first === "Unreleased" || first.startsWith(config.version), first);
});

/** What a text gives away of the machine it was written on; `home` and `here` as on this one. */
function machineTraces(content: string, home: string, here: string): string[] {
  const traces: string[] = [];
  for (const line of content.split("\n")) {
    const path = [home, here].some((folder) =>
      folder.length > 1 && line.includes(`${folder}/`)
    );
    // The account that official agents make for sessions, and nobody in particular.
    const user = /\/(home|Users)\/(?!(?:ssm-user|me|user|you)\b)\w/.test(line);
    if (path || user || line.includes("//" + "registry.")) {
      traces.push(line.trim());
    }
  }
  return traces;
}

Deno.test("no file names a path of the machine or a registry's host", async () => {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "";
  const here = decodeURIComponent(root.pathname).replace(/\/$/, "");
  const found: string[] = [];
  const endings = [".md", ".ts", ".json", ".yml", ".lock", ".sh"];
  for (const ending of endings) {
    for (const file of await filesUnder(root, "", ending)) {
      if (file === "tests/docs_test.ts") continue;
      for (const line of machineTraces(await text(file), home, here)) {
        found.push(`${file}: ${line}`);
      }
    }
  }
  for (const file of [".ci/run", ".github/workflows/ci.yml"]) {
    for (const line of machineTraces(await text(file), home, here)) {
      found.push(`${file}: ${line}`);
    }
  }
  assert.deepEqual(found, []);
});

Deno.test("path check: traces are found, ordinary paths are not", () => {
  const home = "/users/somebody", here = "/build/17/ssm";
  for (
    const line of [
      "see /users/somebody/.aws/config",
      "cd /build/17/ssm/lib",
      "/home/kim/project",
      "https:/" + "/registry" + ".example/pkg",
    ]
  ) assert.deepEqual(machineTraces(line, home, here), [line]);
  for (
    const line of [
      "/home/ssm-user/.bashrc",
      "~/.aws/config",
      "/dev/tty",
      "lib/ssm/a",
    ]
  ) assert.deepEqual(machineTraces(line, home, here), []);
});
