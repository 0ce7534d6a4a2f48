/**
 * A pseudo-terminal made with script(1): in the executable, where node-pty cannot be loaded, and
 * on Deno before 2.9.
 *
 * script(1) opens the terminal and copies bytes between it and two pipes. What it runs is a line
 * of shell that first says which terminal it got and then becomes the program; with the terminal's
 * name its size is set from outside with stty(1), which the program notices as SIGWINCH.
 *
 * @module
 */

import type { TerminalSize } from "../../protocol/message/size.ts";
import {
  clampSize,
  type Pty,
  PtyError,
  type PtyExit,
  type PtyRequest,
} from "./pty.ts";
import { OutputQueue } from "./output_queue.ts";
import { endSession, type TerminalSession } from "./session_processes.ts";

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** How long script(1) may take to say which terminal it opened, in milliseconds. */
const openingLimit = 10_000;

/**
 * Starts a program with script(1).
 *
 * @throws {PtyError} when script(1) or stty(1) is missing or does not open a terminal.
 */
export async function openScriptPty(request: PtyRequest): Promise<Pty> {
  const { cols, rows } = clampSize(request.size ?? { cols: 80, rows: 24 });
  const mark = crypto.randomUUID();
  // script(1) turns echo off where its input is no terminal; and it runs the line with $SHELL.
  const shell = request.env.SHELL;
  const line = [
    `stty sane echo cols ${cols} rows ${rows}`,
    `printf '%s %s %s\\n' ${mark} "$(tty)" "$$"`,
    shell === undefined ? "unset SHELL" : `export SHELL=${quote(shell)}`,
    `exec ${request.argv.map(quote).join(" ")}`,
  ].join("; ");
  const args = Deno.build.os === "darwin"
    ? ["-q", "/dev/null", "/bin/sh", "-c", line]
    : ["-qfec", line, "/dev/null"];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("script", {
      args,
      env: { ...request.env, SHELL: "/bin/sh" },
      clearEnv: true,
      cwd: request.cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      // A process group of its own: Ctrl-C at the terminal that the simulator runs in is not for
      // the node's programs.
      detached: true,
    }).spawn();
  } catch (error) {
    throw new PtyError("Cannot start script(1)", { cause: error });
  }
  const pty = new ScriptPty(child);
  await pty.opened(mark);
  return pty;
}

class ScriptPty implements Pty {
  readonly exited: Promise<PtyExit>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: OutputQueue;
  #resume: (() => void) | undefined;
  #paused = false;
  #session: TerminalSession | undefined;
  #resizing: Promise<void> = Promise.resolve();
  #ended = false;
  #killed: Promise<void> | undefined;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    // A program that ended takes no more input: known from `exited`, not from a failed write.
    this.#input.closed.catch(() => {});
    this.#source = child.stdout.getReader();
    this.#output = new OutputQueue((paused) => {
      this.#paused = paused;
      if (!paused) this.#resume?.();
    });
    this.exited = child.status.then(async ({ code, signal }) => {
      this.#ended = true;
      await this.#input.abort().catch(() => {});
      return signal === null ? { code } : { code, signal: code - 128 };
    });
  }

  /** Waits for the marked line and starts handing out what follows it. */
  async opened(mark: string): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), openingLimit);
    let head = new Uint8Array();
    try {
      while (true) {
        const { value, done } = await this.#source.read();
        if (done) {
          await this.exited;
          const text = new TextDecoder().decode(head).trim();
          throw new PtyError(
            `Cannot open a terminal with script(1): ${
              text === "" ? "it ended at once" : text
            }`,
          );
        }
        const joined = new Uint8Array(head.length + value.length);
        joined.set(head);
        joined.set(value, head.length);
        head = joined;
        // Latin-1, so that an index into the text is one into the bytes.
        const text = new TextDecoder("latin1").decode(head);
        const found = new RegExp(`${mark} (\\S+) (\\d+)\\r?\\n`).exec(text);
        if (found !== null) {
          this.#session = { tty: found[1]!, leader: Number(found[2]) };
          this.#output.push(head.slice(found.index + found[0].length));
          break;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    void this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      while (true) {
        if (this.#paused && this.#killed === undefined) {
          await new Promise<void>((resolve) => this.#resume = resolve);
          this.#resume = undefined;
        }
        const { value, done } = await this.#source.read();
        if (done) break;
        this.#output.push(value);
      }
    } catch {
      // Reading was given up by kill().
    }
    await this.exited;
    this.#output.end();
  }

  read(limit: number): Promise<Uint8Array | undefined> {
    return this.#output.read(limit);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return;
    try {
      await this.#input.write(bytes);
    } catch {
      // The program has ended; so the interface promises.
    }
  }

  resize(size: TerminalSize): Promise<void> {
    const { cols, rows } = clampSize(size);
    return this.#resizing = this.#resizing.then(async () => {
      const tty = this.#session?.tty;
      if (tty === undefined || this.#ended) return;
      await new Deno.Command("stty", {
        args: [
          Deno.build.os === "darwin" ? "-f" : "-F",
          tty,
          "cols",
          String(cols),
          "rows",
          String(rows),
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
    });
  }

  kill(): Promise<void> {
    return this.#killed ??= this.#kill();
  }

  async #kill(): Promise<void> {
    this.#resume?.();
    if (this.#session !== undefined) await endSession(this.#session);
    // script(1) ends with its program, unless someone who left the session holds the terminal.
    const timer = setTimeout(() => {
      if (!this.#ended) this.#child.kill("SIGKILL");
      void this.#source.cancel().catch(() => {});
    }, 1000);
    await this.exited;
    clearTimeout(timer);
    await this.#resizing;
  }
}
