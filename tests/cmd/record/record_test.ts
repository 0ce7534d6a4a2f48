import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { openRecorder } from "../../../cmd/record/recorder.ts";
import { TransportError } from "../../../lib/session/transport.ts";
import { TestContext } from "../../testkit/context.ts";
import type { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const encoder = new TextEncoder();

/** A folder of the test's own. */
async function inFolder(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "ssm-record-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a recording holds: its header, and its events without their times. */
async function readBack(
  path: string,
): Promise<{ header: Record<string, unknown>; events: [string, string][] }> {
  const [first = "", ...rest] = (await Deno.readTextFile(path)).split("\n");
  assert.equal(rest.pop(), "");
  return {
    header: JSON.parse(first),
    events: rest.map((line) => JSON.parse(line).slice(1)),
  };
}

/** A context whose session prints, takes a key and is resized. */
function contextWithSession(terminal?: MemoryTerminal): TestContext {
  const context = new TestContext(terminal);
  context.errorIsTerminal = true;
  context.variables.set("SHELL", "/bin/zsh");
  context.variables.set("TERM", "xterm");
  context.onShell = async ({ terminal }) => {
    using _resizes = terminal.onResize(() => {});
    await terminal.write(encoder.encode("prompt$ "));
    context.terminal.type("secret");
    await terminal.read();
    context.terminal.resize({ cols: 100, rows: 30 });
    await terminal.writeError(encoder.encode("error\n"));
    return { kind: "ended" };
  };
  return context;
}

Deno.test("record: what the terminal got, in a private file; nothing of what was typed", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.cast`;
    const context = contextWithSession();
    assert.equal(
      await runCommandLine(["shell", "web", "--record", path, "-q"], context),
      0,
    );
    assert.deepEqual(await readBack(path), {
      header: {
        version: 2,
        width: 80,
        height: 24,
        timestamp: 1_700_000_000,
        title: "ssm shell web",
        env: { SHELL: "/bin/zsh", TERM: "xterm" },
      },
      events: [["o", "prompt$ "], ["r", "100x30"], ["o", "error\r\n"]],
    });
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal(context.terminal.outputText, "prompt$ ");
    assert.equal(context.terminal.errorText, "error\n");
  }));

Deno.test("record: notices on the same terminal belong to it; on another one they do not", () =>
  inFolder(async (folder) => {
    for (const [errorIsTerminal, wanted] of [[true, 1], [false, 0]] as const) {
      const path = `${folder}/${wanted}.cast`;
      const context = contextWithSession();
      context.errorIsTerminal = errorIsTerminal;
      await runCommandLine(["shell", "web", "--record", path], context);
      const { events } = await readBack(path);
      assert.equal(
        events.filter(([, text]) => text === "Session ended\r\n").length,
        wanted,
      );
    }
  }));

Deno.test("record: --record-input, of exec -t too", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.cast`;
    const context = contextWithSession();
    await runCommandLine(
      [
        "exec",
        "-t",
        "web",
        "-q",
        "--record",
        path,
        "--record-input",
        "--",
        "x",
      ],
      context,
    );
    const { header, events } = await readBack(path);
    assert.equal(header.title, "ssm exec -t web");
    assert.deepEqual(events, [
      ["o", "prompt$ "],
      ["i", "secret"],
      ["r", "100x30"],
      ["o", "error\r\n"],
    ]);
  }));

Deno.test("record: a file that is there is refused before AWS is asked, continued or replaced", () =>
  inFolder(async (folder) => {
    const path = `${folder}/it's.cast`;
    const once = async (...flags: string[]) => {
      const context = contextWithSession();
      const code = await runCommandLine(
        ["shell", "web", "-q", "--record", path, ...flags],
        context,
      );
      return { code, context };
    };
    assert.equal((await once("--record-append")).code, 0);
    const { code, context } = await once();
    assert.equal(code, 125);
    assert.equal(context.connections.length, 0);
    assert.match(
      context.terminal.errorText.replaceAll("\n     ", " "),
      /Cannot record to .*it is there already; --record-append .*\nhint: ssm play '/,
    );
    assert.equal((await readBack(path)).events.length, 3);

    assert.equal((await once("--record-append")).code, 0);
    // The first one ended with another size than this one begins with.
    assert.deepEqual((await readBack(path)).events.slice(3), [
      ["r", "80x24"],
      ["o", "prompt$ "],
      ["r", "100x30"],
      ["o", "error\r\n"],
    ]);
    assert.equal((await once("--record-overwrite")).code, 0);
    assert.equal((await readBack(path)).events.length, 3);
  }));

