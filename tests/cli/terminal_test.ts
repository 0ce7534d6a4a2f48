import assert from "node:assert/strict";
import { programCommand, projectFolder } from "../testkit/executable.ts";
import { hasPty, openPty } from "../testkit/pty.ts";
import { shellWords } from "../testkit/shell_words.ts";
import {
  type ForegroundProgram,
  runInTerminal,
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const ssmShell = [...programCommand(), "shell", "web-server"];
const needsPty = { ignore: !hasPty };
/** The remote shell's prompt, and nothing that is echoed. */
const prompt = "remote> ";

async function startSimulator(): Promise<SimulatorProgram> {
  return await startSimulatorProgram(["--shell", `env PS1='${prompt}' sh`]);
}

/** `ssm shell` in a terminal, at the remote prompt. */
async function open(
  simulator: SimulatorProgram,
  command: readonly string[] = ssmShell,
): Promise<ForegroundProgram> {
  const program = await runInTerminal(command, simulator.env);
  await program.pty.until(prompt);
  return program;
}

/** The program has ended: terminal as before, no session left. */
async function checkEnd(
  program: ForegroundProgram,
  simulator: SimulatorProgram,
  code: number,
): Promise<void> {
  assert.equal(await program.code(), code);
  assert.equal(await program.pty.settings(), program.settingsBefore);
  assert.deepEqual(await simulator.activeSessions(), []);
}

Deno.test(
  "terminal: a shell with its size, Ctrl-C, resizing and exit",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await open(simulator);
    const { pty } = program;
    assert.notEqual(await pty.settings(), program.settingsBefore);
    await pty.write("stty size\r");
    await pty.until("24 80\r\n");
    await pty.resize(120, 40);
    // The size travels by itself, so the remote side is asked until it has come.
    await pty.write(
      "until [ \"$(stty size)\" = '40 120' ]; do sleep 0.05; done; echo re''sized\r",
    );
    await pty.until("resized\r\n");
    await pty.until(prompt);
    // It begins in a job of its own: while the shell still makes one, Ctrl-C may pass it by.
    await pty.write(
      "sh -c \"echo be''gun; exec sleep 1000\"; echo un''reached\r",
    );
    await pty.until("begun\r\n");
    await pty.write("\x03");
    assert.doesNotMatch(await pty.until(prompt), /unreached/);
    await pty.write("exit\r");
    await pty.until("Session ended\r\n");
    await checkEnd(program, simulator, 0);
  },
);

Deno.test(
  "terminal: ~? lists the keys, ~~ sends one, ~. ends",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await open(simulator);
    const { pty } = program;
    await pty.write("\r~?");
    // Raw, so each line must bring its own CR.
    await pty.until(
      /Keys, right after Enter:\r\n {2}~\. {3}end the session\r\n/,
    );
    await pty.write("\recho \r~~echo\r");
    await pty.until("~echo");
    await pty.write("\r~.");
    await pty.until("Session left\r\n");
    await checkEnd(program, simulator, 0);
  },
);

Deno.test(
  "terminal: Ctrl-Z and Ctrl-\\ are the remote side's, with -e none ~. too",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await open(simulator, [...ssmShell, "-e", "none"]);
    const { pty } = program;
    await pty.write("cat\r");
    // What cat repeats shows that it runs.
    await pty.write("\r~.\r");
    await pty.until(/~\.[^]*~\.\r\n/);
    await pty.write("\x1a");
    await pty.until("Stopped");
    await pty.until(prompt);
    await pty.write("kill -KILL %1; wait\r");
    await pty.write(
      'sh -c \'trap "echo qu""it; exit" QUIT; echo be""gun; ' +
        "while :; do sleep 0.1; done'\r",
    );
    await pty.until("begun\r\n");
    await pty.write("\x1c");
    await pty.until(/quit\r\n/);
    await pty.until(prompt);
    await pty.write("exit\r");
    await checkEnd(program, simulator, 0);
  },
);

/**
 * Waits until every thread of a shell's job has stopped. One that is still to be scheduled on a busy
 * machine takes what is typed next from the shell, as its read had begun in the foreground.
 * @param shell The shell's process id, its session's leader.
 */
