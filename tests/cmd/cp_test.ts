import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { CopySessionLostError } from "../../lib/copy/copy_session.ts";
import { CopyError } from "../../lib/copy/copy_job.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { TestContext } from "../testkit/context.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

/** Runs `ssm cp`, with a copy that does what the test says. */
async function cp(
  args: readonly string[],
  onCopy: TestContext["onCopy"] = () => Promise.resolve(),
  context = new TestContext(new MemoryTerminal({ interactive: false })),
) {
  context.onCopy = onCopy;
  const code = await runCommandLine(["cp", ...args], context);
  return {
    code,
    context,
    copy: context.copies[0],
    stderr: context.terminal.errorText,
  };
}

Deno.test("cp: flags and arguments", async () => {
  const { code, copy, context } = await cp([
    "-rp",
    "--sessions",
    "3",
    "a",
    "./b:c",
    "web-server:to/",
  ]);
  assert.equal(code, 0);
  assert.equal(copy?.direction, "up");
  assert.deepEqual(copy?.sources, ["a", "./b:c"]);
  assert.equal(copy?.destination, "to/");
  assert.deepEqual(
    [copy?.recursive, copy?.preserve, copy?.sessions],
    [true, true, 3],
  );
  assert.equal(context.awsClosed, 1);
});

Deno.test("cp: arguments behind -- may begin with a dash, and SSM_TARGET is the node", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  context.variables.set("SSM_TARGET", "db");
  let asked = "";
  context.onResolve = (text) => {
    asked = text;
    return Promise.resolve({ id: "i-0123456789abcdef0", name: text });
  };
  const { copy } = await cp(["--", "-odd", ":x"], undefined, context);
  assert.deepEqual(copy?.sources, ["-odd"]);
  assert.equal(asked, "db");
});

Deno.test("cp: each session runs the command it is told to, as the document's parameter", async () => {
  const { context } = await cp(
    ["-q", "web-server:x", ".", "--reason", "why"],
    async ({ start, signal }) => {
      await start("first", signal);
      await start("second", signal);
    },
  );
  assert.deepEqual(
    context.requests.map(({ target, documentName, parameters, reason }) => [
      target,
      documentName,
      parameters,
      reason,
    ]),
    ["first", "second"].map((command) => [
      "i-0123456789abcdef0",
      "AWS-StartInteractiveCommand",
      { command: [command] },
      "why",
    ]),
  );
});

Deno.test("cp: a file that fails is named with both ends where the other is at fault", async () => {
  const { code, stderr } = await cp(["a", "web-server:b"], ({ failed }) => {
    failed("here", "a", "No such file or directory");
    failed("here", "a\x1b", "Permission denied", "b");
    failed("node", "x", "it changed while it was copied");
    failed("node", "x", "No space left on device", "./y");
    return Promise.resolve();
  });
  assert.equal(code, 1);
  assert.equal(
    stderr,
    "ssm: Cannot copy a: No such file or directory\n" +
      "ssm: Cannot copy a\\x1b to web-server:b: Permission denied\n" +
      "ssm: Cannot copy web-server:x: it changed while it was copied\n" +
      "ssm: Cannot copy web-server:x to ./y: No space left on device\n",
  );
});

Deno.test("cp: what was copied is said at the end, unless nothing is to be said", async () => {
  const copy: TestContext["onCopy"] = ({ tally }) => {
    tally.filesDone = 2;
    tally.done = 3_000_000;
    tally.found = 1_000_000;
    return Promise.resolve();
  };
  const { stderr } = await cp(["a", "web-server:b"], copy);
  assert.match(stderr, /^Copied 2 files, 3\.0 MB \(1\.0 MB of it before\) in /);
  assert.equal((await cp(["-q", "a", "web-server:b"], copy)).stderr, "");
});

Deno.test("cp: ends of sessions have the exit codes of all commands", async () => {
  const lost = (kind: "lost" | "terminated" | "ended", began: boolean) =>
    cp(["a b", "web-server:c"], (options) => {
      if (began) options.began();
      options.tally.partial = began;
      const end = kind === "ended" ? { kind } : { kind, message: "gone" };
      return Promise.reject(new CopySessionLostError("gone", end));
    });
  const hint = "hint: ssm cp 'a b' web-server:c goes on where it was\n";
  const results = [
    await lost("lost", true),
    await lost("terminated", true),
    await lost("ended", false),
  ];
  assert.deepEqual(results.map(({ code }) => code), [255, 1, 125]);
  assert.equal(results[0]!.stderr, `ssm: Cannot copy: gone\n${hint}`);
  assert.equal(
    results[2]!.stderr,
    "ssm: Cannot copy: gone\n" +
      "  ssm cp needs a POSIX shell with stty and dd on the node\n",
  );
  const wrong = await cp(["a", "web-server:b"], (options) => {
    options.began();
    return Promise.reject(new CopyError("there is no folder b on the node"));
  });
  assert.equal(wrong.code, 1);
  assert.equal(
    wrong.stderr,
    "ssm: Cannot copy: there is no folder b on the node\n",
  );
});

Deno.test("cp: a signal ends it, and says how to go on", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  const { code, stderr } = await cp(["a", "web-server:b"], (options) => {
    options.began();
    options.tally.partial = true;
    context.abort(new SignalError("SIGINT"));
    return Promise.reject(new Error("given up"));
  }, context);
  assert.equal(code, 130);
  assert.equal(stderr, "hint: ssm cp a web-server:b goes on where it was\n");
});

Deno.test("cp: nothing is copied that makes no sense", async () => {
  const cases: [string[], RegExp][] = [
    [["a", "b"], /^ssm: Cannot copy: one of the ends/],
    [["-r", "n:a", "-"], /^ssm: Cannot copy folders to standard output/],
    [["-odd:x", "."], /^ssm: /],
    [["--sessions", "0", "a", "n:b"], /--sessions/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, copy } = await cp(args);
    assert.equal(code, 125, args.join(" "));
    assert.match(stderr, message);
    assert.equal(copy, undefined);
  }
});

Deno.test("cp: on a terminal a line shows how far it is, and is gone at the end", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  context.errorIsTerminal = true;
  const { stderr } = await cp(["a", "web-server:b"], async (options) => {
    const { tally } = options;
    Object.assign(tally, { total: 2_000_000, files: 1, current: "a" });
    options.began();
    tally.done = 1_000_000;
    await context.clock.advance(1000);
  }, context);
  assert.ok(stderr.includes("\r\x1b[Ka  [--------------------] 0%"));
  assert.match(
    stderr,
    /\[#{10}-{10}\] 50% {2}1\.0 MB of 2\.0 MB {2}1\.0 MB\/s {2}0:01 left/,
  );
  assert.ok(stderr.endsWith("\r\x1b[K"), JSON.stringify(stderr));
});

Deno.test("cp: what is to be typed in place of a wrong target is the whole command", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  context.onResolve = () =>
    Promise.reject(
      Object.assign(new Error("Cannot find a node named webserver"), {
        name: "TargetNotFoundError",
        suggestions: ["web-server"],
        complete: true,
      }),
    );
  const { code, stderr } = await cp(
    ["-r", "a", "b c", "webserver:d", "--profile", "p"],
    undefined,
    context,
  );
  assert.equal(code, 125);
  assert.match(
    stderr,
    /\nhint: ssm cp -r a 'b c' web-server:d --profile p\n$/,
  );
});
