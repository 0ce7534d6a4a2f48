/**
 * A shell session: the terminal on one side, the data channel on the other (sessions.md §2).
 *
 * @module
 */

import { errorTitle } from "../protocol/message/channel_closed.ts";
import type { ChannelEvent, StartedEvent } from "../protocol/channel/events.ts";
import { PayloadType } from "../protocol/message/payload.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { Driver } from "./driver.ts";
import { OutputQueue } from "./output_queue.ts";
import { ShellInput } from "./shell_input.ts";
import { SignalError } from "./signal_error.ts";
import type { Clock, Terminal, TerminalSize } from "./transport.ts";

export { SignalError };

/** After this long without a word from the agent the user is told, in milliseconds (handshake.md §1). */
export const waitingNotice = 5000;
/** After this long the session is given up (handshake.md §1). */
export const startLimit = 60_000;
/** How long leaving may take, in milliseconds: TerminateSession and the closing of the socket. */
export const leaveLimit = 3000;

/** What the user may be told while the session runs; the command layer finds the words. */
export type SessionNotice =
  | { readonly kind: "waiting" }
  | {
    readonly kind: "started";
    readonly encrypted: boolean;
    readonly customerMessage: string;
    readonly agentVersion: string | undefined;
  }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "resumed"; readonly after: number }
  | { readonly kind: "help"; readonly escape: string }
  | { readonly kind: "warning"; readonly text: string };