async function untilStopped(shell: number): Promise<void> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", "cat /proc/[0-9]*/task/*/stat"],
      stderr: "null",
    }).output();
    // "pid (name) state parent group session …" (proc(5)).
    const states = new TextDecoder().decode(stdout).split("\n")
      .map((line) => line.slice(line.lastIndexOf(")") + 2).split(" "))
      .filter(([, , group, session]) =>
        Number(session) === shell && Number(group) !== shell
      )
      .map(([state]) => state);
    if (states.length > 0 && states.every((state) => state === "T")) return;
    if (Date.now() > giveUp) throw new Error(`Not stopped: ${states}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

Deno.test("terminal: ~^Z suspends, fg goes on", needsPty, async () => {
  await using simulator = await startSimulator();
  await using pty = await openPty(["/bin/sh", "-i"], {
    env: { ...simulator.env, PS1: "local> " },
    clearEnv: true,
  });
  await pty.until("local> ");
  const before = await pty.settings();
  await pty.write(`${shellWords(ssmShell)}\n`);
  await pty.until(prompt);
  const raw = await pty.settings();
  assert.notEqual(raw, before);
  await pty.write("\r~\x1a");
  await pty.until("local> ");
  assert.equal(await pty.settings(), before);
  await untilStopped(pty.pid);
  await pty.write("fg\n");
  await pty.until(/main|ssm/);
  await pty.write("\recho $((6*7))\r");
  await pty.until("42\r\n");
  assert.equal(await pty.settings(), raw);
  await pty.write("\r~.");
  await pty.until("local> ");
  assert.equal(await pty.settings(), before);
  await pty.write("exit $?\n");
  assert.equal(await pty.exited, 0);
});

Deno.test(
  "terminal: ~^Z stops a waiting parent that catches SIGTSTP, too",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using pty = await openPty(["/bin/sh", "-i"], {
      env: { ...simulator.env, PS1: "local> " },
      clearEnv: true,
    });
    await pty.until("local> ");
    // As `deno task` does.
    const parent = [
      "sh",
      "-c",
      'trap : TSTP; "$@"; exit $?',
      "sh",
      ...ssmShell,
    ];
    await pty.write(`${shellWords(parent)}\n`);
    await pty.until(prompt);
    await pty.write("\r~\x1a");
    await pty.until("local> ");
    await untilStopped(pty.pid);
    await pty.write("fg\n");
    // The shell says what it continues; keys typed before that would be its own.
    await pty.until(/main|ssm|trap/);
    await pty.write("\recho $((6*7))\r");
    await pty.until("42\r\n");
    await pty.write("\r~.");
    await pty.until("local> ");
    await pty.write("exit $?\n");
    assert.equal(await pty.exited, 0);
  },
);

Deno.test(
  "terminal: ~^Z goes on where no shell could continue us",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await open(simulator);
    await program.pty.write("\r~\x1a");
    await program.pty.write("\recho $((6*7))\r");
    await program.pty.until(/42\r+\n/);
    await program.pty.write("exit\r");
    await checkEnd(program, simulator, 0);
  },
);

for (
  const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
  ] as const
) {
  Deno.test(
    `terminal: ${signal} restores it and ends the session`,
    needsPty,
    async () => {
      await using simulator = await startSimulator();
      await using program = await open(simulator);
      Deno.kill(program.pid, signal);
      await checkEnd(program, simulator, code);
    },
  );
}

for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
  const what = signal === "SIGUSR1" ? "a thrown error" : "a lost rejection";
  Deno.test(`terminal: ${what} restores it and ends the session`, {
    // An executable has no defect to order.
    ignore: !hasPty || Boolean(Deno.env.get("SSM_EXECUTABLE")),
  }, async () => {
    await using simulator = await startSimulator();
    const crashing = programCommand().map((word) =>
      word === `${projectFolder}main.ts`
        ? `${projectFolder}tests/testkit/crashing_main.ts`
        : word
    );
    await using program = await open(simulator, [
      ...crashing,
      "shell",
      "web-server",
    ]);
    Deno.kill(program.pid, signal);
    await program.pty.until(/ssm: Something went wrong.*boom\r\n/);
    await checkEnd(program, simulator, 1);
  });
}

Deno.test(
  "terminal: a closed standard output restores it and ends the session",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await runInTerminal([
      "/bin/sh",
      "-c",
      '{ "$@"; echo "INNER $?" >&2; } | true',
      "sh",
      ...ssmShell,
    ], simulator.env);
    await program.pty.until("INNER 141\r\n");
    await checkEnd(program, simulator, 0);
  },
);

Deno.test(
  "terminal: a second signal ends at once, and restores it too",
  needsPty,
  async () => {
    await using simulator = await startSimulator();
    await using program = await open(simulator);
    // The service does not answer any more, so the session cannot be ended in good order.
    Deno.kill(simulator.pid, "SIGSTOP");
    try {
      Deno.kill(program.pid, "SIGTERM");
      Deno.kill(program.pid, "SIGINT");
      const code = await program.code();
      assert.ok(code === 130 || code === 143, `${code}`);
      assert.equal(await program.pty.settings(), program.settingsBefore);
    } finally {
      Deno.kill(simulator.pid, "SIGCONT");
    }
  },
);
