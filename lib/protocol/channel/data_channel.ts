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
import { toUuidV4 } from "../message/message_id.ts";
import {
  decodeFlag,
  encodeFlag,
  type Flag,
  MessageFlags,
  MessageType,
  PayloadError,
  PayloadType,
} from "../message/payload.ts";
import { decodeSize, encodeSize, type TerminalSize } from "../message/size.ts";
import { clientVersion } from "../message/version.ts";
import { acknowledgeDelay, Acknowledgements } from "./acknowledgements.ts";
import {
  DecryptionError,
  nonceCounter,
  type NonceSource,
  type SessionCipher,
} from "./encryption.ts";
import type { ChannelEvent, FailedEvent } from "./events.ts";
import {
  type Handshake,
  HandshakeResponder,
  type ProvidedDataKey,
} from "./handshake_flow.ts";
import {
  type HandshakePlan,
  HandshakeRequester,
} from "./handshake_request_flow.ts";
import { Incoming } from "./incoming.ts";
import { Outgoing, type Repair } from "./outgoing.ts";

/** Silence of the agent, in milliseconds, after which the client gives up (data-channel.md §6.2). */
export const silenceLimit: number = 5 * 60_000;
/** Bytes of payload that may wait for the session, unless the options say otherwise. */
export const defaultReceiveCapacity: number = 1024 * 1024;

/** What a channel is made with. */
export interface DataChannelOptions {
  readonly role: "client" | "agent";
  /** Makes so many random bytes, fit for keys. */
  readonly random: (length: number) => Uint8Array;
  /** Our version; four numeric parts (handshake.md §6.2). */
  readonly clientVersion?: string;
  /** Bytes of payload that may wait for {@linkcode DataChannel.consumed}. */
  readonly receiveCapacity?: number;
  readonly repair?: Repair;
  /** The longest wait of an acknowledgement in milliseconds. */
  readonly acknowledgeDelay?: number;
  /** Agent only: what to ask of the client; absent where there is no handshake. */
  readonly handshake?: HandshakePlan;
  /** Agent only: false refuses input until `setAccepting` (pitfalls.md §2.4). */
  readonly accepting?: boolean;
}

/** One end of a data channel, over all its connections. */
export class DataChannel {
  readonly #role: "client" | "agent";
  readonly #random: (length: number) => Uint8Array;
  readonly #outgoing: Outgoing;
  readonly #incoming = new Incoming();
  readonly #acknowledgements: Acknowledgements;
  readonly #handshake: Handshake | undefined;
  readonly #capacity: number;
  #cipher: SessionCipher | undefined;
  #events: ChannelEvent[] = [];
  #eventsAt = 0;
  #queued = 0;
  #accepting: boolean;
  #started = false;
  #over = false;
  #connected = true;
  #paused = false;
  #now: number;
  /** The last moment at which silence was no fault: a message came, or we were not connected. */
  #heardAt: number;
  /** Frames that were no client message, or none for this end. */
  rejected = 0;

