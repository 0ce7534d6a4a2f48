/**
 * What is typed, or piped in, on its way to the remote side (sessions.md §2.2).
 *
 * @module
 */

import type { DataChannel } from "../protocol/channel/data_channel.ts";
import { type EscapeCommand, EscapeParser } from "./escape.ts";
import type { Clock, Terminal } from "./transport.ts";

/** Bytes of input in one message, as both official ends send (data-channel.md §6.3). */
export const inputPayload = 1024;
/** How long to wait before a second end of input, in milliseconds. */
const repeatEnd = 2000;
/**
 * The other side counts as waiting for input after this long without output, in milliseconds: more
 * than the agent and a network put between two pieces of one answer.
 */
const silence = 200;

/**
 * Typed bytes that may wait for the channel: hours of typing, so that a key for us is still seen
 * when the other side has not taken anything for long.
 */
const typeAhead: number = 64 * 1024;

const CR = 13, LF = 10, CTRL_D = 4;

/** What the input needs. */
export interface ShellInputOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly escape: string | undefined;
  readonly channel: DataChannel;
  /** Call it after using the channel. */
  readonly flush: () => void;
  /** Bytes that the session has printed so far. */
  readonly printed: () => number;
  readonly onCommand: (command: EscapeCommand) => void;
  /** The terminal is gone. */
  readonly onHangUp: () => void;
  readonly onError: (error: unknown) => void;
}

/** Reads while there is room for it, and sends while the channel has room. */
export class ShellInput {
  readonly #options: ShellInputOptions;
  readonly #stopped = new AbortController();
  readonly #escapes: EscapeParser;
  readonly #capacity: number;
  #waiting: Uint8Array = new Uint8Array();
  #wake: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  #lastByte: number | undefined;
  #printed = 0;
  #printedAt = 0;

  constructor(options: ShellInputOptions) {
    this.#options = options;
    // Piped data is no typing: a line that begins with the escape character goes through.
    this.#escapes = new EscapeParser(
      options.terminal.interactive ? options.escape : undefined,
    );
    this.#capacity = options.terminal.interactive ? typeAhead : 1;
  }

  /** Begins to read. */
  start(): void {
    this.#run().catch((error) => {
      if (!this.#stopped.signal.aborted) this.#options.onError(error);
    });
  }

  /** Something happened that may have given the channel room, or shown output. */
  progress(): void {
    const printed = this.#options.printed();
    if (printed !== this.#printed) {
      this.#printed = printed;
      this.#printedAt = this.#options.clock.now();
    }
    this.#pump();
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Reads and sends no more. */
  stop(): void {
    this.#stopped.abort(new DOMException("The session is over", "AbortError"));
    this.#cancelTimer?.();
    this.progress();
  }

  async #run(): Promise<void> {
    const { terminal, onCommand, onHangUp } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#until(() => this.#waiting.length < this.#capacity);
      if (signal.aborted) return;
      const bytes = await terminal.read(signal);
      if (bytes === undefined) {
        // A terminal ends when its window is closed. Half a command line must not be entered then.
        return terminal.interactive ? onHangUp() : await this.#endOfInput();
      }
      for (const part of this.#escapes.feed(bytes)) {
        if (part.kind === "bytes") this.#send(part.bytes);
        else onCommand(part.command);
        if (signal.aborted) return;
      }
    }
  }

  #send(bytes: Uint8Array): void {
    // A terminal gives CR for Enter by itself; the lines of a file end with NL, which a pty would
    // not take for Enter while a program has put it into raw mode (sessions.md §2.2).
    const typed = this.#options.terminal.interactive
      ? bytes
      : bytes.map((byte) => byte === LF ? CR : byte);
    this.#lastByte = typed.at(-1) ?? this.#lastByte;
    this.#waiting = this.#waiting.length === 0
      ? typed
      : joined(this.#waiting, typed);
    this.#pump();
  }

  /** Sends what waits, as far as the channel takes it. */
  #pump(): void {
    const { channel, clock, flush } = this.#options;
    if (this.#stopped.signal.aborted) return;
    let at = 0;
    for (; at < this.#waiting.length && channel.writable; at += inputPayload) {
      channel.send(this.#waiting.subarray(at, at + inputPayload), clock.now());
    }
    if (at === 0) return;
    this.#waiting = this.#waiting.subarray(at);
    flush();
  }

  /**
   * Piped input is at its end: the remote shell gets what a person would type to leave, Enter if
   * the last line has none and Ctrl-D, but not before it is there to read it. A person waits for
   * the prompt first, and so do we, as far as silence tells: a Ctrl-D that comes while bash runs a
   * command is no end of input any more when bash goes on reading (termios(3): the line is
   * canonical in between, and its EOF turns into a NUL). A program in the foreground may swallow it
   * as well, so it is typed once more, and again after each later output, as that may have been the
   * next prompt.
   */
  async #endOfInput(): Promise<void> {
    await this.#until(() => this.#options.printed() > 0);
    const open = this.#lastByte !== undefined && this.#lastByte !== CR;
    if (open) this.#send(Uint8Array.of(CR));
    for (let again = false;; again = true) {
      await this.#until(() => this.#taken());
      await this.#silence();
      if (this.#stopped.signal.aborted) return;
      const seen = again ? this.#options.printed() : -1;
      this.#send(Uint8Array.of(CTRL_D));
      await this.#until(() => this.#taken());
      await this.#sleep(repeatEnd);
      await this.#until(() => this.#options.printed() > seen);
    }
  }

  /** True when the other side has everything: on a slow line, its time begins only then. */
  #taken(): boolean {
    return this.#waiting.length === 0 &&
      this.#options.channel.unacknowledged === 0;
  }

  /** Waits for silence, but not for ever: some programs never fall silent. */
  async #silence(): Promise<void> {
    const { clock } = this.#options;
    const latest = clock.now() + repeatEnd;
    while (!this.#stopped.signal.aborted) {
      const now = clock.now();
      const until = Math.min(this.#printedAt + silence, latest);
      if (until <= now) return;
      await this.#sleep(until - now);
    }
  }

  #sleep(delay: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped.signal.aborted) return resolve();
      const cancel = this.#options.clock.setTimer(delay, resolve);
      this.#cancelTimer = () => {
        cancel();
        resolve();
      };
    });
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#stopped.signal.aborted) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
