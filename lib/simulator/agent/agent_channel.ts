/**
 * The agent's end of a data channel, joined to time and to the service: the pure channel's driver.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { DataChannel } from "../../protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../protocol/channel/events.ts";
import type { HandshakePlan } from "../../protocol/channel/handshake_request_flow.ts";
import type { Clock } from "../../session/transport.ts";
import { MovedTimer } from "../moved_timer.ts";
import { InputGate } from "./input_gate.ts";
import type { Pace } from "./pace.ts";

/** The agent's connection to the service. */
export interface AgentLink {
  /** Takes one frame; it is the link's from now on. Drops it where no client is connected. */
  send(frame: Uint8Array): void;
  /** True while the way to the client is full; then {@linkcode drained} tells when it is not. */
  readonly congested: boolean;
  /** Resolves when the way is free again or gone. Never rejects. */
  drained(): Promise<void>;
}

/** What an {@linkcode AgentChannel} is made with. */
export interface AgentChannelOptions {
  readonly link: AgentLink;
  readonly clock: Clock;
  readonly pace: Pace;
  /** What to ask of the client; absent where the session has no handshake (handshake.md §1). */
  readonly handshake: HandshakePlan | undefined;
  /** Called with each event, publication aside; may call back into the channel. */
  readonly onEvent: (event: ChannelEvent) => void;
}

/**
 * Bytes of input that may wait for the program. More than a client's window (8 MiB, data-channel.md
 * §6.2), so that only a program that does not read for long makes the agent refuse input.
 */
const receiveCapacity = 16 * 1024 * 1024;

/** How long {@linkcode AgentChannel.settled} waits for a client to come back, in milliseconds. */
const longestAbsence = 60_000;

/** Bytes of a payload that an agent makes: StreamDataPayloadSize (data-channel.md §6.1). */
export const payloadLimit = 1024;

/** So many frames are read before a look at what the program owes. */
const readAtOnce = 64;

/** So many payloads at most before what is there goes out, so that the client can begin. */
const flushEvery = 64;

/** How often waiting for acknowledgements looks at the time, in milliseconds. */
const drainStep = 20;

/** The agent's end of one data channel. */
export class AgentChannel {
  readonly #channel: DataChannel;
  readonly #link: AgentLink;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #onEvent: (event: ChannelEvent) => void;
  readonly #gate = new InputGate();
  readonly #timer: MovedTimer;
  #waiting: (() => void)[] = [];
  readonly #scratch = new Uint8Array(payloadLimit);
  #flushing = false;
  #blocked = false;
  #ended = false;

