/**
 * A shell session: the terminal on one side, the data channel on the other (sessions.md §2).
 *
 * @module
 */

import type { ChannelEvent, StartedEvent } from "../protocol/channel/events.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { type MakeDriver, newDriver, type SessionDriver } from "./driver.ts";
import type { EscapeCommand } from "./escape.ts";
import { lastWords, leave } from "./leave.ts";
import type { ConnectionLostError } from "./resume.ts";
import {
  endOfAbort,
  endOfChannel,
  type SessionEnd,
  type SessionNotice,
} from "./session_report.ts";
import { ShellInput } from "./shell_input.ts";
import { ShellOutput } from "./shell_output.ts";
import { ShellTerminal } from "./shell_terminal.ts";
import { SignalError } from "./signal_error.ts";
import { notStarted, startLimit, waitingNotice } from "./start_limit.ts";
import { TacitStart } from "./tacit_start.ts";
import type { Clock, Terminal } from "./transport.ts";

export { type SessionEnd, type SessionNotice, SignalError };

/** What {@linkcode runShell} needs. */
export interface ShellOptions {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** The escape character, "~" by custom; `undefined` turns the sequences off. */
  readonly escape: string | undefined;
  /** Ends the session from outside; the reason is returned as it says (a {@linkcode SignalError}). */
  readonly signal: AbortSignal;
  readonly notify: (notice: SessionNotice) => void;
  /** Makes the driver; a new one when absent. */
  readonly drive?: MakeDriver;
}

/**
 * Runs a shell session to its end. The terminal is as before when this returns or throws, and the
 * session is terminated if it is we who leave it.
 *
 * @throws {TransportError | ControlError} If the first connection cannot be opened.
 */
export async function runShell(options: ShellOptions): Promise<SessionEnd> {
  const session = new ShellSession(options);
  try {
    return await session.run();
  } finally {
    await session.dispose();
  }
}

