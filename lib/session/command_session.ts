/**
 * A session that runs one command: NonInteractiveCommands, whose output and exit code are the
 * agent's, and InteractiveCommands, a command on a terminal that takes input (sessions.md §1, §3).
 *
 * @module
 */

import type {
  ChannelEvent,
  PayloadEvent,
  StartedEvent,
} from "../protocol/channel/events.ts";
import { PayloadSize } from "../protocol/channel/payload_size.ts";
import type { SessionType } from "../protocol/message/handshake.ts";
import { decodeExitCode, PayloadType } from "../protocol/message/payload.ts";
import type { TerminalSize } from "../protocol/message/size.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { type MakeDriver, newDriver, type SessionDriver } from "./driver.ts";
import { Ending } from "./ending.ts";
import { leave } from "./leave.ts";
import {
  endOfChannel,
  type SessionEnd,
  type SessionNotice,
} from "./session_report.ts";
import { notStarted, startLimit, waitingNotice } from "./start_limit.ts";
import { TacitStart } from "./tacit_start.ts";
import type { Clock } from "./transport.ts";

/** The command ended; the code -1 is a signal that the agent does not name (sessions.md §3). */
export interface Exited {
  readonly kind: "exited";
  readonly code: number;
}

/** How a command ended: with its exit code, or as a session does. */
export type CommandEnd = Exited | SessionEnd;

/** Which of a command's outputs. */
export type OutputStream = "stdout" | "stderr";

/** What {@linkcode CommandSession} needs. */
export interface CommandSessionOptions {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly clock: Clock;
  /**
   * Takes output, at once and in order. The bytes are good during the call only; their number is
   * to be given back with `consumed`, or no more comes. `createdDate` is the agent's, in
   * milliseconds of its clock.
   */
  readonly onOutput: (
    bytes: Uint8Array,
    stream: OutputStream,
    createdDate: number,
  ) => void;
  readonly notify: (notice: SessionNotice) => void;
  /** The session of another type is refused. */
  readonly sessionType: SessionType;
  /** The size of the terminal, where it has one. */
  readonly size?: TerminalSize;
  /** Makes the driver; a new one when absent. */
  readonly drive?: MakeDriver;
}

/**
 * A signal is not sent before the command runs, as it would kill the agent's reader
 * (pitfalls.md §2.12): its first output shows that, or so many milliseconds.
 */
const signalDelay = 1000;
const controlC: Uint8Array = Uint8Array.of(3);
/** While so many bytes of output wait for the caller, nothing more is read. */
const outputLimit: number = 8 * 1024 * 1024;
/** Bytes that are never refused: a transport's buffer beyond that limit. */
const outputCapacity: number = 64 * 1024 * 1024;

/** One command's session. */
export class CommandSession implements AsyncDisposable {
  readonly #options: CommandSessionOptions;
  readonly #driver: SessionDriver;
  readonly #tacit: TacitStart;
  readonly #payloads = new PayloadSize();
  readonly #ending: Ending<Exited>;
  readonly #begun = Promise.withResolvers<void>();
  #room: (() => void)[] = [];
  /** Bytes of output that the caller is not done with. */
  #waiting = 0;
  #written = Promise.withResolvers<void>();
  #exitCode: number | undefined;
  #complaint = "";
  #mustTerminate = true;
  #signal: "none" | "waits" | "sent" = "none";
  #runs = false;
  #unlisten = () => {};
  #closing: Promise<void> | undefined;
  /** How often the connection was lost and resumed. */
  resumed = 0;

