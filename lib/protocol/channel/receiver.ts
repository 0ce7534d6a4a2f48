/**
 * Stream data that arrived, on its way to the session: its turn, its decryption, the session's
 * bounded queue, its acknowledgement (data-channel.md §4.3).
 *
 * @module
 */

import type { ClientMessage } from "../message/client_message.ts";
import { decodeFlag, PayloadError, PayloadType } from "../message/payload.ts";
import { decodeSize } from "../message/size.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { ChannelState } from "./channel_state.ts";
import { DecryptionError } from "./encryption.ts";
import type { Handshake } from "./handshake_flow.ts";
import { Incoming } from "./incoming.ts";

/**
 * What became of a message whose turn it was. One that is refused because its receiver is not
 * ready comes again by itself; one that finds the queue full is kept.
 */
type Outcome = "taken" | "full" | "not ready";

/** What a receiver needs of its channel. */
export interface ReceiverHost {
  readonly role: "client" | "agent";
  /** Absent for an agent without a handshake. */
  readonly handshake: Handshake | undefined;
  readonly acknowledgements: Acknowledgements;
  readonly state: ChannelState;
}

/** The receiving half of a channel. */
export class Receiver {
  readonly #host: ReceiverHost;
  #capacity: number;
  readonly #incoming = new Incoming();
  #queued = 0;
  #accepting: boolean;
  /** Messages that were none for this end, or malformed. */
  rejected = 0;

  /**
   * @param capacity Bytes of payload that may wait for the session.
   * @param accepting False refuses input until {@linkcode setAccepting}.
   */
  constructor(host: ReceiverHost, capacity: number, accepting: boolean) {
    this.#host = host;
    this.#capacity = capacity;
    this.#accepting = accepting;
  }

  /** Takes, holds or refuses a stream data message; acknowledges what was taken or held. */
  receive(message: ClientMessage, now: number): void {
    switch (this.#incoming.arrive(message)) {
      case "repeated":
        this.#host.acknowledgements.repeated();
        this.#host.acknowledgements.add(message, now);
        break;
      case "ahead":
        this.#host.acknowledgements.add(message, now);
        break;
      case "expected":
        this.#receiveExpected(message, now);
        break;
      case "no room":
        break;
    }
  }

  #receiveExpected(message: ClientMessage, now: number): void {
    const outcome = this.#take(message, now);
    if (outcome === "full") this.#incoming.refuse(message);
    if (outcome !== "taken") return;
    this.#host.acknowledgements.add(message, now);
    this.#incoming.advance();
    this.#takeHeld(now);
  }

  #takeHeld(now: number): void {
    while (!this.#host.state.over) {
      const message = this.#incoming.next();
      if (message === undefined) return;
      if (this.#take(message, now) !== "taken") return;
      if (this.#incoming.nextIsRefused) {
        this.#host.acknowledgements.add(message, now);
      }
      this.#incoming.advance();
    }
  }

  /**
   * The session is over: everything that is here and in order goes to it, whatever its queue holds,
   * as nothing will ask for it again. What is held is bounded.
   */
  finish(now: number): void {
    this.#capacity = Infinity;
    this.#takeHeld(now);
  }

  /** Gives the message whose turn it is to its receiver. */
  #take(message: ClientMessage, now: number): Outcome {
    const type = message.payloadType;
    switch (type) {
      case PayloadType.Output:
      case PayloadType.StdErr:
      case PayloadType.ExitCode:
        return this.#takePayload(type, message);
      case PayloadType.Size:
      case PayloadType.Flag:
        return this.#takeControl(type, message.payload);
      default:
        this.#takeHandshake(type, message.payload, now);
        return "taken";
    }
  }

  #takePayload(type: number, message: ClientMessage): Outcome {
    const { payload } = message;
    if (!this.#host.state.started && this.#host.role === "agent") {
      return "taken"; // as the agent does (§2)
    }
    if (!this.#host.state.started) {
      if (this.#host.handshake?.begun) return "not ready";
      if (type === PayloadType.ExitCode) return "taken"; // handshake.md §1, "other"
      this.startWithoutHandshake();
    }
    if (!this.#accepting) return "not ready";
    if (this.#queued > 0 && this.#queued + payload.length > this.#capacity) {
      return "full";
    }
    let plain = payload;
    if (this.#host.state.cipher !== undefined) {
      try {
        plain = this.#host.state.cipher.decrypt(payload);
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        this.#host.state.fail("encryption", error.message);
        return "taken";
      }
    }
    if (plain.length === 0) return "taken";
    this.#queued += plain.length;
    this.#host.state.emit({
      type: "payload",
      payloadType: type,
      payload: plain,
      createdDate: Number(message.createdDate),
    });
    return "taken";
  }

  /**
   * A plain shell has no handshake at all, its first output is its beginning (handshake.md §1).
   * Does nothing where there is a handshake, or the session has begun.
   */
  startWithoutHandshake(): void {
    if (this.#host.state.started || this.#host.handshake?.begun) return;
    this.#host.state.emit({
      type: "started",
      sessionType: "Standard_Stream",
      properties: null,
      agentVersion: undefined,
      customerMessage: "",
      encrypted: false,
      handshake: false,
    });
  }

  #takeControl(type: number, payload: Uint8Array): Outcome {
    try {
      if (type === PayloadType.Flag) {
        this.#host.state.emit({ type: "flag", flag: decodeFlag(payload) });
      } else if (this.#host.role === "agent" && this.#host.state.started) {
        if (!this.#accepting) return "not ready";
        this.#host.state.emit({ type: "size", size: decodeSize(payload) });
      }
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      // Left unacknowledged it would block everything behind it for good (pitfalls.md §2.24).
      this.rejected++;
    }
    return "taken";
  }

  #takeHandshake(type: number, payload: Uint8Array, now: number): void {
    const known = type >= PayloadType.HandshakeRequest &&
      type <= PayloadType.EncChallengeResponse;
    if (this.#host.handshake === undefined || !known) {
      this.rejected++; // acknowledged all the same, or the stream stalls (data-channel.md §5)
      return;
    }
    // A shell that began without a handshake does not turn into something else later.
    if (this.#host.state.started && !this.#host.handshake.begun) return;
    try {
      this.#host.handshake.receive(type, payload, now);
    } catch (error) {
      if (
        !(error instanceof PayloadError || error instanceof DecryptionError)
      ) throw error;
      this.#host.state.fail("handshake", error.message);
    }
  }

  /** The session is done with so many bytes of payload: its queue has room again. */
  consumed(bytes: number, now: number): void {
    this.#queued = Math.max(0, this.#queued - bytes);
    if (this.#incoming.held > 0) this.#takeHeld(now);
  }

  /** Refuses input (unacknowledged, so it comes again), or takes it from now on. */
  setAccepting(accepting: boolean, now: number): void {
    this.#accepting = accepting;
    if (accepting) this.#takeHeld(now);
  }
}