class ShellSession {
  readonly #options: ShellOptions;
  readonly #driver: SessionDriver;
  readonly #terminal: ShellTerminal;
  readonly #input: ShellInput;
  readonly #output: ShellOutput;
  readonly #tacit: TacitStart;
  readonly #timers = new Set<() => void>();
  readonly #end = Promise.withResolvers<SessionEnd>();
  #ended = false;
  /** True when the session goes on without us unless we terminate it. */
  #mustTerminate = true;
  /** True when the service does not know the session any more. */
  #gone = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    const { control, terminal, clock, grant, escape } = options;
    // The rejection is for whoever awaits run(); it may come before anybody does.
    this.#end.promise.catch(() => {});
    this.#driver = (options.drive ?? newDriver)({
      grant,
      control,
      clock,
      onEvent: (event) => this.#event(event),
      onProgress: () => {
        this.#input.progress();
        this.#tacit.progress();
      },
      onLost: (reason) => this.#notify({ kind: "lost", reason }),
      onResumed: (after) => {
        this.#notify({ kind: "resumed", after });
        this.#terminal.sendSize();
      },
      onGone: (error) => this.#lost(error),
      onError: (error) => this.#fail(error),
    });
    const { channel } = this.#driver;
    const flush = () => this.#driver.flush();
    this.#tacit = new TacitStart(channel, clock, flush);
    this.#terminal = new ShellTerminal(
      terminal,
      () => this.#driver.connected && !this.#ended,
      (size) => {
        channel.resize(size, clock.now());
        flush();
      },
    );
    this.#output = new ShellOutput(
      terminal,
      (bytes) => {
        channel.consumed(bytes, clock.now());
        flush();
      },
      () => this.#finish({ kind: "signal", signal: "SIGPIPE" }),
      (error) => this.#fail(sentence("Cannot write output", error)),
    );
    this.#input = new ShellInput({
      terminal,
      clock,
      escape,
      channel,
      flush,
      printed: () => this.#output.total,
      onCommand: (command) => this.#command(command),
      onHangUp: () => this.#finish({ kind: "signal", signal: "SIGHUP" }),
      onError: (error) => this.#fail(sentence("Cannot read input", error)),
    });
  }

  async run(): Promise<SessionEnd> {
    const { signal, clock } = this.#options;
    const aborted = () => this.#aborted(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    try {
      if (signal.aborted) aborted();
      else await Promise.race([this.#start(signal), this.#end.promise]);
      const end = await this.#end.promise;
      if (end.kind === "left" || end.kind === "signal") return end;
      const complete = await lastWords(
        this.#output.drained(),
        clock,
        signal,
        () => this.#terminal.leaveRawMode(),
      );
      return complete ? end : endOfAbort(signal.reason);
    } finally {
      signal.removeEventListener("abort", aborted);
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      await this.#driver.start(signal);
    } catch (error) {
      // An abort has decided the end already.
      if (signal.aborted) return;
      throw error;
    }
    if (this.#driver.channel.started || this.#ended) return;
    // An early size is in force before the first prompt; with a handshake it is dropped, and sent
    // again after it (sessions.md §2.1).
    this.#terminal.sendSize();
    this.#tacit.watch();
    this.#timers.add(
      clock.setTimer(waitingNotice, () => this.#notify({ kind: "waiting" })),
    );
    this.#timers.add(clock.setTimer(startLimit, () => {
      this.#finish({ kind: "refused", message: notStarted });
    }));
  }

  #event(event: ChannelEvent): void {
    switch (event.type) {
      case "started":
        return this.#started(event);
      case "payload":
        return this.#output.print(event);
      case "closed":
      case "failed":
        if (event.type === "closed") this.#mustTerminate = false;
        return this.#finish(endOfChannel(event, this.#driver.channel.started));
    }
  }

  #started(event: StartedEvent): void {
    this.#clearTimers();
    if (event.sessionType === "Port") {
      return this.#finish({
        kind: "refused",
        message: "The document starts a port session, not a shell",
      });
    }
    this.#notify({
      kind: "started",
      encrypted: event.encrypted,
      customerMessage: event.customerMessage,
      agentVersion: event.agentVersion,
    });
    if (this.#ended) return;
    this.#terminal.take(event.handshake);
    this.#input.start();
  }

  #command(command: EscapeCommand): void {
    const { escape = "" } = this.#options;
    if (command === "leave") this.#finish({ kind: "left" });
    else if (command === "help") this.#notify({ kind: "help", escape });
    else this.#terminal.suspend().catch((error) => this.#fail(error));
  }

  #notify(notice: SessionNotice): void {
    try {
      this.#options.notify(notice);
    } catch (error) {
      this.#fail(error);
    }
  }

  #aborted(reason: unknown): void {
    try {
      this.#finish(endOfAbort(reason));
    } catch {
      this.#fail(reason);
    }
  }

  #lost({ message, timedOut, cause }: ConnectionLostError): void {
    this.#gone = timedOut;
    this.#finish({
      kind: timedOut ? "timed-out" : "lost",
      message,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #finish(end: SessionEnd): void {
    this.#stop();
    this.#end.resolve(end);
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#end.reject(error);
  }

  #stop(): void {
    this.#ended = true;
    this.#clearTimers();
    this.#input.stop();
  }

  #clearTimers(): void {
    this.#tacit.stop();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Puts everything back; never throws. */
  async dispose(): Promise<void> {
    this.#stop();
    const { clock, control } = this.#options;
    const warn = (text: string) => this.#notify({ kind: "warning", text });
    const leaving = leave({
      driver: this.#driver,
      clock,
      control: this.#mustTerminate ? control : undefined,
      warn: (text) => {
        if (!this.#gone) warn(text);
      },
    });
    const enough = new AbortController();
    const abort = () => enough.abort();
    await lastWords(this.#output.drained(), clock, enough.signal, abort);
    try {
      this.#terminal.release();
    } catch (error) {
      // As after SIGHUP: there is none any more, which is no reason to stay.
      warn(sentence("Cannot restore terminal", error).message);
    }
    await leaving;
  }
}

function sentence(what: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${what}: ${why}`, { cause });
}
