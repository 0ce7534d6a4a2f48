import assert from "node:assert/strict";
import {
  bundleArguments,
  compileArguments,
  parseCompileOptions,
  targets,
} from "../../scripts/compile.ts";

Deno.test("compile: target and output, with and without an equals sign", () => {
  const windows = Deno.build.os === "windows" ? ".exe" : "";
  assert.deepEqual(parseCompileOptions([]), {
    target: undefined,
    output: `dist/ssm${windows}`,
  });
  assert.deepEqual(
    parseCompileOptions(["--target", "aarch64-apple-darwin", "--output=x/y=z"]),
    { target: "aarch64-apple-darwin", output: "x/y=z" },
  );
  assert.deepEqual(parseCompileOptions(["--target=x86_64-pc-windows-msvc"]), {
    target: "x86_64-pc-windows-msvc",
    output: "dist/ssm-x86_64-pc-windows-msvc.exe",
  });
});

Deno.test("compile: what cannot be meant is refused with what can", () => {
  for (
    const [args, message] of [
      [["--traget", "x"], /--traget is unknown/],
      [["--target", "riscv"], /riscv is no target[\s\S]*aarch64-apple-darwin/],
      [["--output"], /--output needs a value/],
      [["--output="], /--output needs a value/],
      [["x"], /x is unknown/],
    ] as const
  ) assert.throws(() => parseCompileOptions(args), { message });
});

Deno.test("compile: Linux and macOS on both machines, Windows on x86-64", () => {
  assert.deepEqual(
    targets.map((one) => one.replace(/-(unknown|apple|pc)-/, " ")).sort(),
    [
      "aarch64 darwin",
      "aarch64 linux-gnu",
      "x86_64 darwin",
      "x86_64 linux-gnu",
      "x86_64 windows-msvc",
    ],
  );
});

Deno.test("compile: no questions, no code cache, no everything, no native module", () => {
  const args = compileArguments("main.js", { target: undefined, output: "o" });
  for (const flag of ["--no-prompt", "--no-code-cache", "--no-npm"]) {
    assert(args.includes(flag), flag);
  }
  for (const flag of ["-A", "--allow-all", "--allow-ffi", "--allow-import"]) {
    assert(!args.includes(flag), flag);
  }
  const bundle = bundleArguments("main.ts", "out");
  assert.equal(bundle[bundle.indexOf("--external") + 1], "@lydell/node-pty");
});
