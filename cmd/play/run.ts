/**
 * Plays a recording: opens it, and writes its output when it is due.
 *
 * @module
 */

import { CastError } from "../../lib/cast/event.ts";
import { type CastReader, readCast } from "../../lib/cast/reader.ts";
import { fileBytes } from "../../lib/io/file_bytes.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { Terminal } from "../../lib/session/transport.ts";
import { platformReason, visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { Player } from "./player.ts";

/** What `ssm play` is to do. */
export interface PlayOptions {
  /** A path, or `-`. */
  readonly file: string;
  readonly speed: number;
  /** Seconds; `undefined` is the recording's own. */
  readonly idleLimit: number | undefined;
  readonly quiet: boolean;
}

/**
 * Plays it to its end, or until the user has seen enough.
 * @param options What, and how fast.
 * @param context The world.
 * @returns The exit code.
 * @throws CommandError For what is no recording: 125 where nothing was played, else 1.
 */
export async function runPlay(
  options: PlayOptions,
  context: Context,
): Promise<number> {
  const { file } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const cast = await explained(
    file,
    exitCodes.failed,
    () =>
      readCast(
        file === "-"
          ? inputOf(context.terminal, signal)
          : fileBytes(file, signal),
      ),
  );
  if (!options.quiet) await warnOfSize(cast, context);
  try {
    await explained(
      file,
      exitCodes.sessionFailed,
      () =>
        context.outputIsTerminal
          ? playLive(options, cast, context)
          : printAll(cast, context),
    );
  } finally {
    // What was not read is not wanted, nor waited for: the file is closed.
    over.abort(new DOMException("It is over", "AbortError"));
    await cast.close();
  }
  return exitCodes.success;
}

async function explained<T>(
  file: string,
  exitCode: number,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof CastError
      ? error.message
      : error instanceof Error && exitCode === exitCodes.failed &&
          !(error instanceof SignalError)
      ? platformReason(error)
      : undefined;
    if (reason === undefined) throw error;
    throw new CommandError(
      `Cannot play ${
        file === "-" ? "standard input" : visible(file)
      }: ${reason}`,
      exitCode,
      [],
      [],
      { cause: error },
    );
  }
}

async function* inputOf(
  terminal: Terminal,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const bytes = await terminal.read(signal);
    if (bytes === undefined) return;
    yield bytes;
  }
}

/** What is drawn for a larger terminal is drawn wrongly. */
async function warnOfSize(
  { header }: CastReader,
  { terminal, outputIsTerminal }: Context,
): Promise<void> {
  const size = terminal.size();
  if (!outputIsTerminal || size === undefined) return;
  const { width, height } = header;
  if (width <= size.cols && height <= size.rows) return;
  await terminal.writeError(
    new TextEncoder().encode(
      `The recording is of ${width}x${height}, and this terminal of ` +
        `${size.cols}x${size.rows}\n`,
    ),
  ).catch(() => {});
}

async function playLive(
  options: PlayOptions,
  cast: CastReader,
  context: Context,
): Promise<void> {
  const player = new Player({
    terminal: context.terminal,
    clock: context.clock,
    signal: context.signal,
    speed: options.speed,
    idleLimit: options.idleLimit ?? cast.header.idleTimeLimit,
    // Standard input is the recording's then, and Ctrl-C a signal.
    keys: context.terminal.interactive && options.file !== "-",
  });
  await player.play(cast.events);
}

/** For programs, and for files: what was printed, without its time. */
async function printAll(
  cast: CastReader,
  { terminal, signal }: Context,
): Promise<void> {
  const encoder = new TextEncoder();
  for await (const { code, data } of cast.events) {
    signal.throwIfAborted();
    if (code === "o") await terminal.write(encoder.encode(data));
  }
}
