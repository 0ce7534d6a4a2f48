/**
 * `ssm forward` as a program of its own, from the moment that it is ready.
 *
 * @module
 */

import { programCommand, type ProgramResult } from "./executable.ts";

/** A safety net for a test that would hang; far longer than anything here takes. Milliseconds. */
const deadline = 60_000;

/** Text that comes from a stream, and can be waited for. */
export class StreamText {
  /** All of it so far. */
  text = "";
  /** Resolves with all of it, at the end. */
  readonly ended: Promise<string>;
  #matchedTo = 0;
  #over = false;
  #wake = () => {};

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      this.text += part;
      this.#wake();
    }
    this.#over = true;
    this.#wake();
    return this.text;
  }

  /** Resolves with the first match behind what earlier calls matched; rejects at the end. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const giveUp = Date.now() + deadline;
    for (;;) {
      const match = pattern.exec(this.text.slice(this.#matchedTo));
      if (match !== null) {
        this.#matchedTo += match.index + match[0].length;
        return match;
      }
      if (this.#over || Date.now() > giveUp) {
        throw new Error(
          `${
            this.#over ? "The program ended" : "A minute passed"
          } without ${pattern}; it said ${JSON.stringify(this.text)}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, giveUp - Date.now() + 1);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** A running `ssm forward`. */
export interface ForwardProgram extends AsyncDisposable {
  readonly pid: number;
  /** The local port of the first forward; 0 for a socket. */
  readonly port: number;
  readonly stdout: StreamText;
  readonly stderr: StreamText;
  kill(signal: Deno.Signal): void;
  /** Resolves at its end. */
  readonly ended: Promise<ProgramResult>;
}

/** What {@linkcode startForward} takes besides the arguments. */
export interface StartForwardOptions {
  readonly cwd?: string;
  /** What stderr says when it is ready; by default where it forwards from. */
  readonly ready?: RegExp;
  /** The command; by default `forward`. */
  readonly command?: string;
}

/**
 * Starts it and waits until it is ready.
 * @param env The whole environment.
 * @param args What follows `forward`.
 */
export async function startForward(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  {
    cwd,
    ready = /Forwarding from .*?(\d*) -> .*\n/,
    command = "forward",
  }: StartForwardOptions = {},
): Promise<ForwardProgram> {
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [...first, command, ...args],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(cwd === undefined ? {} : { cwd }),
  }).spawn();
  const stdout = new StreamText(child.stdout);
  const stderr = new StreamText(child.stderr);
  let over = false;
  const ended = (async () => {
    const { code } = await child.status;
    over = true;
    return { code, stdout: await stdout.ended, stderr: await stderr.ended };
  })();
  const kill = (signal: Deno.Signal) => {
    if (!over) child.kill(signal);
  };
  const dispose = async () => {
    kill("SIGKILL");
    await ended;
  };
  try {
    const [, port] = await stderr.until(ready);
    return {
      pid: child.pid,
      port: Number(port ?? 0),
      stdout,
      stderr,
      kill,
      ended,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Ends it as Ctrl-C does, and gives how it ended. */
export async function interrupt(
  program: ForwardProgram,
): Promise<ProgramResult> {
  program.kill("SIGINT");
  return await program.ended;
}

/** True when somebody listens on the port. */
export async function listens(
  port: number,
  hostname = "127.0.0.1",
): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/**
 * Asks again and again until it is so: for what sends no event, as the end of a program that is no
 * child of ours. Rejects after a minute.
 * @param condition What is waited for.
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const giveUp = Date.now() + deadline;
  while (!await condition()) {
    if (Date.now() > giveUp) throw new Error("A minute passed, and it is not");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** True while the process runs; one that nobody has waited for has ended all the same. */
export async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "stat=", "-p", `${pid}`],
    stderr: "null",
  }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}

/** True when a program of that name can be run. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return true;
  } catch {
    return false;
  }
}
