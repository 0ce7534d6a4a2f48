/**
 * `--record`: what the terminal gets, into a file. The session never waits for it: where the disk
 * is full or too slow, the recording ends, and the session goes on.
 *
 * @module
 */

import { headerLine } from "../../lib/cast/event.ts";
import { type CastStream, Recording } from "../../lib/cast/recording.ts";
import { BackgroundFile } from "../../lib/io/background_file.ts";
import type { ProvisionalFile } from "../../lib/io/provisional_file.ts";
import { withCarriageReturns } from "../../lib/io/terminal.ts";
import type { Terminal, TerminalSize } from "../../lib/session/transport.ts";
import { platformReason, visible } from "../../lib/text.ts";
import type { RecordOptions } from "./flags.ts";
import { type OpenRecording, openRecording } from "./open.ts";
import type { Recorder, RecorderContext } from "./start.ts";

/**
 * Bytes that may wait for the disk: minutes of what a session carries, and nothing that a machine
 * would miss.
 */
export const longestWait: number = 64 * 1024 * 1024;

/** What asciinema takes where there is no terminal to ask. */
const sizeWithoutTerminal: TerminalSize = { cols: 80, rows: 24 };

/**
 * Opens a recording.
 * @param options Where to.
 * @param title What a player may show.
 * @param context The terminal, and the clock.
 * @throws CommandError When the file cannot be made, or must not be replaced.
 */
export async function openRecorder(
  options: RecordOptions,
  title: string,
  context: RecorderContext,
): Promise<Recorder> {
  const { terminal, clock, env } = context;
  const size = terminal.size() ?? sizeWithoutTerminal;
  const file = await openRecording(options);
  const { offset } = file;
  const recording = new Recording(offset?.size ?? size, offset?.time);
  const header = offset === undefined
    ? headerLine({
      width: size.cols,
      height: size.rows,
      timestamp: Math.floor((clock.wall?.() ?? clock.now()) / 1000),
      title,
      env: Object.fromEntries(
        ["SHELL", "TERM"].flatMap((name) => {
          const value = env(name);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    })
    : offset.ended
    ? ""
    : "\n";
  return new FileRecorder(context, options, file, recording, header);
}

class FileRecorder implements Recorder {
  readonly terminal: Terminal;
  onFailure: (sentence: string) => void = () => {};
  readonly #recording: Recording;
  readonly #file: BackgroundFile;
  readonly #context: RecorderContext;
  readonly #path: string;
  readonly #made: ProvisionalFile | undefined;
  readonly #redirected: Disposable;
  #header: string;
  #closing = false;
  #began: Promise<void> | undefined;

  constructor(
    context: RecorderContext,
    options: RecordOptions,
    { open, made }: OpenRecording,
    recording: Recording,
    header: string,
  ) {
    const { path, input } = options;
    this.#path = path;
    this.#made = made;
    this.#context = context;
    this.#recording = recording;
    this.#header = header;
    this.#file = new BackgroundFile({
      ...open,
      clock: context.clock,
      take: () => this.#take(),
      onFailure: (error) =>
        this.onFailure(
          `Cannot write recording ${visible(path)}: ${
            platformReason(error)
          }; ` +
            "it ends here, the session goes on",
        ),
    });
    this.terminal = this.#recorded(context.terminal, input);
    // With -v the terminal gets the log's lines, too.
    this.#redirected = context.log.redirect((line) =>
      void this.terminal.writeError(new TextEncoder().encode(`${line}\n`))
        .catch(() => {})
    );
    this.#file.changed();
  }

  began(): void {
    this.#began ??= this.#keep();
  }

  async #keep(): Promise<void> {
    try {
      await this.#made?.keep();
    } catch (error) {
      this.onFailure(
        `Cannot replace ${visible(this.#path)}: ${platformReason(error)}; ` +
          `the recording is in ${visible(this.#made?.path ?? "")}`,
      );
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#redirected[Symbol.dispose]();
    await this.#began;
    // The same command, once it is right, must not be refused for the file's sake.
    await this.#made?.discard();
    await this.#file.close();
  }

  #take(): string {
    const header = this.#header;
    this.#header = "";
    return header +
      (this.#closing ? this.#recording.finish() : this.#recording.take());
  }

  #add(stream: CastStream, bytes: Uint8Array): void {
    if (stream === "output") this.began();
    if (this.#file.failed) return;
    this.#recording.add(stream, this.#context.clock.now(), bytes);
    if (this.#recording.waiting > longestWait) {
      this.#file.fail(new Error("the disk is too slow"));
      this.#recording.clear();
    } else this.#file.changed();
  }

  #recorded(terminal: Terminal, input: boolean): Terminal {
    const resized = () => {
      const size = terminal.size();
      if (size === undefined || this.#file.failed) return;
      this.#recording.resize(this.#context.clock.now(), size);
      this.#file.changed();
    };
    return {
      interactive: terminal.interactive,
      size: () => terminal.size(),
      raw: () => terminal.raw(),
      read: async (signal) => {
        const bytes = await terminal.read(signal);
        if (input && bytes !== undefined) this.#add("input", bytes);
        return bytes;
      },
      unread: (bytes) => terminal.unread(bytes),
      write: (bytes) => {
        this.#add("output", bytes);
        return terminal.write(bytes);
      },
      writeError: (bytes) => {
        if (this.#context.errorIsTerminal) {
          this.#add("errors", withCarriageReturns(bytes));
        }
        return terminal.writeError(bytes);
      },
      onResize: (changed) => {
        resized();
        return terminal.onResize(() => {
          resized();
          changed();
        });
      },
      suspend: () => terminal.suspend(),
    };
  }
}
