/**
 * The data channel as a state machine: frames in, frames out, events out, time in. No I/O, no
 * clock, no randomness of its own; both roles, as the agent differs little from the client.
 *
 * A frame that arrives:
 * 1. is decoded and its digest checked, or dropped and counted (data-channel.md §2.2);
 * 2. finds its place in the sequence (incoming.ts): taken, held, repeated (§4.3);
 * 3. is given to the handshake, or decrypted and put into the session's bounded queue;
 * 4. is acknowledged because it was taken or held, not because it was used (§4.2).
 *
 * A payload to send:
 * 1. is encrypted, numbered and encoded (§2), 2. is kept by outgoing.ts until acknowledged,
 * 3. comes out of `pollTransmit`, again if need be (§6).
 *
 * @module
 */

import { decodeAcknowledgedNumber } from "../message/acknowledge.ts";
import { decodeChannelClosed } from "../message/channel_closed.ts";
import {
  type ClientMessage,
  ClientMessageError,
  decodeClientMessage,
  encodeClientMessage,
} from "../message/client_message.ts";
import {
  FrameArena,
  freshMemory,
  passingMemory,
} from "../message/frame_memory.ts";
import { toUuidV4 } from "../message/message_id.ts";
import {
  encodeFlag,
  type Flag,
  MessageFlags,
  MessageType,
  PayloadError,
  PayloadType,
} from "../message/payload.ts";
import { encodeSize, type TerminalSize } from "../message/size.ts";
import { acknowledgeDelay, Acknowledgements } from "./acknowledgements.ts";
import { ChannelState } from "./channel_state.ts";
import type { ChannelEvent } from "./events.ts";
import type { Handshake, ProvidedDataKey } from "./handshake_flow.ts";
import { makeHandshake } from "./make_handshake.ts";
import { Outgoing } from "./outgoing.ts";
import {
  type DataChannelOptions,
  defaultReceiveCapacity,
  silenceLimit,
} from "./options.ts";
import { Presence } from "./presence.ts";
import { Receiver } from "./receiver.ts";
import { soonest } from "./soonest.ts";

export { type DataChannelOptions, defaultReceiveCapacity, silenceLimit };

const { InputStreamData, OutputStreamData } = MessageType;
/** What either end sends, and what it is sent (data-channel.md §3). */
const streams = {
  client: { own: InputStreamData, peers: OutputStreamData },
  agent: { own: OutputStreamData, peers: InputStreamData },
} as const;

/** One end of a data channel, over all its connections. */
export class DataChannel {
  readonly #role: "client" | "agent";
  readonly #random: (length: number) => Uint8Array;
  readonly #outgoing: Outgoing;
  readonly #arena: FrameArena | undefined;
  readonly #acknowledgements: Acknowledgements;
  readonly #handshake: Handshake | undefined;
  readonly #receiver: Receiver;
  readonly #state: ChannelState;
  readonly #presence: Presence;
  #now: number;
  #rejected = 0;

