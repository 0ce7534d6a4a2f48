/**
 * The one loop that joins a data channel to the world: frames and time to the channel, transmits
 * and events from it, a new connection when the old one is lost.
 *
 * A keystroke, file by file:
 * 1. io/terminal.ts reads bytes in raw mode;
 * 2. session/shell.ts gives them to `channel.send`, and stops reading while `writable` is false;
 * 3. channel/outgoing.ts numbers the message and keeps it until it is acknowledged;
 * 4. message/client_message.ts encodes it;
 * 5. this file drains `pollTransmit` into io/rfc6455_transport.ts.
 *
 * Back: frame → this file → `channel.receive` → decode, digest → acknowledgement queued →
 * incoming.ts and receiver.ts release what is in order → event → session/shell.ts → terminal.
 * Silence: this file sleeps until `nextTimeout`.
 *
 * @module
 */

import { DataChannel } from "../protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../protocol/channel/events.ts";
import { toUuidV4, uuidText } from "../protocol/message/message_id.ts";
import { encodeOpenDataChannel } from "../protocol/message/open_data_channel.ts";
import { clientVersion } from "../protocol/message/version.ts";
import {
  ControlError,
  type SessionControl,
  type SessionGrant,
} from "./control.ts";
import {
  connect,
  type Connection,
  ConnectionLostError,
  type ConnectOptions,
  reconnect,
} from "./resume.ts";
import type { Clock, Transport } from "./transport.ts";

/**
 * Bytes that may wait in the transport before the channel keeps the rest: enough to keep a fast
 * network busy, little enough that a repeat or an acknowledgement is not stuck behind megabytes.
 */
export const transmitQueue: number = 256 * 1024;

/** What a driver needs. */
export interface DriverOptions {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly clock: Clock;
  /** Takes every event of the channel, at once, in order. */
  readonly onEvent: (event: ChannelEvent) => void;
  /** Called after anything that may have given the channel room to send. */
  readonly onProgress?: () => void;
  /** The connection was lost; it is being resumed. */
  readonly onLost?: (reason: string) => void;
  /** The connection is back after so many milliseconds. */
  readonly onResumed?: (after: number) => void;
  /** There is no way back. */
  readonly onGone: (error: ConnectionLostError) => void;
  /** Something that should not happen did. */
  readonly onError: (error: unknown) => void;
  /** Bytes of payload that may wait for the session. */
  readonly receiveCapacity?: number;
}

/** Joins one session's channel to its connections. */
export class Driver {
  /** The session's channel, over all its connections. */
  readonly channel: DataChannel;
  readonly #options: DriverOptions;
  readonly #clock: Clock;
  readonly #clientId = newUuid();
  readonly #stopped = new AbortController();
  #transport: Transport | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Infinity;
  #blocked = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.channel = new DataChannel({
      role: "client",
      random: randomBytes,
      ...(options.receiveCapacity === undefined
        ? {}
        : { receiveCapacity: options.receiveCapacity }),
    }, this.#clock.now());
  }

  /**
   * Opens the first connection, then runs by itself.
   *
   * @param signal Gives up the attempt.
   * @throws {TransportError | ControlError} If there is no connection to be had.
   */
  async start(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#stopped.signal]);
    const connection = await connect(
      this.#options.grant,
      this.#connectOptions(either),
    );
    this.#open(connection);
    this.#running = this.#run(connection).catch((error) => {
      if (!this.#stopped.signal.aborted) this.#options.onError(error);
    });
  }

  #connectOptions(signal: AbortSignal): ConnectOptions {
    const { control, clock } = this.#options;
    return { control, clock, signal, random: Math.random };
  }

  /** The first frame of every connection is text, with the token (data-channel.md §1.3). */
  #open({ transport, tokenValue }: Connection): void {
    this.#transport = transport;
    this.#blocked = false;
    transport.sendText(encodeOpenDataChannel({
      requestId: newUuid(),
      tokenValue,
      clientId: this.#clientId,
      clientVersion,
    }));
    this.flush();
  }

  /** One connection after the other, until the session is over. */
  async #run(connection: Connection): Promise<void> {
    let current = connection, fruitless = 0;
    for (;;) {
      const heard = await this.#pump(current.transport);
      if (this.channel.over || this.#stopped.signal.aborted) return;
      const close = await current.transport.closed;
      const lostAt = this.#clock.now();
      this.channel.disconnected(lostAt);
      this.#transport = undefined;
      this.#options.onLost?.(close.reason || `closed with code ${close.code}`);
      fruitless = heard ? 0 : fruitless + 1;
      try {
        const options = this.#connectOptions(this.#stopped.signal);
        current = await reconnect(current.streamUrl, fruitless, options);
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error;
        this.#options.onGone(error);
        return;
      }
      const now = this.#clock.now();
      this.channel.reconnected(now);
      this.#open(current);
      this.#options.onResumed?.(now - lostAt);
    }
  }

  /** Reads until the transport ends; tells whether anything came. */
  async #pump(transport: Transport): Promise<boolean> {
    let heard = false;
    for (;;) {
      const frames = await transport.read();
      if (frames === undefined || this.#stopped.signal.aborted) return heard;
      heard = true;
      const now = this.#clock.now();
      for (const frame of frames) this.channel.receive(frame, now);
      this.flush();
    }
  }

  /** Hands on events and frames, and sets the timer. Call it after using the channel. */
  flush(): void {
    this.#deliver();
    this.#transmit();
    this.#schedule();
    this.#options.onProgress?.();
  }

  #deliver(): void {
    for (;;) {
      const event = this.channel.pollEvent();
      if (event === undefined) return;
      if (event.type === "data-key-needed") {
        this.#fetchKey(event.keyId, event.challenge);
      } else this.#options.onEvent(event);
    }
  }

  #transmit(): void {
    const transport = this.#transport;
    if (transport === undefined || this.#blocked) return;
    const now = this.#clock.now();
    while (transport.buffered < transmitQueue) {
      const frame = this.channel.pollTransmit(now);
      if (frame === undefined) return;
      transport.send(frame);
    }
    this.#blocked = true;
    transport.drained().then(() => {
      if (this.#transport !== transport) return;
      this.#blocked = false;
      if (!this.#stopped.signal.aborted) this.flush();
    });
  }

  #schedule(): void {
    const at = this.channel.nextTimeout ?? Infinity;
    if (at === this.#timerAt) return;
    // A timer that fires early does no harm and is cheaper than a new one for each message.
    if (
      at > this.#timerAt && this.#cancelTimer !== undefined && at !== Infinity
    ) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = at;
    if (at === Infinity || this.#stopped.signal.aborted) return;
    this.#cancelTimer = this.#clock.setTimer(
      Math.max(0, at - this.#clock.now()),
      () => {
        this.#cancelTimer = undefined;
        this.#timerAt = Infinity;
        this.channel.handleTimeout(this.#clock.now());
        this.flush();
      },
    );
  }

  async #fetchKey(keyId: string, challenge: string | undefined): Promise<void> {
    try {
      const key = await this.#options.control.dataKey(
        keyId,
        challenge,
        this.#stopped.signal,
      );
      this.channel.provideDataKey(key, this.#clock.now());
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      if (!(error instanceof ControlError)) this.#options.onError(error);
      const reason = error instanceof Error ? error.message : String(error);
      this.channel.refuseDataKey(reason, this.#clock.now());
    }
    this.flush();
  }

  /** Ends the connection, for good. */
  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(new DOMException("The session is over", "AbortError"));
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#transport?.close(1000);
    await this.#running;
  }
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function newUuid(): string {
  return uuidText(toUuidV4(randomBytes(16)));
}
