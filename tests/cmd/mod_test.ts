import assert from "node:assert/strict";
import type { Command, RouteMap } from "@stricli/core";
import type { CommandWorld } from "../../cmd/context.ts";
import { root, runCommandLine } from "../../cmd/mod.ts";
import { version } from "../../lib/version.ts";
import { TestContext } from "../testkit/context.ts";

/** It is read in terminals of the least usual size. */
function assertFits(text: string): void {
  const long = text.split("\n").filter((line) => [...line].length > 80);
  assert.deepEqual(long, []);
}

/** Every command with the words that lead to it. */
function* commands(
  routes: RouteMap<CommandWorld>,
  path: readonly string[] = [],
): Generator<[path: string[], command: Command<CommandWorld>]> {
  for (const { name, target } of routes.getAllEntries()) {
    const next = [...path, name["convert-camel-to-kebab"]];
    if ("parameters" in target) yield [next, target];
    else yield* commands(target, next);
  }
}

async function output(...args: string[]) {
  const context = new TestContext();
  const code = await runCommandLine(args, context);
  const { outputText, errorText } = context.terminal;
  return { code, out: outputText, err: errorText, context };
}

Deno.test("the version is that of deno.json", async () => {
  const text = await Deno.readTextFile(
    new URL("../../deno.json", import.meta.url),
  );
  const config: { version: string } = JSON.parse(text);
  assert.equal(version, config.version);
  for (const args of [["--version"], ["version"], ["-q", "--version"]]) {
    const { code, out, err } = await output(...args);
    assert.deepEqual([code, out, err], [0, `${version}\n`, ""]);
  }
});

Deno.test("help goes to stdout, whichever way it is asked for", async () => {
  const { out } = await output("--help");
  assert.match(out, /Commands:\n {2}shell /);
  assertFits(out);
  for (const args of [[], ["-h"], ["help"], ["-v"], ["--region", "x"]]) {
    const other = await output(...args);
    assert.deepEqual([other.code, other.out, other.err], [0, out, ""]);
  }
  const shell = (await output("shell", "--help")).out;
  for (
    const args of [
      ["help", "shell"],
      ["--help", "shell"],
      ["shell", "web", "-h"],
      ["shell", "--unknown", "--help"],
      ["shell", "--region", "x", "--help", "--", "--version"],
    ]
  ) assert.equal((await output(...args)).out, shell, args.join(" "));
});

Deno.test("the help of every command has its usage, examples and every flag", async () => {
  let count = 0;
  for (const [path, command] of commands(root)) {
    count++;
    const { code, out, err } = await output(...path, "--help");
    assert.deepEqual([code, err], [0, ""]);
    assert.ok(out.startsWith(`Usage:\n  ssm ${path.join(" ")} `), out);
    assert.match(out, /\nExamples:\n {2}# .+\n {2}.*ssm /);
    assert.match(out, /\n {2}-h, --help +Show this text\n/);
    assert.ok(out.endsWith("\n") && !out.endsWith("\n\n"));
    assertFits(out);
    for (const [key, flag] of Object.entries(command.parameters.flags ?? {})) {
      const name = key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
      assert.equal(
        new RegExp(`^ +(-., )?--${name}( |\\[|$)`, "m").test(out),
        !flag.hidden,
        `--${name} of ${path.join(" ")}`,
      );
    }
  }
  assert.equal(count >= 2, true);
});

Deno.test("an unknown command is named, with those like it", async () => {
  for (
    const [args, message] of [
      [["shel"], "Unknown command: shel; did you mean ssm shell?"],
      [["simualte"], "Unknown command: simualte; did you mean ssm simulate?"],
      [["frobnicate"], "Unknown command: frobnicate"],
      [["toString"], "Unknown command: toString"],
      [["a\x1b[2J"], "Unknown command: a\\x1b[2J"],
      [["help", "shel"], "Unknown command: shel; did you mean ssm shell?"],
    ] as const
  ) {
    const { code, out, err } = await output(...args);
    assert.deepEqual(
      [code, out, err],
      [125, "", `ssm: ${message}\nhint: ssm --help\n`],
    );
  }
});

Deno.test("a word behind a group is a command or unknown, with --help too", async () => {
  for (
    const [args, message] of [
      [["end"], "Unknown command: end; did you mean ssm sessions kill?"],
      [
        ["end", "--help"],
        "Unknown command: end; did you mean ssm sessions kill?",
      ],
      [["kil"], "Unknown command: kil; did you mean ssm sessions kill?"],
    ] as const
  ) {
    const { code, out, err } = await output("sessions", ...args);
    assert.deepEqual(
      [code, out, err],
      [125, "", `ssm: ${message}\nhint: ssm sessions --help\n`],
    );
  }
});

Deno.test("flags of a command may come before it", async () => {
  const { code, context } = await output(
    "--region",
    "eu-west-1",
    "-q",
    "--profile=p",
    "shell",
    "web",
  );
  assert.equal(code, 0);
  assert.equal(context.connections[0]?.region, "eu-west-1");
  assert.equal(context.connections[0]?.profile, "p");
  assert.equal(context.terminal.errorText, "");
});

Deno.test("colour only where the world allows it, and not with --no-color", async () => {
  for (
    const [color, args, expected] of [
      [true, ["shell"], true],
      [true, ["shell", "--no-color"], false],
      [false, ["shell"], false],
    ] as const
  ) {
    const context = new TestContext();
    context.color = color;
    assert.equal(await runCommandLine(args, context), 125);
    assert.equal(context.terminal.errorText.includes("\x1b["), expected);
  }
});

Deno.test("a closed standard output ends quietly with 141", async () => {
  const context = new TestContext();
  context.terminal.writeFailure = new Deno.errors.BrokenPipe();
  assert.equal(await runCommandLine(["--help"], context), 141);
  assert.equal(context.terminal.errorText, "");
});
