/**
 * Words for the shells of nodes: what the user typed arrives as it was typed.
 *
 * @module
 */

import { encodeBase64 } from "../../protocol/message/handshake.ts";

/** Characters that no shell looks at. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word for a POSIX shell, and for the agent's own splitting, which knows the same quotes.
 *
 * `{{` is for Systems Manager's own parameters in a session's: it never stands in the result.
 *
 * @param word Any text without NUL.
 */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''").replaceAll(/\{(?=\{)/g, "{''")}'`;
}

/**
 * A command line for a POSIX shell.
 *
 * @param words Program and arguments.
 */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/**
 * The arguments of PowerShell that run a script whatever is in it, for agents on Windows, whose
 * commands are PowerShell's arguments (sessions.md §3).
 *
 * @param script PowerShell.
 */
export function powerShellArguments(script: string): string[] {
  const bytes = new Uint8Array(script.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < script.length; at++) {
    view.setUint16(at * 2, script.charCodeAt(at), true);
  }
  return [
    "-NoProfile",
    "-NonInteractive",
    "-EncodedCommand",
    encodeBase64(bytes),
  ];
}

/**
 * A PowerShell script that runs a program and ends with its exit code.
 *
 * @param words Program and arguments.
 */
export function powerShellCall(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word.replaceAll("'", "''")}'`);
  // $? is that of the last statement, so it is kept first.
  return `& ${quoted.join(" ")}; $done = $?; ` +
    "if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }; exit [int](-not $done)";
}