  constructor(options: CommandSessionOptions) {
    this.#options = options;
    const { grant, control, clock, notify } = options;
    this.#ending = new Ending(clock, () => this.#stopped());
    this.#driver = (options.drive ?? newDriver)({
      grant,
      control,
      clock,
      receiveCapacity: outputCapacity,
      // A command that was signalled, or does not read, keeps its agent from acknowledging for as
      // long as it runs (pitfalls.md §2.12); an agent that is gone is reported by the service.
      silenceLimit: Infinity,
      room: () => this.#untilWritten(),
      onEvent: (event) => this.#event(event),
      onProgress: () => this.#progress(),
      onClosed: ({ code }) => this.#payloads.closed(code, clock.now()),
      onLost: (reason) => notify({ kind: "lost", reason }),
      onResumed: (after) => {
        this.resumed++;
        notify({ kind: "resumed", after });
      },
      onGone: (error) => this.#ending.lost(error),
      onError: (error) => this.#ending.fail(error),
    });
    this.#tacit = new TacitStart(
      this.#driver.channel,
      clock,
      () => this.#driver.flush(),
    );
  }

  /**
   * Opens the connection, and waits until the session has begun or ended.
   *
   * @param signal Ends the session at any time: `ended` has a signal's end, or rejects with the
   * reason.
   * @throws {TransportError | ControlError} If the connection cannot be opened.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { notify } = this.#options;
    const aborted = () => this.#ending.aborted(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", aborted);
    if (signal.aborted) return aborted();
    try {
      await this.#driver.start(signal);
    } catch (error) {
      // An abort has decided the end already.
      if (signal.aborted) return;
      throw error;
    }
    if (this.#driver.channel.started || this.#ending.over) return;
    this.#sendSize();
    this.#tacit.watch();
    this.#ending.after(waitingNotice, () => notify({ kind: "waiting" }));
    this.#ending.after(startLimit, () => {
      this.#ending.finish({ kind: "refused", message: notStarted });
    });
    await this.#begun.promise;
  }

  /** Resolves with the end. Everything that came before it has been handed on. */
  get ended(): Promise<CommandEnd> {
    return this.#ending.promise;
  }

  /**
   * Sends input, for InteractiveCommands.
   *
   * @param bytes Are copied.
   * @returns When the channel has taken all; at the end of the session at once.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const { channel } = this.#driver;
    const { clock } = this.#options;
    for (let at = 0; at < bytes.length && !this.#ending.over;) {
      if (!channel.writable) {
        await new Promise<void>((resolve) => this.#room.push(resolve));
        continue;
      }
      const piece = bytes.subarray(at, at + this.#payloads.bytes);
      this.#payloads.sending(clock.now());
      channel.send(piece, clock.now());
      at += piece.length;
      if (at >= bytes.length || !channel.writable) this.#driver.flush();
    }
  }

  /** So many bytes of output are done with. */
  consumed(bytes: number): void {
    this.#waiting -= bytes;
    if (this.#waiting < outputLimit) this.#written.resolve();
    this.#driver.channel.consumed(bytes, this.#options.clock.now());
    this.#driver.flush();
  }

  /**
   * Sends the command SIGINT, as Ctrl-C does, as soon as that is safe.
   *
   * @returns False when it has had one: of a command without a terminal the agent takes no second;
   * and before a session with a terminal has begun, as there is nothing to interrupt.
   */
  interrupt(): boolean {
    if (this.#options.sessionType === "InteractiveCommands") {
      if (!this.#driver.channel.started) return false;
      this.#send(controlC);
      return true;
    }
    if (this.#signal !== "none") return false;
    this.#signal = "waits";
    if (this.#runs) this.#sendSignal();
    return true;
  }

  /** The terminal has another size now. */
  resize(size: TerminalSize): void {
    if (this.#ending.over || !this.#driver.connected) return;
    this.#driver.channel.resize(size, this.#options.clock.now());
    this.#driver.flush();
  }

  #sendSize(): void {
    if (this.#options.size !== undefined) this.resize(this.#options.size);
  }

  #send(bytes: Uint8Array): void {
    if (this.#ending.over) return;
    this.#driver.channel.send(bytes, this.#options.clock.now());
    this.#driver.flush();
  }

  #sendSignal(): void {
    if (this.#signal !== "waits") return;
    this.#signal = "sent";
    this.#send(controlC);
  }

  #event(event: ChannelEvent): void {
    switch (event.type) {
      case "started":
        return this.#started(event);
      case "payload":
        return this.#payload(event);
      case "closed":
      case "failed":
        if (event.type === "closed") this.#mustTerminate = false;
        return this.#ending.finish(
          this.#commandEnd() ??
            endOfChannel(event, this.#driver.channel.started),
        );
    }
  }

  #started(event: StartedEvent): void {
    const { sessionType, notify } = this.#options;
    this.#tacit.stop();
    this.#ending.clearTimers();
    // Without a handshake nothing tells the type.
    if (event.handshake && event.sessionType !== sessionType) {
      return this.#ending.finish({
        kind: "refused",
        message:
          `The document starts a session of type ${event.sessionType}, ` +
          `not ${sessionType}`,
      });
    }
    notify({
      kind: "started",
      encrypted: event.encrypted,
      customerMessage: event.customerMessage,
      agentVersion: event.agentVersion,
    });
    // What came before the handshake's end was dropped (sessions.md §2.1).
    if (event.handshake) this.#sendSize();
    this.#ending.after(signalDelay, () => this.#running());
    this.#begun.resolve();
  }

  #running(): void {
    this.#runs = true;
    this.#sendSignal();
  }

  #untilWritten(): Promise<void> | undefined {
    if (this.#waiting < outputLimit || this.#ending.over) return undefined;
    this.#written = Promise.withResolvers();
    return this.#written.promise;
  }

  #payload({ payload, payloadType, createdDate }: PayloadEvent): void {
    this.#waiting += payload.length;
    if (payloadType === PayloadType.ExitCode) {
      this.#exitCode = decodeExitCode(payload);
    } else if (this.#exitCode !== undefined) {
      // After the code it is no output but the agent's, about a command that could not be started.
      this.#complaint += new TextDecoder().decode(payload);
    } else if (payloadType === PayloadType.Output) {
      return this.#output(payload, "stdout", createdDate);
    } else if (payloadType === PayloadType.StdErr) {
      return this.#output(payload, "stderr", createdDate);
    }
    this.consumed(payload.length);
  }

  #output(
    payload: Uint8Array,
    stream: OutputStream,
    createdDate: number,
  ): void {
    if (!this.#runs) this.#running();
    this.#options.onOutput(payload, stream, createdDate);
  }

  #commandEnd(): CommandEnd | undefined {
    const message = this.#complaint.trim();
    if (message !== "") return { kind: "refused", message };
    return this.#exitCode === undefined
      ? undefined
      : { kind: "exited", code: this.#exitCode };
  }

  #progress(): void {
    this.#tacit.progress();
    this.#payloads.acknowledged(this.#driver.channel.acknowledgedBytes);
    if (this.#room.length === 0) return;
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }

  #stopped(): void {
    this.#tacit.stop();
    this.#unlisten();
    this.#begun.resolve();
    this.#written.resolve();
    this.#progress();
  }

  /** Ends the session if it lives, and the connection. Never rejects. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const { clock, control, notify } = this.#options;
    this.#ending.finish({ kind: "left" });
    await leave({
      driver: this.#driver,
      clock,
      control: this.#mustTerminate ? control : undefined,
      warn: (text) => {
        if (!this.#ending.gone) notify({ kind: "warning", text });
      },
    });
  }

  /** Calls {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