/** How a session ended. */
export type SessionEnd =
  /** The remote side ended it well. */
  | { readonly kind: "ended" }
  /** The user left with the escape sequence. */
  | { readonly kind: "left" }
  /** The agent reported an error. */
  | { readonly kind: "failed"; readonly message: string }
  /** The service ended it: somebody terminated it, or a limit was reached. */
  | { readonly kind: "terminated"; readonly message: string }
  | {
    readonly kind: "timed-out";
    readonly message: string;
    readonly cause?: unknown;
  }
  /** The connection was lost and cannot be resumed; the cause may say what to do about it. */
  | {
    readonly kind: "lost";
    readonly message: string;
    readonly cause?: unknown;
  }
  /** It never began. */
  | { readonly kind: "refused"; readonly message: string }
  /** A signal, or nobody reads our output any more ("SIGPIPE"). */
  | { readonly kind: "signal"; readonly signal: string };

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
  readonly #driver: Driver;
  readonly #output: OutputQueue;
  readonly #errors: OutputQueue;
  readonly #input: ShellInput;
  readonly #timers = new Set<() => void>();
  readonly #disposables = new DisposableStack();
  readonly #end = Promise.withResolvers<SessionEnd>();
  #ended = false;
  #size: TerminalSize | undefined;
  /** True when the session goes on without us unless we terminate it. */
  #mustTerminate = true;

  constructor(options: ShellOptions) {
    this.#options = options;
    const { terminal, clock } = options;
    // The rejection is for whoever awaits run(); it may come before anybody does.
    this.#end.promise.catch(() => {});
    const written = (bytes: number) => {
      this.#driver.channel.consumed(bytes, clock.now());
      this.#driver.flush();
    };
    const failed = (error: unknown) => this.#writeFailed(error);
    this.#output = new OutputQueue(
      (bytes) => terminal.write(bytes),
      written,
      failed,
    );
    this.#errors = new OutputQueue(
      (bytes) => terminal.writeError(bytes),
      written,
      failed,
    );
    this.#driver = new Driver({
      grant: options.grant,
      control: options.control,
      clock,
      onEvent: (event) => this.#event(event),
      onProgress: () => this.#input.progress(),
      onLost: (reason) => options.notify({ kind: "lost", reason }),
      onResumed: (after) => options.notify({ kind: "resumed", after }),
      onGone: (error) =>
        this.#finish({
          kind: error.timedOut ? "timed-out" : "lost",
          message: error.message,
          ...(error.cause === undefined ? {} : { cause: error.cause }),
        }),
      onError: (error) => this.#fail(error),
    });
    this.#input = new ShellInput({
      terminal,
      clock,
      escape: options.escape,
      channel: this.#driver.channel,
      flush: () => this.#driver.flush(),
      printed: () => this.#output.total + this.#errors.total,
      onCommand: (command) => this.#command(command),
      onError: (error) => this.#fail(error),
    });
  }

  async run(): Promise<SessionEnd> {
    const { signal } = this.#options;
    const aborted = () => this.#aborted(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    this.#disposables.defer(() => signal.removeEventListener("abort", aborted));
    if (signal.aborted) aborted();
    else await this.#start(signal);
    const end = await this.#end.promise;
    // The session's last words come before ours.
    await Promise.all([this.#output.drained(), this.#errors.drained()]);
    return end;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { notify, clock } = this.#options;
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
    this.#resize();
    this.#timers.add(
      clock.setTimer(waitingNotice, () => notify({ kind: "waiting" })),
    );
    this.#timers.add(clock.setTimer(startLimit, () => {
      const message = `The agent did not answer within ${startLimit / 1000} s`;
      this.#finish({ kind: "refused", message });
    }));
  }

  #event(event: ChannelEvent): void {
    switch (event.type) {
      case "started":
        return this.#started(event);
      case "payload":
        if (event.payloadType === PayloadType.StdErr) {
          this.#errors.push(event.payload);
        } else if (event.payloadType === PayloadType.Output) {
          this.#output.push(event.payload);
        } else {this.#driver.channel.consumed(
            event.payload.length,
            this.#options.clock.now(),
          );}
        return this.#input.progress();
      case "closed":
        this.#mustTerminate = false;
        return this.#finish(endOf(event.output, this.#driver.channel.started));
      case "failed": {
        const kind = event.reason === "handshake" ? "refused" : "failed";
        return this.#finish({ kind, message: event.message });
      }
    }
  }

  #started(event: StartedEvent): void {
    const { notify, terminal } = this.#options;
    this.#clearTimers();
    if (event.sessionType === "Port") {
      return this.#finish({
        kind: "refused",
        message: "The document starts a port session, not a shell",
      });
    }
    notify({
      kind: "started",
      encrypted: event.encrypted,
      customerMessage: event.customerMessage,
      agentVersion: event.agentVersion,
    });
    if (terminal.interactive) this.#disposables.use(terminal.raw());
    this.#disposables.use(terminal.onResize(() => this.#resize()));
    if (event.handshake) this.#size = undefined;
    this.#resize();
    this.#input.start();
  }

  #resize(): void {
    const size = this.#options.terminal.size();
    if (size === undefined || this.#ended) return;
    if (size.cols === this.#size?.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#driver.channel.resize(size, this.#options.clock.now());
    this.#driver.flush();
  }

  #command(command: "leave" | "help" | "suspend"): void {
    const { escape, notify, terminal } = this.#options;
    if (command === "leave") this.#finish({ kind: "left" });
    else if (command === "help") notify({ kind: "help", escape: escape! });
    else {terminal.suspend().then(() =>
        this.#resize(), (error) =>
        this.#fail(error));}
  }

  #aborted(reason: unknown): void {
    if (reason instanceof SignalError) {
      this.#finish({ kind: "signal", signal: reason.signal });
    } else this.#fail(reason);
  }

  #writeFailed(error: unknown): void {
    // As a program that prints into a closed pipe ends.
    if (error instanceof Deno.errors.BrokenPipe) {
      this.#finish({ kind: "signal", signal: "SIGPIPE" });
    } else this.#fail(error);
  }

  #finish(end: SessionEnd): void {
    this.#ended = true;
    this.#clearTimers();
    this.#input.stop();
    this.#end.resolve(end);
  }

  #fail(error: unknown): void {
    this.#ended = true;
    this.#clearTimers();
    this.#input.stop();
    this.#end.reject(error);
  }

  #clearTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Puts everything back; never throws. */
  async dispose(): Promise<void> {
    this.#ended = true;
    this.#clearTimers();
    this.#input.stop();
    this.#disposables.dispose();
    const leaving = [this.#driver.stop()];
    if (this.#mustTerminate) leaving.push(this.#terminate());
    const late = Promise.withResolvers<void>();
    const cancel = this.#options.clock.setTimer(leaveLimit, late.resolve);
    await Promise.race([Promise.allSettled(leaving), late.promise]);
    cancel();
  }

  async #terminate(): Promise<void> {
    try {
      await this.#options.control.terminate();
    } catch (error) {
      const text = `The session could not be terminated: ${
        (error as Error).message
      }`;
      this.#options.notify({ kind: "warning", text });
    }
  }
}

/** What channel_closed means (data-channel.md §7). */
function endOf(output: string, started: boolean): SessionEnd {
  const title = output.indexOf(errorTitle);
  if (title >= 0) {
    const message = output.slice(title + errorTitle.length).trim();
    return { kind: started ? "failed" : "refused", message };
  }
  if (output.trim() !== "") {
    return { kind: "terminated", message: output.trim() };
  }
  return started
    ? { kind: "ended" }
    : { kind: "refused", message: "The session was closed before it began" };
}
