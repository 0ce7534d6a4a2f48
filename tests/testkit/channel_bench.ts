/**
 * One data channel, spoken to message by message and called as a driver does.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  DataChannel,
  type DataChannelOptions,
} from "../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../lib/protocol/channel/events.ts";
import {
  decodeAcknowledgedNumber,
  encodeAcknowledge,
} from "../../lib/protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../lib/protocol/message/client_message.ts";
import {
  encodeHandshakeComplete,
  encodeHandshakeRequest,
} from "../../lib/protocol/message/handshake.ts";
import {
  MessageType,
  PayloadType,
} from "../../lib/protocol/message/payload.ts";
import { plan } from "./conversation.ts";
import { linkStart as start, seededRandom } from "./link.ts";

/** UTF-8. */
export const text = (value: string) => new TextEncoder().encode(value);
/** A data key. */
export const dataKey = seededRandom(5)(64);

/** The channel, its clock and what it says. */
export class Bench {
  readonly channel: DataChannel;
  readonly #role: "client" | "agent";
  now = start;

  constructor(
    role: "client" | "agent",
    options: Partial<DataChannelOptions> = {},
  ) {
    this.#role = role;
    this.channel = new DataChannel({
      role,
      random: seededRandom(1),
      ...options,
    }, start);
  }

  /** A client whose shell has begun, so that number 1 is next. */
  static shell(options: Partial<DataChannelOptions> = {}): Bench {
    const bench = new Bench("client", options);
    bench.stream(0, "$ ");
    bench.events();
    bench.sent();
    return bench;
  }

  frame(
    messageType: string,
    sequenceNumber: number,
    payloadType: number,
    payload: Uint8Array,
  ): Uint8Array {
    return encodeClientMessage({
      messageType,
      createdDate: this.now,
      sequenceNumber,
      flags: 0,
      messageId: seededRandom(sequenceNumber)(16),
      payloadType,
      payload,
    });
  }

  /** The peer sends stream data. */
  stream(
    number: number,
    payload: string | Uint8Array,
    type: number = PayloadType.Output,
  ): void {
    const messageType = this.#role === "client"
      ? MessageType.OutputStreamData
      : MessageType.InputStreamData;
    const bytes = typeof payload === "string" ? text(payload) : payload;
    this.channel.receive(
      this.frame(messageType, number, type, bytes),
      this.now,
    );
  }

  /** The peer acknowledges a number. */
  acknowledge(sequenceNumber: number): void {
    const payload = encodeAcknowledge({
      messageType: "x",
      messageId: "y",
      sequenceNumber,
    });
    this.channel.receive(
      this.frame(MessageType.Acknowledge, 0, 0, payload),
      this.now,
    );
  }

  /** Lets time pass, calling the channel as a driver does. */
  pass(milliseconds: number): ClientMessage[] {
    const end = this.now + milliseconds, sent: ClientMessage[] = [];
    for (;;) {
      const next = this.channel.nextTimeout;
      if (next === undefined || next > end) break;
      this.now = Math.max(this.now, next);
      this.channel.handleTimeout(this.now);
      sent.push(...this.sent());
    }
    this.now = end;
    return sent;
  }

  /** All that goes out now. */
  sent(): ClientMessage[] {
    const messages: ClientMessage[] = [];
    for (;;) {
      const frame = this.channel.pollTransmit(this.now);
      if (frame === undefined) return messages;
      messages.push(decodeClientMessage(frame));
    }
  }

  /** The numbers acknowledged now. */
  acknowledged(): number[] {
    return this.sent().map((message) => {
      assert.equal(message.messageType, MessageType.Acknowledge);
      return decodeAcknowledgedNumber(message.payload);
    });
  }

  events(): ChannelEvent[] {
    const events: ChannelEvent[] = [];
    for (;;) {
      const event = this.channel.pollEvent();
      if (event === undefined) return events;
      events.push(event);
    }
  }

  /** The payloads delivered now, as text. */
  delivered(): string[] {
    return this.events().map((event) => {
      assert(event.type === "payload", event.type);
      return new TextDecoder().decode(event.payload);
    });
  }

  /** What the agent sends in a handshake, numbers 0 and on. */
  request(encrypted = false): void {
    this.stream(
      0,
      encodeHandshakeRequest(plan(encrypted)),
      PayloadType.HandshakeRequest,
    );
  }

  complete(number: number): void {
    const payload = encodeHandshakeComplete({
      timeToComplete: 1,
      customerMessage: "",
    });
    this.stream(number, payload, PayloadType.HandshakeComplete);
  }
}
