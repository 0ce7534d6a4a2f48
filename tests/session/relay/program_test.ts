import assert from "node:assert/strict";
import { RelayDecoder } from "../../../lib/session/relay/decoder.ts";
import {
  pipeRelay,
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
