import assert from "node:assert/strict";
import {
  type Arrow,
  findUpwardArrows,
  loadedWith,
  readImportGraph,
} from "../scripts/import_graph.ts";
import { filesUnder } from "../scripts/files.ts";

const root = new URL("../", import.meta.url);
const config = new URL("deno.json", root);

async function projectGraph(): Promise<Arrow[]> {
  const files = [
    "main.ts",
    ...await filesUnder(root, "cmd", ".ts"),
    ...await filesUnder(root, "lib", ".ts"),
  ];
  return await readImportGraph(root, files, config);
}

function arrow(from: string, to: string): Arrow {
  return { from, to, kind: "static" };
}

Deno.test("no file imports upwards", async () => {
  const arrows = await projectGraph();
  for (const start of ["main.ts", "lib/mod.ts"]) {
    assert(
      arrows.some((one) => one.from === start),
      `${start} imports nothing: the graph was not read`,
    );
  }
  assert.deepEqual(findUpwardArrows(arrows), []);
});

Deno.test("--version and --help load no AWS SDK and no node: module", async () => {
  const arrows = await projectGraph();
  assert.deepEqual(loadedWith(arrows, "main.ts"), [
    "cmd/plugin/started_as.ts",
    "lib/version.ts",
  ]);
  assert(
    arrows.some(({ from, to }) => from === "main.ts" && to === "cmd/main.ts"),
  );
  const loaded = loadedWith(arrows, "cmd/main.ts");
  assert(loaded.includes("cmd/mod.ts"));
  // Each node: module costs 2 to 20 ms of an empty program's 17 (docs/decisions/aws_sdk.md).
  assert.deepEqual(loaded.filter((name) => name.includes(":")), [
    "npm:@stricli/core",
  ]);
});

Deno.test("the library's door loads no package", async () => {
  const loaded = loadedWith(await projectGraph(), "lib/mod.ts");
  assert.deepEqual(loaded.filter((name) => name.startsWith("npm:")), []);
});

Deno.test("import graph check: upward arrows are refused, kind by kind", () => {
  const refused: [string, string][] = [
    ["lib/protocol/channel/outgoing.ts", "lib/session/driver.ts"],
    ["lib/protocol/channel/outgoing.ts", "node:net"],
    ["lib/protocol/channel/outgoing.ts", "npm:ws"],
    ["lib/session/driver.ts", "lib/io/web_socket.ts"],
    ["lib/session/driver.ts", "lib/aws/ssm.ts"],
    ["lib/session/driver.ts", "lib/simulator/mod.ts"],
    ["lib/session/driver.ts", "cmd/context.ts"],
    ["lib/session/driver.ts", "lib/copy/copy.ts"],
    ["lib/copy/copy.ts", "lib/io/local_files.ts"],
    ["lib/copy/copy.ts", "lib/protocol/channel/data_channel.ts"],
    ["lib/io/local_files.ts", "lib/copy/copy.ts"],
    ["lib/io/terminal.ts", "lib/session/driver.ts"],
    ["lib/io/terminal.ts", "lib/protocol/message/size.ts"],
    ["lib/aws/ssm.ts", "lib/io/web_socket.ts"],
    ["lib/simulator/mod.ts", "lib/aws/ssm.ts"],
    ["lib/simulator/mod.ts", "lib/session/driver.ts"],
    ["lib/mod.ts", "cmd/mod.ts"],
    ["lib/mod.ts", "npm:@aws-sdk/client-ssm"],
    ["cmd/shell.ts", "main.ts"],
    ["cmd/shell.ts", "lib/protocol/channel/data_channel.ts"],
    ["cmd/shell.ts", "tests/testkit/link.ts"],
    ["main.ts", "lib/mod.ts"],
  ];
  for (const [from, to] of refused) {
    assert.deepEqual(
      findUpwardArrows([arrow(from, to)]),
      [`${from} may not import ${to}`],
    );
  }
  assert.deepEqual(
    findUpwardArrows([arrow("lib/new_folder/a.ts", "lib/text.ts")]),
    ["lib/new_folder/a.ts belongs to no layer"],
  );
});

Deno.test("import graph check: downward arrows are allowed", () => {
  assert.deepEqual(
    findUpwardArrows([
      arrow("main.ts", "cmd/mod.ts"),
      arrow("cmd/context.ts", "lib/io/web_socket.ts"),
      arrow("lib/mod.ts", "lib/session/shell.ts"),
      arrow("lib/session/driver.ts", "lib/protocol/channel/data_channel.ts"),
      arrow("lib/io/web_socket.ts", "lib/session/transport.ts"),
      arrow("lib/copy/copy_session.ts", "lib/session/command_session.ts"),
      arrow("lib/io/local_files.ts", "lib/copy/local_files.ts"),
      arrow("lib/aws/ssm.ts", "npm:@aws-sdk/client-ssm"),
      arrow("lib/simulator/agent.ts", "lib/protocol/channel/data_channel.ts"),
    ]),
    [],
  );
});

Deno.test("import graph check: an upward arrow in a real tree is seen", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm-tree-" });
  try {
    const tree: Record<string, string> = {
      "lib/mod.ts": 'export * from "./session/a.ts";',
      "lib/session/a.ts": 'import type { B } from "../io/b.ts";\n' +
        'export const load = () => import("../aws/c.ts");\n' +
        "export type Again = B;",
      "lib/io/b.ts": "export interface B { b: 1 }",
      "lib/aws/c.ts": 'import "node:net"; export const c = 1;',
    };
    for (const [file, text] of Object.entries(tree)) {
      const path = `${folder}/${file}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeTextFile(path, text);
    }
    const there = new URL(`file://${await Deno.realPath(folder)}/`);
    const arrows = await readImportGraph(there, ["lib/mod.ts"], config);
    assert.deepEqual(findUpwardArrows(arrows).sort(), [
      "lib/session/a.ts may not import lib/aws/c.ts",
      "lib/session/a.ts may not import lib/io/b.ts",
    ]);
    assert.deepEqual(loadedWith(arrows, "lib/mod.ts"), ["lib/session/a.ts"]);
    assert.deepEqual(loadedWith(arrows, "lib/aws/c.ts"), ["node:net"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