  /** @param now Milliseconds since the Unix epoch, never going back; so everywhere below. */
  constructor(options: DataChannelOptions, now: number) {
    this.#role = options.role;
    this.#random = options.random;
    this.#now = now;
    const arena = this.#arena = options.reuseFrames
      ? new FrameArena()
      : undefined;
    this.#outgoing = new Outgoing(
      options.repair ?? "selective",
      now,
      (frame) => arena?.release(frame),
    );
    // The agent's program may need a moment before it takes input (data-channel.md §6.2).
    this.#state = new ChannelState(() =>
      this.#outgoing.expectRefusals(this.#now)
    );
    this.#presence = new Presence(
      this.#state,
      now,
      // An agent waits for its client for ever.
      this.#role === "agent" ? Infinity : options.silenceLimit,
    );
    this.#acknowledgements = new Acknowledgements(
      options.acknowledgeDelay ?? acknowledgeDelay,
      () => this.#newId(),
      this.#role === "client",
      options.reuseFrames ? passingMemory(512) : freshMemory,
    );
    this.#handshake = makeHandshake(
      options,
      this.#state,
      (type, payload) => this.#enqueue(type, payload),
      now,
    );
    this.#state.started = this.#handshake === undefined;
    this.#receiver = new Receiver(
      {
        role: this.#role,
        handshake: this.#handshake,
        acknowledgements: this.#acknowledgements,
        state: this.#state,
      },
      options.receiveCapacity ?? defaultReceiveCapacity,
      options.accepting ?? true,
    );
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────

  /** Takes one frame, text or binary. Whatever it holds, this does not throw. */
  receive(frame: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#state.over) return;
    let message: ClientMessage;
    try {
      message = decodeClientMessage(frame);
    } catch (error) {
      if (!(error instanceof ClientMessageError)) throw error;
      this.#rejected++;
      return;
    }
    switch (message.messageType) {
      case streams[this.#role].peers:
        this.#presence.heard(now);
        this.#receiver.receive(message, now);
        break;
      case MessageType.Acknowledge:
        this.#presence.heard(now);
        this.#receiveAcknowledgement(message, now);
        break;
      case MessageType.ChannelClosed:
        this.#receiver.finish(now);
        this.#receiveClosed(message);
        break;
      case MessageType.PausePublication:
        this.#presence.pause();
        break;
      case MessageType.StartPublication:
        this.#presence.unpause(now);
        break;
      default:
        // Unknown types are ignored, never acknowledged (data-channel.md §3).
        this.#rejected++;
    }
  }

  #receiveAcknowledgement(message: ClientMessage, now: number): void {
    try {
      this.#outgoing.acknowledge(
        decodeAcknowledgedNumber(message.payload),
        now,
      );
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.#rejected++;
    }
  }

  #receiveClosed(message: ClientMessage): void {
    let closed = { sessionId: "", output: "" };
    try {
      closed = decodeChannelClosed(message.payload);
    } catch (error) {
      // The session is over even if the text cannot be read (data-channel.md §7).
      if (!(error instanceof PayloadError)) throw error;
    }
    this.#state.emit({ type: "closed", ...closed });
  }

  // ── out ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes a payload for the peer's session. Respect {@linkcode writable}; an empty payload is
   * skipped, as it cannot be sent (data-channel.md §2.2).
   *
   * @param type Output; the agent also sends StdErr and ExitCode.
   * @throws {Error} If the session has not begun: an early payload can crash an agent that is
   * about to encrypt (handshake.md §2).
   */
  send(
    payload: Uint8Array,
    now: number,
    type: number = PayloadType.Output,
  ): void {
    this.#now = now;
    if (payload.length === 0 || this.#state.over) return;
    if (!this.#state.started) {
      throw new Error("Cannot send payload: the session has not begun");
    }
    this.#enqueue(
      type,
      this.#state.cipher === undefined
        ? payload
        : this.#state.cipher.encrypt(payload),
    );
  }

  /**
   * Client only: begins a session without a handshake before its first output, for a caller who
   * knows that its program runs. Does nothing where a handshake has been asked for; one that is
   * asked for later is not answered any more.
   */
  assumeBegun(now: number): void {
    this.#now = now;
    if (!this.#state.over) this.#receiver.startWithoutHandshake();
  }

  /** Tells the agent the terminal's size; allowed before the session begins (sessions.md §2.1). */
  resize(size: TerminalSize, now: number): void {
    this.#now = now;
    if (!this.#state.over) this.#enqueue(PayloadType.Size, encodeSize(size));
  }

  /**
   * Raises a flag.
   *
   * @returns The message's number, for {@linkcode isAcknowledged}.
   */
  flag(flag: Flag, now: number): number {
    this.#now = now;
    const number = this.#outgoing.next;
    this.#enqueue(PayloadType.Flag, encodeFlag(flag));
    return number;
  }

  #enqueue(payloadType: number, payload: Uint8Array): void {
    const sequenceNumber = this.#outgoing.next;
    const syn = this.#role === "agent" && sequenceNumber === 0;
    this.#outgoing.add(encodeClientMessage({
      messageType: streams[this.#role].own,
      createdDate: this.#now,
      sequenceNumber,
      flags: syn ? MessageFlags.Syn : MessageFlags.None,
      messageId: this.#newId(),
      payloadType,
      payload,
    }, this.#arena));
  }

  #newId(): Uint8Array {
    return toUuidV4(this.#random(16));
  }

  /** The next frame to write, acknowledgements first; `undefined` when there is none now. */
  pollTransmit(now: number): Uint8Array | undefined {
    this.#now = now;
    if (!this.#presence.connected || this.#state.over) return undefined;
    if (!this.#presence.paused) this.#acknowledgements.echo(now);
    return this.#acknowledgements.poll(now) ??
      this.#outgoing.poll(now, this.#presence.paused);
  }

  // ── events and the session's queue ────────────────────────────────────────────────────────

  /** The next event; `undefined` when there is none. */
  pollEvent(): ChannelEvent | undefined {
    return this.#state.poll();
  }

  /** The session is done with so many bytes of payload: its queue has room again. */
  consumed(bytes: number, now: number): void {
    this.#now = now;
    this.#receiver.consumed(bytes, now);
  }

  /** Agent only: refuses input (unacknowledged, so it comes again), or takes it from now on. */
  setAccepting(accepting: boolean, now: number): void {
    this.#now = now;
    this.#receiver.setAccepting(accepting, now);
  }

  /** Answers a `data-key-needed` or `data-key-offered` event. */
  provideDataKey(key: ProvidedDataKey, now: number): void {
    this.#now = now;
    if (!this.#state.over) this.#handshake?.provideDataKey(key, now);
  }

  /** Answers the same events when there is no key to be had; the agent then ends the session. */
  refuseDataKey(reason: string, now: number): void {
    this.#now = now;
    if (!this.#state.over) this.#handshake?.refuseDataKey(reason, now);
  }

  // ── time and connections ──────────────────────────────────────────────────────────────────

  /** Call it at {@linkcode nextTimeout}; earlier does no harm. */
  handleTimeout(now: number): void {
    this.#now = now;
    if (this.#state.over) return;
    this.#handshake?.handleTimeout(now);
    if (!this.#presence.reachable) return;
    this.#outgoing.handleTimeout(now);
    this.#presence.judgeSilence(this.#outgoing.oldestSince, now);
  }

  /** From now on the agent may be silent for so many milliseconds, Infinity for ever. */
  allowSilence(limit: number): void {
    this.#presence.allowSilence(limit);
  }

  /** When {@linkcode handleTimeout} or {@linkcode pollTransmit} has something to do by itself. */
  get nextTimeout(): number | undefined {
    if (this.#state.over) return undefined;
    const times = [this.#handshake?.nextTimeout];
    if (this.#presence.connected) times.push(this.#acknowledgements.due);
    if (this.#presence.reachable) {
      times.push(
        this.#acknowledgements.echoDue,
        this.#outgoing.nextTimeout(this.#now),
        this.#presence.silenceEnds(this.#outgoing.oldestSince),
      );
    }
    return soonest(times);
  }

  /** The connection was lost: nothing goes out until {@linkcode reconnected}. */
  disconnected(now: number): void {
    this.#now = now;
    this.#presence.disconnected(now);
  }

  /** There is a new connection: everything unacknowledged goes out again (data-channel.md §8.3). */
  reconnected(now: number): void {
    this.#now = now;
    this.#presence.reconnected(now);
    this.#acknowledgements.reconnected(this.#presence.lostAt, now);
    this.#outgoing.sendAllAgain();
  }

  /** False while the window is full or the session has not begun: stop reading the source. */
  get writable(): boolean {
    return this.#state.started && !this.#state.over && this.#outgoing.writable;
  }
  /** True once the session began. */
  get started(): boolean {
    return this.#state.started;
  }
  /** True while the peer's end is not connected (data-channel.md §3). */
  get paused(): boolean {
    return this.#presence.paused;
  }
  /** True after `closed` and `failed`: nothing goes in or out any more. */
  get over(): boolean {
    return this.#state.over;
  }
  /** Stream data messages that the peer has not acknowledged. */
  get unacknowledged(): number {
    return this.#outgoing.unacknowledged;
  }
  /** Bytes of frames that have not gone out once. */
  get unsent(): number {
    return this.#outgoing.unsent;
  }
  /** When the oldest of them was first sent, in milliseconds; `undefined` where none is in flight. */
  get waitingSince(): number | undefined {
    return this.#outgoing.oldestSince;
  }
  /** Bytes of frames that the peer has acknowledged. */
  get acknowledgedBytes(): number {
    return this.#outgoing.acknowledgedBytes;
  }
  /** True once the peer has taken the message with this number. */
  isAcknowledged(number: number): boolean {
    return number < this.#outgoing.next &&
      !this.#outgoing.isOutstanding(number);
  }
  /** The smoothed round trip in milliseconds, once measured. */
  get roundTrip(): number | undefined {
    return this.#outgoing.roundTrip;
  }
  /** Frames that were no client message, or none for this end, or malformed. */
  get rejected(): number {
    return this.#rejected + this.#receiver.rejected;
  }
  /** Messages sent more than once. */
  get resends(): number {
    return this.#outgoing.resends;
  }
}
