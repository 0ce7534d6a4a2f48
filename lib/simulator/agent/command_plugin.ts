/**
 * NonInteractiveCommands: a command without a terminal, as the agent's `shell.go` runs it
 * (sessions.md §3), with its two ways of sending output and all that is wrong with them.
 *
 * @module
 */

import { PayloadType } from "../../protocol/message/payload.ts";
import { type CommandProcess, startCommand } from "./command_process.ts";
import { commandWords } from "./command_words.ts";
import { PauseDebt } from "./pause_debt.ts";
import {
  type PluginContext,
  type PluginEnd,
  type SessionPlugin,
  StartError,
} from "./session_plugin.ts";
import { readLimit } from "./terminal_plugin.ts";
import { Utf8Filter } from "./utf8_filter.ts";

/** A command without a terminal. */
export const nonInteractiveCommandsPlugin: SessionPlugin = {
  sessionType: "NonInteractiveCommands",
  requireHandshake: true,
  encryption: true,
  reportsEnd: true,
  run: runCommand,
};

/** The control bytes that are looked for in input, and nothing else of it (sessions.md §3). */
const signals: Readonly<Record<number, Deno.Signal>> = {
  0x03: "SIGINT",
  0x1c: "SIGQUIT",
};

async function runCommand(context: PluginContext): Promise<PluginEnd> {
  const { channel, parameters, separateOutput } = context;
  const input = new CommandInput(context);
  const words = commandWords(parameters.command?.[0] ?? "");
  if (words.length === 0) {
    throw new StartError(
      "Commands cannot be empty for session type NonInteractiveCommands",
    );
  }
  const file = separateOutput ? undefined : await Deno.makeTempFile();
  try {
    const process = startCommand(words, context.environment, file);
    const kill = () => void process.kill();
    context.signal.addEventListener("abort", kill);
    if (context.signal.aborted) kill();
    try {
      input.started(process);
      if (file === undefined) await sendSeparately(context, process, input);
      else await sendFile(context, process, file);
    } finally {
      context.signal.removeEventListener("abort", kill);
      context.cleanup(process.kill());
      input.ended();
    }
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    if (separateOutput) {
      await channel.writable();
      channel.send(bytesOf("EXIT_CODE: 1"), PayloadType.ExitCode);
    }
    // The session itself ends as one that went well (sessions.md §2.6).
    await context.sleep(context.pace.startFailure / 2);
    await channel.writable();
    channel.send(bytesOf(error.message), PayloadType.StdErr);
  } finally {
    if (file !== undefined) await Deno.remove(file).catch(() => {});
  }
  return "ended";
}

/** Looks for signals. After one, nothing is read until the command has ended (pitfalls.md §2.12). */
class CommandInput {
  readonly #context: PluginContext;
  #process: CommandProcess | undefined;
  #owed = 0;
  #dead = false;
  /** True once the command was sent a signal. */
  signalled = false;

  constructor(context: PluginContext) {
    this.#context = context;
    // It is never refused, unlike a terminal's (`InputStreamMessageHandler`).
    context.serve({
      payload: (bytes) => this.#payload(bytes),
      size() {
        // No terminal, no size.
      },
      flag() {
        // Flags are for ports.
      },
    }, 1);
  }

  started(process: CommandProcess): void {
    this.#process = process;
  }

  ended(): void {
    if (!this.#dead) this.#context.channel.consumed(this.#owed);
    this.#owed = 0;
  }

  #payload(bytes: Uint8Array): void {
    const found = bytes.find((byte) => signals[byte] !== undefined);
    if (found === undefined) {
      return this.#context.channel.consumed(bytes.length);
    }
    this.#owed += bytes.length;
    // The command object is nil before it runs, and the reader dies of it.
    if (this.#process === undefined) this.#dead = true;
    else {
      this.signalled = true;
      this.#process.signal(signals[found]!);
    }
  }
}

/** Both outputs as they come, then the code. Between two reads there is no pause. */
async function sendSeparately(
  context: PluginContext,
  process: CommandProcess,
  input: CommandInput,
): Promise<void> {
  const { channel } = context;
  const stdout = process.stdout.getReader();
  const stderr = process.stderr.getReader();
  await Promise.all([
    sendPipe(context, stdout, PayloadType.Output),
    sendPipe(context, stderr, PayloadType.StdErr),
  ]);
  const code = await process.ended;
  // Only now are the pipes closed, read to their end or not.
  await Promise.allSettled([stdout.cancel(), stderr.cancel()]);
  // Without a client the code is not sent, and never comes (`sendExitCode`).
  if (channel.paused || !await channel.writable()) return;
  // The reader of signals waits for the command too. What it gets of it the other does not, who
  // takes that for an error (`ErrorExitCode`).
  const told = input.signalled ? 1 : code;
  channel.send(bytesOf(`EXIT_CODE: ${told}`), PayloadType.ExitCode);
}

/** One pipe to its end, or to the first look at a client that is away (pitfalls.md §2.13). */
async function sendPipe(
  { channel, log }: PluginContext,
  pipe: ReadableStreamDefaultReader<Uint8Array>,
  payloadType: number,
): Promise<void> {
  const filter = new Utf8Filter();
  while (!channel.paused) {
    const { value, done } = await pipe.read();
    if (done) return;
    for (let at = 0; at < value.length; at += readLimit) {
      // The agent looks before each of its reads; what it has read by then is sent later.
      if (channel.paused && at > 0) break;
      while (!channel.ready && !channel.paused) {
        if (channel.over) return;
        await channel.change();
      }
      channel.send(
        filter.filter(value.subarray(at, at + readLimit)),
        payloadType,
      );
    }
  }
  // What the pipe holds is lost, and the command may write until it is full.
  log("agent: Data Channel not in active status");
}

/** Nothing until the command has ended, then both outputs as they stand in the file, and no code. */
async function sendFile(
  context: PluginContext,
  process: CommandProcess,
  path: string,
): Promise<void> {
  const { channel, pace } = context;
  await Promise.all([
    process.stdout.cancel(),
    process.stderr.cancel(),
    process.ended,
  ]);
  const filter = new Utf8Filter();
  const pauses = new PauseDebt(pace.readPause);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(readLimit);
  while (await channel.writable()) {
    const length = await file.read(buffer);
    if (length === null) return;
    channel.send(filter.filter(buffer.subarray(0, length)));
    const pause = pauses.next(context.clock.now());
    if (pause > 0) await context.sleep(pause);
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
