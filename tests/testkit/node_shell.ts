/**
 * A node's shell for copies: a real one on a pseudo-terminal, behind the agent's filter.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { RemoteShell, ShellLostError } from "../../lib/copy/remote_shell.ts";
import { Utf8Filter } from "../../lib/simulator/agent/utf8_filter.ts";
import { openPty } from "../../lib/simulator/pty/open_pty.ts";

/** Random bytes, as many as asked for. */
export function random(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(length));
}

/** A shell, and what belongs to it. */
export interface NodeShell extends AsyncDisposable {
  readonly shell: RemoteShell;
  /** Resolves when the session's command has ended. */
  readonly ended: Promise<void>;
}

/** What {@linkcode openNodeShell} can be told. */
export interface NodeShellOptions {
  /** The shell's command in place of `sh`. */
  readonly program?: string;
  /** Folders with the only programs that there are. */
  readonly path?: string;
  /** The home folder. */
  readonly home?: string;
  readonly keepModes?: boolean;
}

/** Bytes of one read of the agent (sessions.md §2.5). */
const readLimit = 1024;

/** Opens one, ready to be asked. */
export async function openNodeShell(
  options: NodeShellOptions = {},
): Promise<NodeShell> {
  const { program = "sh", path, home = "/", keepModes = true } = options;
  const shell = new RemoteShell(random);
  const command = shell.command.replace(/^sh/, program);
  const pty = await openPty({
    argv: [
      "sh",
      "-c",
      path === undefined ? command : `PATH='${path}';export PATH;${command}`,
    ],
    env: {
      HOME: home,
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
    },
    cwd: "/",
  });
  const filter = new Utf8Filter();
  const ended = (async () => {
    for (;;) {
      const bytes = await pty.read(readLimit);
      if (bytes === undefined) break;
      shell.receive(filter.filter(bytes));
    }
    shell.lost(new ShellLostError(`The shell ended: ${shell.noise}`));
  })();
  const dispose = async () => {
    await pty.kill();
    await ended;
  };
  try {
    await shell.start(
      { write: (bytes) => pty.write(bytes.slice()) },
      keepModes,
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return { shell, ended, [Symbol.asyncDispose]: dispose };
}