  /** Sends the handshake request at once, if there is one. */
  constructor(options: AgentChannelOptions) {
    this.#link = options.link;
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#onEvent = options.onEvent;
    this.#timer = new MovedTimer(options.clock, () => {
      this.#channel.handleTimeout(this.#clock.now());
      this.#flush();
    });
    this.#channel = new DataChannel({
      role: "agent",
      random: (length) => new Uint8Array(randomBytes(length)),
      repair: options.pace.repair,
      // The official agent acknowledges at once.
      acknowledgeDelay: 0,
      receiveCapacity,
      accepting: false,
      ...(options.handshake === undefined
        ? {}
        : { handshake: options.handshake }),
    }, options.clock.now());
    queueMicrotask(() => this.#flush());
  }

  /** Takes the frames that came in together. */
  receive(frames: readonly Uint8Array[]): void {
    if (this.#ended) return;
    this.#gate.hold(frames);
    this.#flush();
  }

  /** Reads the oldest frames; false when there are none or the program has enough. */
  #read(): boolean {
    const frames = this.#ended ? undefined : this.#gate.next();
    if (frames === undefined) return false;
    const now = this.#clock.now();
    for (let at = 0; at < frames.length;) {
      const end = Math.min(frames.length, at + readAtOnce);
      while (at < end) this.#channel.receive(frames[at++]!, now);
      this.#drainEvents();
      if (at < frames.length && this.#gate.full) {
        this.#gate.putBack(frames.slice(at));
        break;
      }
    }
    return true;
  }

  /**
   * Accepts input from now on: the program is there (pitfalls.md §2.4).
   *
   * @param limit Nothing is read while the program owes `consumed` for so many bytes.
   */
  accept(limit = Infinity): void {
    this.#gate.limitTo(limit);
    this.#channel.setAccepting(true, this.#clock.now());
    this.#flush();
  }

  /** Takes a payload for the client. Wait for {@linkcode writable} before. */
  send(payload: Uint8Array, payloadType?: number): void {
    if (this.#ended) return;
    this.#channel.send(payload, this.#clock.now(), payloadType);
    this.#flush();
  }

  /**
   * Sends payloads as long as there are any and room for them.
   *
   * @param fill Fills the beginning of a target of {@linkcode payloadLimit} bytes, and says how far;
   *   0 ends it.
   * @param most So many payloads at most.
   * @returns How many were sent.
   */
  sendFrom(fill: (target: Uint8Array) => number, most: number): number {
    let sent = 0;
    while (sent < most && this.ready) {
      const length = fill(this.#scratch);
      if (length === 0) break;
      // The channel encodes at once, so that the memory can be used again.
      this.#channel.send(
        this.#scratch.subarray(0, length),
        this.#clock.now(),
      );
      if (++sent % flushEvery === 0) this.#flush();
    }
    if (sent % flushEvery !== 0) this.#flush();
    return sent;
  }

  /** The program took so many bytes of input. */
  consumed(bytes: number): void {
    if (this.#ended) return;
    this.#gate.consumed(bytes);
    this.#channel.consumed(bytes, this.#clock.now());
    this.#flush();
  }

  /** Answers `data-key-offered`. */
  provideDataKey(plaintext: Uint8Array): void {
    this.#channel.provideDataKey({ plaintext }, this.#clock.now());
    this.#flush();
  }

  /** Answers `data-key-offered` when the key could not be decrypted. */
  refuseDataKey(reason: string): void {
    this.#channel.refuseDataKey(reason, this.#clock.now());
    this.#flush();
  }

  /** True once the session began. */
  get started(): boolean {
    return this.#channel.started;
  }

  /**
   * True while the agent may read its source: the session began, a client is there, the window and
   * the way to the client are open.
   */
  get ready(): boolean {
    return this.#channel.writable && !this.#channel.paused &&
      !this.#blocked && !this.#ended;
  }

  /** True while no client is there. */
  get paused(): boolean {
    return this.#channel.paused;
  }

  /** True when nothing can be sent any more. */
  get over(): boolean {
    return this.#ended || this.#channel.over;
  }

  /** Resolves when {@linkcode ready}: true then; false when the channel has ended. */
  async writable(): Promise<boolean> {
    while (!this.over) {
      if (this.ready) return true;
      await this.change();
    }
    return false;
  }

  /**
   * Resolves when everything is acknowledged, or after the pace's time for that.
   *
   * @param absence How long a client that is away is waited for, in milliseconds.
   */
  async settled(absence = longestAbsence): Promise<void> {
    let last = this.#clock.now();
    let waited = 0;
    let absent = 0;
    let least = this.#channel.unacknowledged;
    while (!this.#ended && this.#channel.unacknowledged > 0) {
      const cancel = this.#clock.setTimer(drainStep, () => this.#wake());
      await this.change();
      cancel();
      const now = this.#clock.now();
      if (this.#channel.paused) absent += now - last;
      else waited += now - last;
      last = now;
      const left = this.#channel.unacknowledged;
      if (this.#pace.drainWhileProgress && left < least) waited = 0;
      least = Math.min(least, left);
      if (waited >= this.#pace.drain || absent >= absence) return;
    }
  }

  /** Ends the channel: no frame goes out any more, all that wait go on. */
  end(): void {
    this.#ended = true;
    this.#gate.clear();
    this.#timer.cancel();
    this.#wake();
  }

  /** Resolves when something has changed. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Events to the session, frames to the service, and the one timer. */
  #flush(): void {
    if (this.#flushing || this.#ended) return;
    this.#flushing = true;
    try {
      do {
        this.#drainEvents();
        this.#drainFrames();
      } while (this.#drainEvents() || this.#read());
    } finally {
      this.#flushing = false;
    }
    if (this.#ended) return;
    const next = this.#channel.nextTimeout;
    if (next !== undefined && !this.#blocked) this.#timer.arm(next);
    this.#wake();
  }

  #drainEvents(): boolean {
    let some = false;
    for (
      let event = this.#channel.pollEvent();
      event !== undefined;
      event = this.#channel.pollEvent()
    ) {
      some = true;
      if (event.type === "payload") {
        this.#gate.delivered(event.payload.length);
      }
      this.#onEvent(event);
    }
    return some;
  }

  #drainFrames(): void {
    if (this.#blocked) return;
    const now = this.#clock.now();
    while (!this.#ended) {
      if (this.#link.congested) {
        this.#blocked = true;
        void this.#link.drained().then(() => {
          this.#blocked = false;
          this.#flush();
        });
        return;
      }
      const frame = this.#channel.pollTransmit(now);
      if (frame === undefined) return;
      this.#link.send(frame);
    }
  }
}
