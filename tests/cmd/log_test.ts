import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { StatusLine } from "../../cmd/status_line.ts";
import { TestContext } from "../testkit/context.ts";

/** A context whose session's start logs an event of each level, and a secret. */
function contextThatLogs(): TestContext {
  const context = new TestContext();
  const { onStart } = context;
  context.onStart = (request, notice, signal) => {
    context.log.secret("secret-token");
    context.log.event({
      level: 1,
      what: "aws ssm:StartSession",
      values: { ms: 5, error: "token secret-token, twice secret-token" },
    });
    context.log.event({ level: 2, what: "→ protocol" });
    return onStart(request, notice, signal);
  };
  return context;
}

Deno.test("log: -v says what happens, -vv the protocol, -q nothing", async () => {
  for (
    const [flags, first, second] of [
      [[], false, false],
      [["-v"], true, false],
      [["-vv"], true, true],
      [["-v", "--verbose"], true, true],
      [["-vvv"], true, true],
      [["-vv", "-q"], false, false],
    ] as const
  ) {
    const context = contextThatLogs();
    assert.equal(
      await runCommandLine(["shell", "web", ...flags], context),
      0,
    );
    const { errorText } = context.terminal;
    assert.equal(
      errorText.includes(
        'aws ssm:StartSession ms=5 error="token •••, twice •••"\n',
      ),
      first,
      flags.join(),
    );
    assert.equal(errorText.includes("→ protocol\n"), second, flags.join());
    assert(!errorText.includes("said:"));
    // It is over with the command.
    assert.equal(context.log.level, 0);
  }
});

Deno.test("log: --log-file gets everything, privately, behind what is there", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  try {
    for (const flags of [["--log-file", path], ["-q", `--log-file=${path}`]]) {
      const context = contextThatLogs();
      await runCommandLine(["shell", "web", ...flags], context);
      assert(!context.terminal.errorText.includes("aws ssm:"));
      // Other programs of ours that this one starts.
      assert.equal(context.variables.get("SSM_LOG_FILE"), path);
    }
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
    for (const line of lines) {
      assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z \d+ \S/);
    }
    const events = lines.map((line) => line.split(" ").slice(2).join(" "));
    assert.equal(events.length, 16);
    assert.match(events[0] ?? "", /^begin ssm=/);
    assert.deepEqual(events.slice(1, 8), [
      "ssm shell",
      'aws ssm:StartSession ms=5 error="token •••, twice •••"',
      "→ protocol",
      "said: Session user-0123456789abcdef0 on i-0123456789abcdef0 (web)",
      "said: Enter ~? lists the escape keys",
      "said: Session ended",
      "end code=0",
    ]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("log: SSM_LOG_FILE does as well, and errors are in it with their causes", async () => {
  const path = await Deno.makeTempFile();
  try {
    const context = new TestContext();
    context.variables.set("SSM_LOG_FILE", path);
    context.onResolve = () =>
      Promise.reject(
        new Error("outer", { cause: new TypeError("password=hunter2") }),
      );
    assert.equal(await runCommandLine(["shell", "web"], context), 125);
    const text = await Deno.readTextFile(path);
    assert.match(text, / error name=Error message=outer stack="/);
    assert.match(text, / "?caused by"? name=TypeError message=".*•••/);
    assert(!text.includes("hunter2"));
    assert.match(text, / end code=125\n/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("log: a file that cannot be opened is an error before anything is done", async () => {
  const context = new TestContext();
  assert.equal(
    await runCommandLine(
      ["shell", "web", "--log-file", "/no/such/folder/log"],
      context,
    ),
    125,
  );
  assert.match(
    context.terminal.errorText,
    /^ssm: Cannot log to \/no\/such\/folder\/log: No such file or directory\n/,
  );
  assert.equal(context.connections.length, 0);
});

Deno.test("log: a live line is kept below what is logged", async () => {
  const context = new TestContext();
  const { terminal, clock, log } = context;
  {
    using status = new StatusLine({
      terminal,
      clock,
      log,
      live: true,
      status: () => "live",
    });
    status.start();
    log.redirected?.("logged");
    await status.written();
  }
  assert.equal(log.redirected, undefined);
  assert.equal(terminal.errorText, "\r\x1b[Klive\r\x1b[Klogged\nlive\r\x1b[K");
});

Deno.test("colour: --no-color holds for everything that a command says", async () => {
  const context = new TestContext();
  context.color = context.outputColor = true;
  assert.equal(
    await runCommandLine(["shell", "web", "--no-color"], context),
    0,
  );
  assert(!context.color && !context.outputColor);
});
