/**
 * The one loop that joins a data channel to the world: frames and time to the channel, transmits
 * and events from it, a new connection when the old one is lost.
 *
 * A keystroke, file by file:
 * 1. io/terminal.ts reads bytes in raw mode;
 * 2. session/shell_input.ts gives them to `channel.send` while `writable` is true;
 * 3. channel/outgoing.ts numbers the message and keeps it until it is acknowledged;
 * 4. message/client_message.ts encodes it;
 * 5. session/transmitter.ts drains `pollTransmit` into io/rfc6455_transport.ts.
 *
 * Back: frame → this file → `channel.receive` → decode, digest → acknowledgement queued →
 * incoming.ts and receiver.ts release what is in order → event → session/shell.ts → shell_output.ts
 * → terminal.
 * Silence: this file sleeps until `nextTimeout`.
 *
 * @module
 */

import { DataChannel } from "../protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../protocol/channel/events.ts";
import { toUuidV4, uuidText } from "../protocol/message/message_id.ts";
import { encodeOpenDataChannel } from "../protocol/message/open_data_channel.ts";
import { clientVersion } from "../protocol/message/version.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { DataKeys } from "./data_keys.ts";
import {
  connect,
  type Connection,
  ConnectionLostError,
  type ConnectOptions,
  longestDelay,
  type Patience,
  reconnect,
  shellPatience,
} from "./resume.ts";
import { SleepWatch } from "./sleep_watch.ts";
import { Transmitter } from "./transmitter.ts";
import type { Clock, Transport, TransportClose } from "./transport.ts";
import { WakeUp } from "./wake_up.ts";

/** While the transport takes nothing, what is due can wait; milliseconds between two looks. */
const blockedPause = 100;
/** Milliseconds that a connection has for a sign of life after the machine slept. */
const checkLimit = 5_000;
/**
 * When something has waited for an answer for so long without a word, in milliseconds, the
 * connection is checked: after a change of network it is dead, and nothing says so. Pings alone take
 * a minute and a half to notice.
 */
const silenceCheck = 5_000;
/** A timer this late, in milliseconds, means that the process was stopped, or the machine asleep. */
const sleptLimit = 10_000;

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
  /** Something that should not happen did; what the other functions here throw comes here too. */
  readonly onError: (error: unknown) => void;
  /** Bytes of payload that may wait for the session. */
  readonly receiveCapacity?: number;
  /**
   * Asked before each read: nothing is read before it resolves, so that the network holds the
   * sender up. What must not be refused is held up so: an agent repairs that ten messages a second.
   */
  readonly room?: () => Promise<void> | undefined;
  /** Milliseconds of silence after which the agent is given up; the channel's own when absent. */
  readonly silenceLimit?: number;
  /** How long a lost connection is tried again; a shell's when absent. */
  readonly patience?: Patience;
  /** How a connection ended, before {@linkcode onLost}. */
  readonly onClosed?: (close: TransportClose) => void;
  /** The machine slept for so many milliseconds; the connection is being checked. */
  readonly onSlept?: (milliseconds: number) => void;
}

/** What a kind of session uses of its driver. */
export type SessionDriver = Pick<
  Driver,
  "channel" | "connected" | "start" | "flush" | "stop"
>;

/**
 * Makes the driver of a session: a new one, or that of an `OpenedSession`.
 *
 * @param options Whom to tell what.
 */
export type MakeDriver = (options: DriverOptions) => SessionDriver;