Deno.test("record: what no recording can go on behind is left as it is", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.cast`;
    for (
      const [text, message] of [
        ["hello\n", /it is no whole recording, line 1: this is no JSON/],
        [
          '{"version":2,"width":8,"height":2}\n[1, "o"',
          /line 2: the recording breaks off here/,
        ],
        [
          '{"version":3,"term":{"cols":8,"rows":2}}\n',
          /it is of asciicast version 3/,
        ],
      ] as const
    ) {
      await Deno.writeTextFile(path, text);
      const context = contextWithSession();
      assert.equal(
        await runCommandLine(
          ["shell", "web", "--record", path, "--record-append"],
          context,
        ),
        125,
      );
      assert.match(
        context.terminal.errorText.replaceAll("\n     ", " "),
        message,
      );
      assert.equal(await Deno.readTextFile(path), text);
    }
    // A last line without an end gets one.
    await Deno.writeTextFile(
      path,
      '{"version":2,"width":80,"height":24}\n[2, "o", "a"]',
    );
    await runCommandLine(
      ["shell", "web", "-q", "--record", path, "--record-append"],
      contextWithSession(),
    );
    const lines = (await Deno.readTextFile(path)).split("\n");
    assert.equal(lines[1], '[2, "o", "a"]');
    assert.equal(lines[2], '[2.000000, "o", "prompt$ "]');
  }));

Deno.test("record: no session, no file; the same command can be given again", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.cast`;
    const names = async () =>
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    for (
      const flags of [[], ["--record-append"], ["--record-overwrite"]] as const
    ) {
      const context = new TestContext();
      context.onShell = () => Promise.reject(new TransportError("no network"));
      assert.equal(
        await runCommandLine(
          ["shell", "web", "--record", path, ...flags],
          context,
        ),
        125,
      );
      assert.deepEqual(await names(), [], flags.join());
    }
  }));

Deno.test("record: an old recording is replaced when there is a session, and not before", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.cast`;
    await Deno.writeTextFile(path, "old");
    const args = ["shell", "web", "--record", path, "--record-overwrite"];
    for (const where of ["onResolve", "onStart", "onShell"] as const) {
      const context = new TestContext();
      Object.assign(context, {
        [where]: () => Promise.reject(new TransportError("no network")),
      });
      assert.equal(await runCommandLine(args, context), 125);
      assert.equal(await Deno.readTextFile(path), "old");
    }
    const context = new TestContext();
    context.onShell = async ({ terminal }) => {
      assert.equal(await Deno.readTextFile(path), "old");
      await terminal.write(encoder.encode("prompt$ "));
      return { kind: "ended" };
    };
    assert.equal(await runCommandLine(args, context), 0);
    assert.deepEqual((await readBack(path)).events, [["o", "prompt$ "]]);
    const names = await Array.fromAsync(Deno.readDir(folder));
    assert.deepEqual(names.map(({ name }) => name), ["a.cast"]);
  }));

Deno.test("record: a session that printed nothing has a recording, with what was typed", () =>
  inFolder(async (folder) => {
    for (const words of [["shell", "web"], ["exec", "-t", "web"]] as const) {
      const path = `${folder}/${words[0]}.cast`;
      const context = new TestContext();
      context.onShell = async ({ terminal, notify }) => {
        notify({
          kind: "started",
          encrypted: false,
          agentVersion: "3.3.0.0",
          customerMessage: "",
        });
        terminal.unread(encoder.encode("secret"));
        await terminal.read();
        return { kind: "ended" };
      };
      await runCommandLine(
        [
          ...words,
          "-q",
          "--record",
          path,
          "--record-input",
          ...(words[0] === "exec" ? ["--", "true"] : []),
        ],
        context,
      );
      assert.deepEqual((await readBack(path)).events, [["i", "secret"]]);
    }
  }));

Deno.test("record: what makes no sense is refused", () =>
  inFolder(async (folder) => {
    const path = `${folder}/no/folder/a.cast`;
    for (
      const [args, message] of [
        [["shell", "web", "--record", "-"], /to standard output/],
        [["shell", "web", "--record", path], /Cannot record to .*No such file/],
        [["shell", "web", "--record-append"], /without --record/],
        [["shell", "web", "--record-input"], /without --record/],
        [
          ["shell", "web", "--record", path, "--no-native"],
          /--record with --no-native/,
        ],
        [
          [
            "shell",
            "web",
            "--record",
            path,
            "--record-append",
            "--record-overwrite",
          ],
          /--record-append with --record-overwrite/,
        ],
        [
          ["exec", "web", "--record", path, "--", "x"],
          /--record without --tty: .*\nhint: ssm exec -t web --record /,
        ],
      ] as const
    ) {
      const context = new TestContext();
      assert.equal(await runCommandLine(args, context), 125, args.join(" "));
      assert.match(context.terminal.errorText, message);
      assert.equal(context.connections.length, 0);
    }
  }));

Deno.test("record: a disk that is too slow ends the recording, not the session", () =>
  inFolder(async (folder) => {
    const context = new TestContext();
    const recorder = await openRecorder(
      { path: `${folder}/a.cast`, input: false, existing: "refuse" },
      "",
      context,
    );
    const said: string[] = [];
    recorder.onFailure = (sentence) => said.push(sentence);
    // Time stands still, so nothing is written.
    const piece = new Uint8Array(1024 * 1024);
    for (let count = 0; count < 70; count++) {
      await recorder.terminal.write(piece);
    }
    await recorder.close();
    assert.equal(context.terminal.output.length, 70 * piece.length);
    assert.equal(said.length, 1);
    assert.equal(context.log.redirected, undefined);
    assert.match(said[0] ?? "", /too slow; it ends here, the session goes on/);
  }));
