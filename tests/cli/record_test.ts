import assert from "node:assert/strict";
import { readCast } from "../../lib/cast/reader.ts";
import { programCommand } from "../testkit/executable.ts";
import { hasPty } from "../testkit/pty.ts";
import {
  type ForegroundProgram,
  runInTerminal,
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const startSimulator = () =>
  startSimulatorProgram(["--shell", "env PS1='remote> ' sh"]);

/** A shell that is recorded, at its prompt. */
interface Recording {
  readonly simulator: SimulatorProgram;
  readonly program: ForegroundProgram;
  /** The file. */
  readonly path: string;
}

/** Records a shell in a folder that is removed afterwards. */
async function recorded(
  run: (recording: Recording) => Promise<void>,
): Promise<void> {
  await using simulator = await startSimulator();
  const folder = await Deno.makeTempDir({ prefix: "ssm-record-" });
  const path = `${folder}/a.cast`;
  try {
    await using program = await runInTerminal(
      [...programCommand(), "shell", "web-server", "--record", path, "-q"],
      simulator.env,
    );
    await program.pty.until("remote> ");
    await run({ simulator, program, path });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "record: a session that a signal ends is whole in its file, and plays",
  ignore: !hasPty,
  fn: () =>
    recorded(async ({ simulator, program, path }) => {
      const { pty } = program;
      await pty.write("printf '\\033[?1049h\\033[?25l'; echo gr''üße\r");
      await pty.until("grüße\r\n");
      await pty.resize(100, 30);
      await pty.until("remote> ");
      await pty.write("until [ \"$(stty size)\" = '30 100' ]; do :; done; ");
      await pty.write("echo la''st\r");
      await pty.until("last\r\n");
      Deno.kill(program.pid, "SIGTERM");
      assert.equal(await program.code(), 143);
      assert.equal(await pty.settings(), program.settingsBefore);

      using file = await Deno.open(path);
      const { header, events } = await readCast(file.readable);
      assert.deepEqual([header.width, header.height], [80, 24]);
      const all = await Array.fromAsync(events);
      const printed = all.filter(({ code }) => code === "o")
        .map(({ data }) => data).join("");
      assert(printed.includes("\x1b[?25lgrüße\r\n"), printed);
      assert.match(printed, /last\r\n/);
      assert(
        all.some(({ code, data }) => code === "r" && data === "100x30"),
        JSON.stringify(all),
      );

      await using player = await runInTerminal(
        [...programCommand(), "play", path, "--speed", "1000"],
        simulator.env,
      );
      // It leaves nothing switched on: the recording did.
      await player.pty.until("\x1b[?1049l\x1b[?25h");
      assert.equal(await player.code(), 0);
      assert.equal(await player.pty.settings(), player.settingsBefore);
    }),
});

Deno.test({
  name: "record: a second signal, which waits for nothing, leaves it whole too",
  ignore: !hasPty,
  fn: () =>
    recorded(async ({ simulator, program, path }) => {
      const { pty } = program;
      // Nobody answers any more, so the first signal alone would take seconds.
      await pty.write("echo la''st\r");
      await pty.until("last\r\n");
      Deno.kill(simulator.pid, "SIGSTOP");
      try {
        const ended = program.code();
        let over = false;
        ended.finally(() => over = true).catch(() => {});
        while (!over) {
          try {
            Deno.kill(program.pid, "SIGTERM");
          } catch {
            break; // It has just ended.
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.equal(await ended, 143);
        const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
        const printed = lines.slice(1).map((line) => JSON.parse(line)[2]).join(
          "",
        );
        assert.match(printed, /last\r\n/);
      } finally {
        Deno.kill(simulator.pid, "SIGCONT");
      }
    }),
});
