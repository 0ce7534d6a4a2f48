/**
 * A shell session: the terminal on one side, the data channel on the other (sessions.md §2).
 *
 * @module
 */

import type { ChannelEvent, StartedEvent } from "../protocol/channel/events.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { type MakeDriver, newDriver, type SessionDriver } from "./driver.ts";
import type { EscapeCommand } from "./escape.ts";
import { Ending } from "./ending.ts";
import { lastWords, leave } from "./leave.ts";
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
import { platformReason } from "../text.ts";

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
  readonly #ending: Ending;
  /** True when the session goes on without us unless we terminate it. */
  #mustTerminate = true;

  constructor(options: ShellOptions) {
    this.#options = options;
    const { control, terminal, clock, grant, escape } = options;
    this.#ending = new Ending(clock, () => this.#stopped());
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
      onGone: (error) => this.#ending.lost(error),
      onError: (error) => this.#ending.fail(error),
    });
    const { channel } = this.#driver;
    const flush = () => this.#driver.flush();
    this.#tacit = new TacitStart(channel, clock, flush);
    this.#terminal = new ShellTerminal(
      terminal,
      () => this.#driver.connected && !this.#ending.over,
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
      () => this.#ending.finish({ kind: "signal", signal: "SIGPIPE" }),
      (error) => this.#ending.fail(sentence("Cannot write output", error)),
    );
    this.#input = new ShellInput({
      terminal,
      clock,
      escape,
      channel,
      flush,
      printed: () => this.#output.total,
      onCommand: (command) => this.#command(command),
      onHangUp: () => this.#ending.finish({ kind: "signal", signal: "SIGHUP" }),
      onError: (error) =>
        this.#ending.fail(sentence("Cannot read input", error)),
    });
  }

  async run(): Promise<SessionEnd> {
    const { signal, clock } = this.#options;
    const aborted = () => this.#ending.aborted(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    try {
      if (signal.aborted) aborted();
      else await Promise.race([this.#start(signal), this.#ending.promise]);
      const end = await this.#ending.promise;
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
    try {
      await this.#driver.start(signal);
    } catch (error) {
      // An abort has decided the end already.
      if (signal.aborted) return;
      throw error;
    }
    if (this.#driver.channel.started || this.#ending.over) return;
    // An early size is in force before the first prompt; with a handshake it is dropped, and sent
    // again after it (sessions.md §2.1).
    this.#terminal.sendSize();
    this.#tacit.watch();
    this.#ending.after(
      waitingNotice,
      () => this.#notify({ kind: "waiting" }),
    );
    this.#ending.after(
      startLimit,
      () => this.#ending.finish({ kind: "refused", message: notStarted }),
    );
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
        return this.#ending.finish(
          endOfChannel(event, this.#driver.channel.started),
        );
    }
  }

  #started(event: StartedEvent): void {
    this.#tacit.stop();
    this.#ending.clearTimers();
    if (event.sessionType === "Port") {
      return this.#ending.finish({
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
    if (this.#ending.over) return;
    this.#terminal.take(event.handshake);
    this.#input.start();
  }

  #command(command: EscapeCommand): void {
    const { escape = "" } = this.#options;
    if (command === "leave") this.#ending.finish({ kind: "left" });
    else if (command === "help") this.#notify({ kind: "help", escape });
    else this.#terminal.suspend().catch((error) => this.#ending.fail(error));
  }

  #notify(notice: SessionNotice): void {
    try {
      this.#options.notify(notice);
    } catch (error) {
      this.#ending.fail(error);
    }
  }

  #stopped(): void {
    this.#tacit.stop();
    this.#input.stop();
  }

  /** Puts everything back; never throws. */
  async dispose(): Promise<void> {
    this.#ending.stop();
    const { clock, control } = this.#options;
    const warn = (text: string) => this.#notify({ kind: "warning", text });
    const leaving = leave({
      driver: this.#driver,
      clock,
      control: this.#mustTerminate ? control : undefined,
      warn: (text) => {
        if (!this.#ending.gone) warn(text);
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
  return new Error(`${what}: ${platformReason(cause)}`, { cause });
}
