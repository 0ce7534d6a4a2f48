import assert from "node:assert/strict";
import { filesUnder } from "../scripts/files.ts";
import { findImpurities } from "../scripts/purity.ts";

const folder = new URL("../lib/protocol/", import.meta.url);

function messages(source: string, file = "channel/sample.ts"): string[] {
  return findImpurities(file, source).map((one) => one.message);
}

Deno.test("lib/protocol reaches nothing but its arguments and node:crypto", async () => {
  const files = await filesUnder(folder, "", ".ts");
  assert(files.length > 0, "lib/protocol is empty: nothing was checked");
  const found = [];
  for (const file of files) {
    const source = await Deno.readTextFile(new URL(file, folder));
    found.push(...findImpurities(file, source));
  }
  assert.deepEqual(
    found.map((one) => `lib/protocol/${one.file}:${one.line} ${one.message}`),
    [],
  );
});

Deno.test("purity check: every impure name is refused, wherever it stands", async (t) => {
  const samples: Record<string, string> = {
    Deno: "export const os = Deno.build.os;",
    WebSocket: "new WebSocket(url);",
    setTimeout: "setTimeout(run, 5);",
    setInterval: "const later = setInterval;",
    Date: "const now = Date.now();",
    performance: "const text = `at ${performance.now()}`;",
    fetch: "function get(ask = fetch) { return ask(url); }",
    process: "const { env } = process;",
    console: 'console["log"](1);',
    crypto: "crypto.getRandomValues(bytes); ",
    globalThis: "type World = typeof globalThis;",
    Buffer: "Buffer.from(text);",
    queueMicrotask: "queueMicrotask(run);",
    AbortSignal: "AbortSignal.timeout(5);",
  };
  for (const [name, source] of Object.entries(samples)) {
    await t.step(name, () => {
      assert(messages(source).includes(`names ${name}`), source);
    });
  }
  await t.step("new Date", () => {
    assert.deepEqual(messages("const d = new Date(5);"), ["names Date"]);
  });
  await t.step("crypto.randomUUID", () => {
    assert.deepEqual(messages("crypto.randomUUID();"), ["names crypto"]);
  });
  await t.step("a shorthand property", () => {
    assert(messages("const world = { fetch };").includes("names fetch"));
  });
  await t.step("import.meta", () => {
    assert.deepEqual(messages("import.meta.url;"), ["names import.meta"]);
  });
});

Deno.test("purity check: Math.random is refused in every spelling, other Math is not", () => {
  for (
    const source of [
      "Math.random();",
      'Math["random"]();',
      "const { random } = Math;",
      "const maths = Math; maths.random();",
    ]
  ) assert.equal(messages(source).length, 1, source);
  assert.deepEqual(messages("Math.min(1, Math.max(2, 3));"), []);
});

Deno.test("purity check: only node:crypto's functions of their arguments may be imported", () => {
  assert.deepEqual(
    messages(
      'import { createHash, timingSafeEqual } from "node:crypto";\n' +
        'import type { Hash } from "node:crypto";\n' +
        'import { a } from "../message/payload.ts";\n' +
        'export { b } from "./events.ts";',
    ),
    [],
  );
  const refused: [string, string][] = [
    [
      'import { randomBytes } from "node:crypto";',
      "imports randomBytes of node:crypto",
    ],
    [
      'import { randomUUID as hash } from "node:crypto";',
      "imports randomUUID of node:crypto",
    ],
    [
      'import * as all from "node:crypto";',
      "imports all of node:crypto, randomness too",
    ],
    [
      'import all from "node:crypto";',
      "imports all of node:crypto, randomness too",
    ],
    ['export * from "node:crypto";', "exports node:crypto again"],
    [
      'import { a } from "npm:a";',
      'imports "npm:a": only node:crypto and files of this folder are allowed',
    ],
    [
      'import type { a } from "node:net";',
      'imports "node:net": only node:crypto and files of this folder are allowed',
    ],
    [
      'export { a } from "https://example.com/a.ts";',
      'imports "https://example.com/a.ts": only node:crypto and files of this folder are allowed',
    ],
    [
      'import { a } from "../../session/driver.ts";',
      'imports "../../session/driver.ts": it lies outside this folder',
    ],
    ['await import("./events.ts");', "imports while running"],
    [
      'let hash: import("node:crypto").Hash;',
      "imports a type without an import line",
    ],
  ];
  for (const [source, message] of refused) {
    assert.deepEqual(messages(source), [message], source);
  }
});

Deno.test("purity check: comments, strings, members and keys are no breach", () => {
  assert.deepEqual(
    messages(`
// Deno.exit, Date.now
/* setTimeout(…) */
const text = "Math.random fetch";
const template = \`process \${text} console\`;
interface Clock { performance: number; fetch(): void }
class Stream { process = 1; prompt() { return this.process; } }
const table = { crypto: 1, Deno: 2 };
use(table.crypto, message?.console, table.Deno);
export { table as performance };
`),
    [],
  );
});

Deno.test("purity check: the line of a breach is named", () => {
  assert.deepEqual(findImpurities("a.ts", "// … é 😀\n\nfetch(url);\n\n\n\n"), [
    { file: "a.ts", line: 3, message: "names fetch" },
  ]);
});