  /** @param now Milliseconds since the Unix epoch, never going back; so everywhere below. */
  constructor(options: DataChannelOptions, now: number) {
    this.#role = options.role;
    this.#random = options.random;
    this.#capacity = options.receiveCapacity ?? defaultReceiveCapacity;
    this.#accepting = options.accepting ?? true;
    this.#now = now;
    this.#heardAt = now;
    this.#outgoing = new Outgoing(options.repair ?? "selective", now);
    const newId = () => this.#newId();
    this.#acknowledgements = new Acknowledgements(
      options.acknowledgeDelay ?? acknowledgeDelay,
      newId,
    );
    const nonce: NonceSource = this.#role === "agent"
      ? nonceCounter(this.#random(12))
      : () => this.#random(12);
    const host = {
      nonce,
      sendPlain: (type: number, payload: Uint8Array) =>
        this.#enqueue(type, payload),
      emit: (event: ChannelEvent) => this.#emit(event),
      encryptWith: (cipher: SessionCipher) => {
        this.#cipher = cipher;
      },
    };
    if (this.#role === "client") {
      this.#handshake = new HandshakeResponder(
        host,
        options.clientVersion ?? clientVersion,
      );
    } else if (options.handshake !== undefined) {
      this.#handshake = new HandshakeRequester(
        host,
        options.handshake,
        this.#random,
        now,
      );
    } else {
      this.#started = true;
    }
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────

  /** Takes one frame, text or binary. Whatever it holds, this does not throw. */
  receive(frame: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#over) return;
    let message: ClientMessage;
    try {
      message = decodeClientMessage(frame);
    } catch (error) {
      if (!(error instanceof ClientMessageError)) throw error;
      this.rejected++;
      return;
    }
    switch (message.messageType) {
      case this.#peersStream:
        this.#heard(now);
        this.#receiveStream(message, now);
        break;
      case MessageType.Acknowledge:
        this.#heard(now);
        this.#receiveAcknowledgement(message, now);
        break;
      case MessageType.ChannelClosed:
        this.#receiveClosed(message);
        break;
      case MessageType.PausePublication:
        if (!this.#paused) this.#emit({ type: "paused" });
        this.#paused = true;
        break;
      case MessageType.StartPublication:
        this.#unpause();
        break;
      default:
        // Unknown types are ignored, never acknowledged (data-channel.md §3).
        this.rejected++;
    }
  }

  get #peersStream(): string {
    return this.#role === "client"
      ? MessageType.OutputStreamData
      : MessageType.InputStreamData;
  }

  /** Any word of the peer shows that its end is connected (data-channel.md §3). */
  #heard(now: number): void {
    this.#heardAt = now;
    this.#unpause();
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardAt = this.#now;
    this.#emit({ type: "unpaused" });
  }

  #receiveAcknowledgement(message: ClientMessage, now: number): void {
    try {
      this.#outgoing.acknowledge(
        decodeAcknowledgedNumber(message.payload),
        now,
      );
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.rejected++;
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
    this.#emit({ type: "closed", ...closed });
    this.#over = true;
  }

  #receiveStream(message: ClientMessage, now: number): void {
    switch (this.#incoming.arrive(message)) {
      case "repeated":
      case "ahead":
        this.#acknowledgements.add(message, now);
        break;
      case "expected":
        if (!this.#take(message, now)) break;
        this.#acknowledgements.add(message, now);
        this.#incoming.advance();
        this.#takeHeld(now);
        break;
      case "no room":
        break;
    }
  }

  #takeHeld(now: number): void {
    for (;;) {
      const message = this.#incoming.next();
      if (message === undefined || this.#over || !this.#take(message, now)) {
        return;
      }
      this.#incoming.advance();
    }
  }

  /** Gives the message whose turn it is to its receiver; false where that cannot take it yet. */
  #take(message: ClientMessage, now: number): boolean {
    const type = message.payloadType;
    switch (type) {
      case PayloadType.Output:
      case PayloadType.StdErr:
      case PayloadType.ExitCode:
        return this.#takePayload(type, message.payload);
      case PayloadType.Size:
      case PayloadType.Flag:
        return this.#takeControl(type, message.payload);
      default:
        this.#takeHandshake(type, message.payload, now);
        return true;
    }
  }

  #takePayload(type: number, payload: Uint8Array): boolean {
    if (!this.#started && this.#role === "agent") return true; // as the agent does (§2)
    if (!this.#started) {
      if (this.#handshake?.begun) return false;
      if (type === PayloadType.ExitCode) return true; // handshake.md §1, "other"
      this.#startWithoutHandshake();
    }
    if (!this.#accepting) return false;
    if (this.#queued > 0 && this.#queued + payload.length > this.#capacity) {
      return false;
    }
    let plain = payload;
    if (this.#cipher !== undefined) {
      try {
        plain = this.#cipher.decrypt(payload);
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        this.#fail("encryption", error.message);
        return true;
      }
    }
    if (plain.length === 0) return true;
    this.#queued += plain.length;
    this.#emit({ type: "payload", payloadType: type, payload: plain });
    return true;
  }

  /** A plain shell has no handshake at all, its first output is its beginning (handshake.md §1). */
  #startWithoutHandshake(): void {
    this.#emit({
      type: "started",
      sessionType: "Standard_Stream",
      properties: null,
      agentVersion: undefined,
      customerMessage: "",
      encrypted: false,
      handshake: false,
    });
  }

  #takeControl(type: number, payload: Uint8Array): boolean {
    try {
      if (type === PayloadType.Flag) {
        this.#emit({ type: "flag", flag: decodeFlag(payload) });
      } else if (this.#role === "agent" && this.#started) {
        if (!this.#accepting) return false;
        this.#emit({ type: "size", size: decodeSize(payload) });
      }
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      // Left unacknowledged it would block everything behind it for good (pitfalls.md §2.24).
      this.rejected++;
    }
    return true;
  }

  #takeHandshake(type: number, payload: Uint8Array, now: number): void {
    const known = type >= PayloadType.HandshakeRequest &&
      type <= PayloadType.EncChallengeResponse;
    if (this.#handshake === undefined || !known) {
      this.rejected++; // acknowledged all the same, or the stream stalls (data-channel.md §5)
      return;
    }
    // A shell that began without a handshake does not turn into something else later.
    if (this.#started && !this.#handshake.begun) return;
    try {
      this.#handshake.receive(type, payload, now);
    } catch (error) {
      if (
        !(error instanceof PayloadError || error instanceof DecryptionError)
      ) throw error;
      this.#fail("handshake", error.message);
    }
  }

  #fail(reason: FailedEvent["reason"], message: string): void {
    this.#emit({ type: "failed", reason, message });
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
    if (payload.length === 0 || this.#over) return;
    if (!this.#started) {
      throw new Error("Cannot send payload: the session has not begun");
    }
    this.#enqueue(
      type,
      this.#cipher === undefined ? payload : this.#cipher.encrypt(payload),
    );
  }

  /** Tells the agent the terminal's size; allowed before the session begins (sessions.md §2.1). */
  resize(size: TerminalSize, now: number): void {
    this.#now = now;
    if (!this.#over) this.#enqueue(PayloadType.Size, encodeSize(size));
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
      messageType: this.#role === "client"
        ? MessageType.InputStreamData
        : MessageType.OutputStreamData,
      createdDate: this.#now,
      sequenceNumber,
      flags: syn ? MessageFlags.Syn : MessageFlags.None,
      messageId: this.#newId(),
      payloadType,
      payload,
    }));
  }

  #newId(): Uint8Array {
    return toUuidV4(this.#random(16));
  }

  /** The next frame to write, acknowledgements first; `undefined` when there is none now. */
  pollTransmit(now: number): Uint8Array | undefined {
    this.#now = now;
    if (!this.#connected || this.#over) return undefined;
    return this.#acknowledgements.poll(now) ?? this.#outgoing.poll(now);
  }

  // ── events and the session's queue ────────────────────────────────────────────────────────

  #emit(event: ChannelEvent): void {
    if (this.#over) return;
    if (event.type === "started") {
      this.#started = true;
      // The agent's program may need a moment before it takes input (data-channel.md §6.2).
      this.#outgoing.expectRefusals(this.#now);
    }
    this.#events.push(event);
    if (event.type === "failed") this.#over = true;
  }

  /** The next event; `undefined` when there is none. */
  pollEvent(): ChannelEvent | undefined {
    const event = this.#events[this.#eventsAt];
    if (event === undefined) return undefined;
    if (++this.#eventsAt === this.#events.length) {
      this.#events = [];
      this.#eventsAt = 0;
    }
    return event;
  }

  /** The session is done with so many bytes of payload: its queue has room again. */
  consumed(bytes: number, now: number): void {
    this.#now = now;
    this.#queued = Math.max(0, this.#queued - bytes);
    if (this.#incoming.held > 0) this.#takeHeld(now);
  }

  /** Agent only: refuses input (unacknowledged, so it comes again), or takes it from now on. */
  setAccepting(accepting: boolean, now: number): void {
    this.#now = now;
    this.#accepting = accepting;
    if (accepting) this.#takeHeld(now);
  }

  /** Answers a `data-key-needed` or `data-key-offered` event. */
  provideDataKey(key: ProvidedDataKey, now: number): void {
    this.#now = now;
    if (!this.#over) this.#handshake?.provideDataKey(key, now);
  }

  /** Answers the same events when there is no key to be had; the agent then ends the session. */
  refuseDataKey(reason: string, now: number): void {
    this.#now = now;
    if (!this.#over) this.#handshake?.refuseDataKey(reason, now);
  }

  // ── time and connections ──────────────────────────────────────────────────────────────────

  /** Call it at {@linkcode nextTimeout}; earlier does no harm. */
  handleTimeout(now: number): void {
    this.#now = now;
    if (this.#over) return;
    this.#handshake?.handleTimeout(now);
    if (!this.#connected || this.#paused) return;
    this.#outgoing.handleTimeout(now);
    const limit = this.#silenceEnds();
    if (limit !== undefined && now >= limit) {
      this.#fail(
        "unresponsive",
        `The agent has been silent for ${silenceLimit / 60_000} minutes`,
      );
    }
  }

  /** Only what waits for an answer makes silence suspicious; an idle shell may be silent for ever. */
  #silenceEnds(): number | undefined {
    const since = this.#outgoing.oldestSince;
    if (this.#role === "agent" || since === undefined) return undefined;
    return Math.max(since, this.#heardAt) + silenceLimit;
  }

  /** When {@linkcode handleTimeout} or {@linkcode pollTransmit} has something to do by itself. */
  get nextTimeout(): number | undefined {
    if (this.#over) return undefined;
    const times = [this.#handshake?.nextTimeout];
    if (this.#connected) times.push(this.#acknowledgements.due);
    if (this.#connected && !this.#paused) {
      times.push(this.#outgoing.nextTimeout(this.#now), this.#silenceEnds());
    }
    let next: number | undefined;
    for (const time of times) {
      if (time !== undefined && (next === undefined || time < next)) {
        next = time;
      }
    }
    return next;
  }

  /** The connection was lost: nothing goes out until {@linkcode reconnected}. */
  disconnected(now: number): void {
    this.#now = now;
    this.#connected = false;
  }

  /** There is a new connection: everything unacknowledged goes out again (data-channel.md §8.3). */
  reconnected(now: number): void {
    this.#now = now;
    this.#connected = true;
    this.#heardAt = now;
    this.#unpause();
    this.#outgoing.sendAllAgain();
  }

  // ── what can be asked ─────────────────────────────────────────────────────────────────────

  /** False while the window is full or the session has not begun: stop reading the source. */
  get writable(): boolean {
    return this.#started && !this.#over && this.#outgoing.writable;
  }
  /** True once the session began. */
  get started(): boolean {
    return this.#started;
  }
  /** True while the peer's end is not connected (data-channel.md §3). */
  get paused(): boolean {
    return this.#paused;
  }
  /** True after `closed` and `failed`: nothing goes in or out any more. */
  get over(): boolean {
    return this.#over;
  }
  /** Stream data messages that the peer has not acknowledged. */
  get unacknowledged(): number {
    return this.#outgoing.unacknowledged;
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
  /** Messages sent more than once. */
  get resends(): number {
    return this.#outgoing.resends;
  }
}
