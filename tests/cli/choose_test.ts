import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import { fullScreenOf } from "../testkit/full_screen.ts";
import { hasPty } from "../testkit/pty.ts";
import {
  type ForegroundProgram,
  runInTerminal,
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const needsPty = { ignore: !hasPty };
const prompt = "remote> ";
const size = { cols: 80, rows: 24 };

const start = (...args: readonly string[]) =>
  startSimulatorProgram(["--shell", `env PS1='${prompt}' sh`, ...args]);

/** Waits until the screen shows something. */
async function seen(
  { pty }: ForegroundProgram,
  pattern: RegExp,
  from = 0,
  shown = size,
): Promise<string> {
  for (;;) {
    const { lines } = await fullScreenOf(pty.text.slice(from), shown);
    const text = lines.join("\n");
    if (pattern.test(text)) return text;
    await pty.until(/./s);
  }
}

/** The program has ended: terminal and screen as before, no session left. */
async function checkEnd(
  program: ForegroundProgram,
  simulator: SimulatorProgram,
  code: number,
): Promise<void> {
  assert.equal(await program.code(), code);
  assert.equal(await program.pty.settings(), program.settingsBefore);
  const { second, wraps, marksPastes, lines } = await fullScreenOf(
    program.pty.text,
    size,
  );
  assert.deepEqual({ second, wraps, marksPastes }, {
    second: false,
    wraps: true,
    marksPastes: false,
  });
  // What was there before the choice is there again, and nothing of it.
  assert.match(lines[0] ?? "", /^PROGRAM \d+$/);
  assert.ok(!lines.some((line) => line.includes("PING")), lines.join("\n"));
  assert.deepEqual(await simulator.activeSessions(), []);
}

Deno.test(
  "choice: ssm alone; a filter, Enter, and not a key is lost for the shell",
  needsPty,
  async () => {
    await using simulator = await start(
      "--node",
      "name=web-1,tag:role=web",
      "--node",
      "name=web-2,tag:role=web",
      "--node",
      "name=db,stopped,unregistered",
    );
    await using program = await runInTerminal(programCommand(), simulator.env);
    const { pty } = program;
    const screen = await seen(program, /3\/3$/m);
    assert.match(
      screen,
      /^Node> +3\/3\n {2}NAME +ID +STATE +PING +ADDRESS .*\n> web-1 +i-\w{17} +running +Online .*\n {2}web-2 .*\n {2}db +i-\w+ +stopped +- /,
    );
    // A paste is a filter: neither does its end choose, nor does the rest run anywhere.
    await pty.write("\x1b[200~tag:role=web !web-1\recho pas''ted\r\x1b[201~");
    assert.match(await seen(program, /> web-2/), / 1\/3\n/);
    // All in one: what comes behind Enter is for the session.
    await pty.write("\recho ty''ped-ahead\r");
    await pty.until("typed-ahead\r\n");
    await pty.write("echo fi''rst\r");
    await pty.until("first\r\n");
    await pty.write("exit\r");
    await checkEnd(program, simulator, 0);
    assert.doesNotMatch(pty.text, /pasted/);

    // It is the one to begin with next time; a node that cannot be reached says why.
    await using again = await runInTerminal(
      [...programCommand(), "shell"],
      simulator.env,
    );
    assert.match(await seen(again, /3\/3$/m), /\n> web-2 /);
    await again.pty.write("db\r");
    await seen(again, /db cannot be reached: stopped; Enter again/);
    await again.pty.write("\x1b");
    await checkEnd(again, simulator, 125);
    assert.match(again.pty.text, /No node was chosen\r\n/);
  },
);

Deno.test(
  "choice: Ctrl-C and SIGTERM leave the terminal as it was",
  needsPty,
  async () => {
    await using simulator = await start();
    await using program = await runInTerminal(programCommand(), simulator.env);
    await seen(program, /2\/2$/m);
    const before = program.pty.text.length;
    const narrow = { cols: 20, rows: 5 };
    await program.pty.resize(narrow.cols, narrow.rows);
    assert.match(
      await seen(program, /Enter/, before, narrow),
      /^> +2\/2\n {2}NAME *\n> db *\n {2}web-server\nEnter: ssm shell {3}…$/,
    );
    await program.pty.write("\x03");
    await checkEnd(program, simulator, 130);

    await using other = await runInTerminal(programCommand(), simulator.env);
    await seen(other, /2\/2$/m);
    Deno.kill(other.pid, "SIGTERM");
    await checkEnd(other, simulator, 143);
  },
);