/** Joins one session's channel to its connections. */
export class Driver {
  /** The session's channel, over all its connections. */
  readonly channel: DataChannel;
  readonly #options: DriverOptions;
  readonly #clock: Clock;
  readonly #clientId = newUuid();
  readonly #stopped = new AbortController();
  readonly #wakeUp: WakeUp;
  readonly #out: Transmitter;
  readonly #keys: DataKeys;
  readonly #sleep: SleepWatch;
  #flushing = false;
  /** When the session last got something new: payload, or an acknowledgement. */
  #progressAt: number;
  /** When frames last came. */
  #heardAt: number;
  /** When the connection was last new, or checked. */
  #checkedAt = 0;
  #running: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#progressAt = this.#heardAt = this.#clock.now();
    this.#wakeUp = new WakeUp(this.#clock, (late) => this.#timeout(late));
    this.channel = new DataChannel({
      role: "client",
      random: randomBytes,
      // Transports copy what they take.
      reuseFrames: true,
      ...(options.silenceLimit === undefined
        ? {}
        : { silenceLimit: options.silenceLimit }),
      ...(options.receiveCapacity === undefined
        ? {}
        : { receiveCapacity: options.receiveCapacity }),
    }, this.#clock.now());
    const flush = () => {
      if (!this.#stopped.signal.aborted) this.flush();
    };
    this.#out = new Transmitter(this.channel, this.#clock, flush);
    this.#keys = new DataKeys({
      control: options.control,
      clock: this.#clock,
      channel: this.channel,
      signal: this.#stopped.signal,
      flush,
      onError: options.onError,
    });
    this.#sleep = new SleepWatch(this.#clock, (slept) => {
      options.onSlept?.(slept);
      this.#out.transport?.check(checkLimit);
    });
  }

  /** True while there is a connection. */
  get connected(): boolean {
    return this.#out.connected;
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
    if (!await this.#open(connection, either)) throw either.reason;
    this.#sleep.start();
    this.#running = this.#run(connection).catch((error) => {
      if (!this.#stopped.signal.aborted) this.#options.onError(error);
    });
  }

  #connectOptions(signal: AbortSignal): ConnectOptions {
    const { control, clock } = this.#options;
    const { patience = shellPatience } = this.#options;
    return { control, clock, signal, random: Math.random, patience };
  }

  /**
   * Takes a connection into use. The first frame of each is text, with the token
   * (data-channel.md §1.3). One that comes too late is closed, as nobody else will; then false.
   */
  async #open(
    { transport, tokenValue }: Connection,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (signal.aborted) {
      await transport.close(1000);
      return false;
    }
    transport.sendText(encodeOpenDataChannel({
      requestId: newUuid(),
      tokenValue,
      clientId: this.#clientId,
      clientVersion,
    }));
    this.#out.attach(transport);
    this.#checkedAt = this.#clock.now();
    this.flush();
    return true;
  }

  /** One connection after the other, until the session is over. */
  async #run(connection: Connection): Promise<void> {
    const { signal } = this.#stopped;
    let current = connection, fruitless = 0, since: number | undefined;
    for (;;) {
      const openedAt = this.#clock.now();
      const heard = await this.#pump(current.transport);
      if (this.channel.over || signal.aborted) return;
      const close = await current.transport.closed;
      if (signal.aborted) return;
      const lostAt = this.#clock.now();
      this.channel.disconnected(lostAt);
      this.#out.detach();
      const reason = close.reason || `closed with code ${close.code}`;
      this.#options.onClosed?.(close);
      if (signal.aborted) return;
      // Where nothing is tried, nothing is resumed.
      if (this.#options.patience?.tries !== 0) this.#options.onLost?.(reason);
      // An idle session says nothing for hours; a connection that lasted was of use.
      const useful = this.#progressAt >= openedAt ||
        lostAt - openedAt >= longestDelay;
      since = useful ? lostAt : since ?? lostAt;
      // What comes behind a message that is missing is no progress yet, but may become some.
      const promising = heard && lostAt - this.#progressAt < longestDelay;
      fruitless = useful || promising ? 0 : fruitless + 1;
      try {
        current = await reconnect(
          { streamUrl: current.streamUrl, since, fruitless, reason },
          this.#connectOptions(signal),
        );
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error;
        this.#options.onGone(error);
        return;
      }
      const now = this.#clock.now();
      this.channel.reconnected(now);
      if (!await this.#open(current, signal)) return;
      this.#options.onResumed?.(now - lostAt);
    }
  }

  /** Reads until the transport ends; tells whether anything came. */
  async #pump(transport: Transport): Promise<boolean> {
    for (let heard = false;; heard = true) {
      await this.#options.room?.();
      const frames = await transport.read();
      if (frames === undefined || this.#stopped.signal.aborted) return heard;
      const now = this.#heardAt = this.#clock.now();
      const before = this.channel.unacknowledged;
      for (const frame of frames) this.channel.receive(frame, now);
      if (this.channel.unacknowledged < before) this.#progressAt = now;
      this.flush();
    }
  }

  /** Hands on events and frames, and sets the timer. Call it after using the channel. */
  flush(): void {
    // Called by an event's taker: what it left is done when it returns.
    if (this.#flushing) return;
    try {
      this.#flushing = true;
      this.#deliver();
      this.#out.transmit();
      this.#schedule();
      this.#flushing = false;
      this.#options.onProgress?.();
    } catch (error) {
      this.#flushing = false;
      this.#options.onError(error);
    }
  }

  #deliver(): void {
    for (;;) {
      const event = this.channel.pollEvent();
      if (event === undefined) return;
      if (event.type === "data-key-needed") {
        this.#keys.fetch(event);
        continue;
      }
      if (event.type === "payload") this.#progressAt = this.#heardAt;
      this.#options.onEvent(event);
    }
  }

  #schedule(): void {
    if (this.#stopped.signal.aborted) return;
    // An acknowledgement that is due stays so until there is room for it.
    const pause = this.#out.blocked ? blockedPause : 0;
    this.#wakeUp.set(this.channel.nextTimeout, pause);
  }

  #timeout(late: number): void {
    const now = this.#clock.now();
    // We were deaf, so the agent's silence is no fault of its own, and its answers are not read
    // yet: its time begins again, as with a new connection.
    if (late > sleptLimit && this.connected) this.channel.reconnected(now);
    this.channel.handleTimeout(now);
    this.#checkSilence(now);
    this.flush();
  }

  /** Asks the service, not the agent, which may have its reasons to be silent. */
  #checkSilence(now: number): void {
    const { transport } = this.#out;
    const waiting = this.channel.waitingSince;
    if (!transport?.canAsk || waiting === undefined) return;
    const since = Math.max(waiting, this.#heardAt, this.#checkedAt);
    if (now - since < silenceCheck) return;
    this.#checkedAt = now;
    transport.check(checkLimit);
  }

  /** Ends the connection, for good. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#stopped.abort(new DOMException("The session is over", "AbortError"));
    this.#wakeUp.cancel();
    this.#sleep.stop();
    await this.#out.transport?.close(1000);
    await this.#running;
  }
}

/** Makes the driver of a session that was not opened before. */
export const newDriver: MakeDriver = (options) => new Driver(options);

/** Bytes of randomness fetched together: a call for each message id costs a twentieth of its way. */
const randomPool = 4096;
let pool = new Uint8Array();
let poolUsed = 0;

/** Strong random bytes; none is handed out twice, and nothing else has them. */
function randomBytes(length: number): Uint8Array {
  if (length > randomPool / 8) {
    return crypto.getRandomValues(new Uint8Array(length));
  }
  if (pool.length - poolUsed < length) {
    pool = crypto.getRandomValues(new Uint8Array(randomPool));
    poolUsed = 0;
  }
  return pool.subarray(poolUsed, poolUsed += length);
}

function newUuid(): string {
  return uuidText(toUuidV4(randomBytes(16)));
}
