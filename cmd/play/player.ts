/**
 * A recording on a terminal: each piece of output when it is due, keys in between, and the terminal
 * as it was at the end.
 *
 * @module
 */

import type { CastEvent } from "../../lib/cast/event.ts";
import { TerminalModes } from "../../lib/cast/terminal_modes.ts";
import { Timeline, type TimelineOptions } from "../../lib/cast/timeline.ts";
import { unlessAborted } from "../../lib/io/unless_aborted.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { Clock, Terminal } from "../../lib/session/transport.ts";

/** What a {@linkcode Player} needs. */
export interface PlayerOptions extends TimelineOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Ends it; its reason is thrown. */
  readonly signal: AbortSignal;
  /** True where keys are listened to. */
  readonly keys: boolean;
}

/** Longer than this no timer waits; milliseconds. */
const longestTimer = 2 ** 31 - 1;

const escape = 0x1b;

/** Plays one recording. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #modes = new TerminalModes();
  readonly #timeline: Timeline;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #wake: () => void = () => {};
  #left = false;

  /** @param options Where, and how fast. */
  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#timeline = new Timeline(options, options.clock.now());
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
  }

  /**
   * Plays to the end.
   * @param events Of the recording; when it is left, the next one may still be under way.
   * @throws CastError, and the signal's reason: a SignalError for Ctrl-C.
   */
  async play(events: AsyncIterable<CastEvent>): Promise<void> {
    const { terminal, keys } = this.#options;
    const encoder = new TextEncoder();
    using _raw = keys ? terminal.raw() : undefined;
    if (keys) this.#listen();
    const onAbort = () => this.#wake();
    this.#signal.addEventListener("abort", onAbort);
    try {
      const reader = events[Symbol.asyncIterator]();
      for (;;) {
        // From a slow pipe it may take for ever, and whoever wants to leave does not wait for it.
        const next = await unlessAborted(reader.next(), this.#signal);
        if (next.done) return;
        const { time, code, data } = next.value;
        if (code !== "o") continue;
        this.#timeline.next(time);
        await this.#due();
        if (this.#left) return;
        this.#modes.see(data);
        await terminal.write(encoder.encode(data));
      }
    } catch (error) {
      if (!this.#left) throw error;
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
      this.#ending.abort(new DOMException("It is over", "AbortError"));
      await terminal.write(encoder.encode(this.#modes.restore()))
        .catch(() => {});
    }
  }

  /** Resolves when the event is due, or the user has left. */
  async #due(): Promise<void> {
    const { clock, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (this.#signal.aborted) {
        if (this.#left) return;
        throw this.#signal.reason;
      }
      const left = this.#timeline.left(clock.now());
      if (left !== undefined && left <= 0) return;
      await new Promise<void>((resolve) => {
        const cancel = left === undefined
          ? () => {}
          : clock.setTimer(Math.min(left, longestTimer), resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  #listen(): void {
    const { terminal } = this.#options;
    const run = async () => {
      for (;;) {
        const bytes = await terminal.read(this.#signal);
        // The window was closed.
        if (bytes === undefined) {
          return this.#ending.abort(new SignalError("SIGHUP"));
        }
        // The terminal's answers to what the recording asks it are no keys.
        if (bytes[0] === escape) continue;
        for (const key of new TextDecoder().decode(bytes)) this.#key(key);
      }
    };
    run().catch((error) => {
      if (!this.#signal.aborted) this.#ending.abort(error);
    });
  }

  #key(key: string): void {
    const now = this.#options.clock.now();
    if (key === " ") this.#timeline.togglePause(now);
    else if (key === "." && this.#timeline.paused) this.#timeline.skip(now);
    else if (key === "q") {
      this.#left = true;
      this.#ending.abort(new DOMException("It was left", "AbortError"));
    } else if (key === "\x03") this.#ending.abort(new SignalError("SIGINT"));
    this.#wake();
  }
}
