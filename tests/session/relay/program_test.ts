import assert from "node:assert/strict";
import { RelayDecoder } from "../../../lib/session/relay/decoder.ts";
import {
  pipeRelay,
  type RelayCommand,
  terminalRelay,
} from "../../../lib/session/relay/program.ts";

/** Shells that nodes have, as far as this machine has them. */
const shells = ["dash", "bash", "busybox sh", "ksh", "zsh --emulate sh"]
  .map((text) => text.split(" ")).filter(([program]) => isThere(program!));

function isThere(program: string): boolean {
  if (Deno.build.os === "windows") return false;
  const { success } = new Deno.Command("/bin/sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
  }).outputSync();
  return success;
}

/** Runs a relay's text in a shell; input is answered as it asks for it. */
async function run(
  shell: readonly string[],
  args: readonly string[],
  input = new Uint8Array(),
) {
  const [program, ...before] = shell;
  await using child = new Deno.Command(program!, {
    args: [...before, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const heard = { stdout: "", stderr: "", messages: [] as string[] };
  const writer = child.stdin.getWriter();
  let left = input;
  const decoder = new RelayDecoder({
    output: (bytes, stream) => heard[stream] += binary(bytes),
    wanted: () => {
      const text = btoa(binary(left.subarray(0, 1000)));
      left = left.subarray(1000);
      void writer.write(new TextEncoder().encode(`${text.length}\n${text}`));
    },
    ended: () => left = new Uint8Array(),
    message: (text) => heard.messages.push(text),
  }, false);
  const complaint = new Response(child.stderr).text();
  for await (const bytes of child.stdout) decoder.push(bytes);
  await writer.close().catch(() => {});
  await child.status;
  return { ...heard, complaint: await complaint };
}

/** Runs a terminal's relay as the bootstrap does. */
function runOnTerminal(
  shell: readonly string[],
  command: Partial<RelayCommand> & Pick<RelayCommand, "words">,
  before = "",
) {
  const line = terminalRelay({ variables: {}, input: false, ...command });
  return run(shell, [
    "-c",
    `${before}eval "$(printf %b "$0")"`,
    new TextDecoder().decode(line).trimEnd(),
  ]);
}

function binary(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const everyByte = Array.from(
  { length: 256 },
  (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`,
).join("");

for (const shell of shells) {
  Deno.test(`${shell.join(" ")}: a relay's shell says nothing of a command that was killed`, async () => {
    // Where the agent mixes outputs it would stand among the signs.
    const { stdout, messages, complaint } = await run(shell, [
      "-c",
      pipeRelay,
      "sh",
      "sh",
      "-c",
      "echo x; kill -9 $$",
    ]);
    assert.deepEqual([stdout, messages, complaint], ["x\n", ["137"], ""]);
  });

  Deno.test(`${shell.join(" ")}: a relay tells outputs and code, whatever bytes they are`, async () => {
    const command = `printf '${everyByte}'; printf 'e\\0rr' >&2; exit 7`;
    const all = Array.from(
      { length: 256 },
      (_, byte) => String.fromCharCode(byte),
    ).join("");
    const { stdout, stderr, messages, complaint } = await run(shell, [
      "-c",
      pipeRelay,
      "sh",
      "sh",
      "-c",
      command,
    ]);
    assert.equal(stdout, all);
    assert.equal(stderr, "e\0rr");
    assert.deepEqual([messages, complaint], [["7"], ""]);
  });

  Deno.test(`${shell.join(" ")}: a command that does not exist is 127, one killed 128+n`, async () => {
    const none = await run(shell, ["-c", pipeRelay, "sh", "no-such-command"]);
    assert.deepEqual(none.messages, ["127"]);
    assert.match(none.stderr, /no-such-command/);
    const killed = await run(shell, [
      "-c",
      pipeRelay,
      "sh",
      "sh",
      "-c",
      "kill -9 $$",
    ]);
    assert.deepEqual(killed.messages, ["137"]);
  });

  Deno.test(`${shell.join(" ")}: what the shell has built in or we defined is run as a program`, async () => {
    // ksh executes what it has built in.
    const builtin = shell[0] === "ksh" ? [] : ["exit", "eval"];
    for (const word of [...builtin, "e", "h", "f"]) {
      const { stdout, stderr, messages } = await runOnTerminal(shell, {
        words: [word, "3"],
      });
      assert.match(stderr, /not found/, word);
      assert.deepEqual([stdout, messages], ["", ["127"]], word);
      const pipe = await run(shell, ["-c", pipeRelay, "sh", word, "3"]);
      assert.match(pipe.stderr, /not found/, word);
      assert.deepEqual([pipe.stdout, pipe.messages], ["", ["127"]], word);
    }
    if (builtin.length === 0) return;
    const { stdout } = await runOnTerminal(shell, { words: ["echo", "a\\nb"] });
    assert.equal(stdout, "a\\nb\n");
  });

  Deno.test(`${shell.join(" ")}: variables are the command's alone`, async () => {
    const echo = ["/bin/echo", "hello"];
    const variables = { PATH: "/nowhere", LC_ALL: "xx_YY", p: "1", c: "2" };
    const { stdout, messages } = await runOnTerminal(shell, {
      words: echo,
      variables,
    });
    assert.deepEqual([stdout, messages], ["hello\n", ["0"]]);
    const script = new TextEncoder().encode('printf %s "$p$n$c"');
    const few = { p: "1", n: "2", c: "3" };
    const scripted = await runOnTerminal(shell, {
      words: [],
      variables: few,
      script,
    });
    assert.deepEqual([scripted.stdout, scripted.messages], ["123", ["0"]]);
  });

  Deno.test(`${shell.join(" ")}: without a place for files nothing is printed but what is missing`, async () => {
    const before = "TMPDIR='/no where';export TMPDIR;";
    const script = new TextEncoder().encode("echo ran");
    const { stdout, stderr, messages } = await runOnTerminal(
      shell,
      { words: [], script },
      before,
    );
    assert.deepEqual([stdout, stderr, messages], [
      "",
      "",
      ["!writable temporary folder"],
    ]);
    const pipe = await run(shell, ["-c", before + pipeRelay, "sh", "true"]);
    assert.deepEqual([pipe.stdout, pipe.messages], [
      "",
      ["!writable temporary folder"],
    ]);
  });

  Deno.test(`${shell.join(" ")}: a temporary folder may have a space in its name, and is left empty`, async () => {
    const folder = await Deno.makeTempDir({ suffix: " x" });
    const before = `TMPDIR='${folder}';export TMPDIR;`;
    const pipe = await run(shell, [
      "-c",
      before + pipeRelay,
      "sh",
      "echo",
      "a",
    ]);
    assert.deepEqual([pipe.stdout, pipe.messages], ["a\n", ["0"]]);
    const script = new TextEncoder().encode("echo ran");
    const { stdout, messages } = await runOnTerminal(shell, {
      words: [],
      script,
    }, before);
    assert.deepEqual([stdout, messages], ["ran\n", ["0"]]);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.remove(folder);
  });

  Deno.test(
    `${shell.join(" ")}: the code after a signal is the command's own`,
    {
      // It forgets the status of a child that was reaped while a trap ran, and is no node's sh.
      ignore: shell[0] === "zsh",
    },
    async () => {
      const [program, ...before] = shell;
      const one = async () => {
        await using child = new Deno.Command(program!, {
          args: [
            ...before,
            "-c",
            pipeRelay,
            "sh",
            "sh",
            "-c",
            "echo; exec sleep 9",
          ],
          stdin: "null",
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const messages: string[] = [];
        const decoder = new RelayDecoder({
          output: () => child.kill("SIGINT"),
          wanted() {},
          ended() {},
          message: (text) => messages.push(text),
        }, false);
        for await (const bytes of child.stdout) decoder.push(bytes);
        await child.status;
        return messages.join();
      };
      const codes = await Promise.all(Array.from({ length: 8 }, one));
      assert.deepEqual(codes, codes.map(() => "143"));
    },
  );

  Deno.test(`${shell.join(" ")}: a terminal's relay carries input, variables and a script`, async () => {
    const line = terminalRelay({
      words: ["a b", "it's", "\x03\n\\n"],
      variables: { NAME: "va'l\nue {{x}}" },
      script: new TextEncoder().encode(
        'printf "%s|" "$@" "$NAME"; cat; echo err >&2; exit 5\n',
      ),
      input: true,
    });
    assert.equal(line.indexOf(3), -1, "no byte that a terminal acts on");
    assert.equal(line.indexOf(10), line.length - 1);
    const input = Uint8Array.from({ length: 5000 }, (_, i) => i * 7);
    // As the bootstrap reads it from the terminal.
    const { stdout, stderr, messages } = await run(shell, [
      "-c",
      'eval "$(printf %b "$0")"',
      new TextDecoder().decode(line).trimEnd(),
    ], input);
    assert.equal(
      stdout,
      `a b|it's|\x03\n\\n|va'l\nue {{x}}|${binary(input)}`,
    );
    assert.equal(stderr, "err\n");
    assert.deepEqual(messages, ["5"]);
  });
}

Deno.test("a shell was there to test with", () => {
  assert.ok(shells.length > 0 || Deno.build.os === "windows");
});
