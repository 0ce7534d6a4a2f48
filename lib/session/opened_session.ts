/**
 * A session that was opened before its kind is known: which one it is, its handshake says, or, for
 * a shell without one, its first output (handshake.md §1). Whoever runs it then gets everything
 * that came since.
 *
 * @module
 */

import type { ChannelEvent, StartedEvent } from "../protocol/channel/events.ts";
import { silenceLimit } from "../protocol/channel/options.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { Driver, type DriverOptions, type MakeDriver } from "./driver.ts";
import { leave } from "./leave.ts";
import { shellPatience } from "./resume.ts";
import type { SessionNotice } from "./session_report.ts";
import { notStarted, startLimit, waitingNotice } from "./start_limit.ts";
import { TacitStart } from "./tacit_start.ts";
import type { Clock, TerminalSize } from "./transport.ts";

/** The agent did not begin in time. */
export class SessionStartError extends Error {
  override name = "SessionStartError";
}

/** What {@linkcode OpenedSession.open} needs. */
export interface OpenSessionOptions {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly clock: Clock;
  /** The terminal's, in force before a shell's first prompt; `undefined` where there is none. */
  readonly size: TerminalSize | undefined;
  /** Told that the agent is waited for, and of connections lost and resumed meanwhile. */
  readonly notify: (notice: SessionNotice) => void;
}

/** A session that somebody is still to run. */
export class OpenedSession {
  readonly #options: OpenSessionOptions;
  readonly #driver: Driver;
  readonly #tacit: TacitStart;
  readonly #begun = Promise.withResolvers<void>();
  /** What happened, for whoever runs the session. */
  readonly #kept: ((taker: DriverOptions) => void)[] = [];
  #taker: DriverOptions | undefined;
  #started: StartedEvent | undefined;

  private constructor(options: OpenSessionOptions) {
    this.#options = options;
    const { grant, control, clock, notify } = options;
    const taker = () => this.#taker;
    this.#begun.promise.catch(() => {});
    this.#driver = new Driver({
      grant,
      control,
      clock,
      get patience() {
        return taker()?.patience ?? shellPatience;
      },
      onEvent: (event) => this.#event(event),
      onProgress: () => {
        this.#tacit.progress();
        this.#taker?.onProgress?.();
      },
      onClosed: (close) => this.#taker?.onClosed?.(close),
      onSlept: (milliseconds) => this.#taker?.onSlept?.(milliseconds),
      onLost: (reason) => {
        if (this.#taker === undefined) notify({ kind: "lost", reason });
        else this.#taker.onLost?.(reason);
      },
      onResumed: (after) => {
        if (this.#taker === undefined) notify({ kind: "resumed", after });
        else this.#taker.onResumed?.(after);
      },
      onGone: (error) => this.#tell((taker) => taker.onGone(error)),
      onError: (error) => this.#tell((taker) => taker.onError(error)),
    });
    this.#tacit = new TacitStart(
      this.#driver.channel,
      clock,
      () => this.#driver.flush(),
    );
  }

  /**
   * Opens a session to the end of its beginning. One that does not get there is still to be
   * terminated.
   *
   * @param signal Gives up.
   * @throws {SessionStartError | TransportError | ControlError} Why it does not begin.
   */
  static async open(
    options: OpenSessionOptions,
    signal: AbortSignal,
  ): Promise<OpenedSession> {
    const session = new OpenedSession(options);
    try {
      await session.#begin(signal);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * How it began; `undefined` for one that ended, or was lost, without. Run as a shell, that one
   * says how it ended.
   */
  get started(): StartedEvent | undefined {
    return this.#started;
  }

  /** Hands the session over to whoever runs it: starting this driver is taking over. Once. */
  readonly drive: MakeDriver = (taker) => {
    const driver = this.#driver;
    return {
      channel: driver.channel,
      get connected() {
        return driver.connected;
      },
      start: () => {
        this.#handOver(taker);
        return Promise.resolve();
      },
      flush: () => driver.flush(),
      stop: () => driver.stop(),
    };
  };

  async #begin(signal: AbortSignal): Promise<void> {
    const { clock, notify, size } = this.#options;
    const onAbort = () => this.#begun.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timers: (() => void)[] = [];
    try {
      signal.throwIfAborted();
      await Promise.race([this.#driver.start(signal), this.#begun.promise]);
      const { channel } = this.#driver;
      timers.push(
        clock.setTimer(waitingNotice, () => notify({ kind: "waiting" })),
        clock.setTimer(
          startLimit,
          () => this.#begun.reject(new SessionStartError(notStarted)),
        ),
      );
      if (size !== undefined && !channel.started && !channel.over) {
        // With a handshake it is dropped; it does no harm in any kind of session (sessions.md §2.1).
        channel.resize(size, clock.now());
        this.#driver.flush();
        this.#tacit.watch();
      }
      await this.#begun.promise;
    } finally {
      this.#tacit.stop();
      for (const cancel of timers) cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  #event(event: ChannelEvent): void {
    // The frame that a payload is a part of is used again after this.
    const lasting = event.type === "payload" && this.#taker === undefined
      ? { ...event, payload: event.payload.slice() }
      : event;
    if (event.type === "started") this.#started ??= event;
    const begins = event.type === "started" || event.type === "closed" ||
      event.type === "failed";
    this.#tell((taker) => taker.onEvent(lasting), begins);
  }

  /** Tells whoever runs the session, now or later. */
  #tell(what: (taker: DriverOptions) => void, begins = true): void {
    if (begins) this.#begun.resolve();
    if (this.#taker === undefined) this.#kept.push(what);
    else what(this.#taker);
  }

  /** Gives what happened so far, in order, to whoever runs the session from now on. */
  #handOver(taker: DriverOptions): void {
    this.#driver.channel.allowSilence(taker.silenceLimit ?? silenceLimit);
    // What the channel gives while this goes on is kept behind it.
    for (let tell = this.#kept.shift(); tell; tell = this.#kept.shift()) {
      try {
        tell(taker);
      } catch (error) {
        taker.onError(error);
      }
    }
    this.#taker = taker;
    this.#driver.flush();
  }

  /** Closes the connection of a session that nobody runs; terminating it is the caller's. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    await leave({
      driver: this.#driver,
      clock,
      control: undefined,
      warn: () => {},
    });
  }
}
