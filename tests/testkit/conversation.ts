/**
 * Two data channels with a program behind each, over a faulty link: each program sends bytes that
 * the other can check, takes what arrives in its own time, and fetches data keys.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  DataChannel,
  type DataChannelOptions,
} from "../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../lib/protocol/channel/events.ts";
import type { HandshakePlan } from "../../lib/protocol/channel/handshake_request_flow.ts";
import {
  Link,
  type LinkOptions,
  linkStart,
  seededNumbers,
  seededRandom,
  type Side,
} from "./link.ts";

/** How a program behaves. */
export interface ProgramOptions {
  /** Bytes that it sends in all. */
  readonly total: number;
  /** The largest payload. */
  readonly chunk: number;
  /** Takes each payload only after up to so many milliseconds; 0: at once. */
  readonly slowness?: number;
  /** Milliseconds that the control plane needs for a data key. */
  readonly keyDelay?: number;
  /** Pauses of up to so many milliseconds between payloads. */
  readonly rest?: number;
}

/** The byte at a position of the stream that the end of this name sends. */
function byteAt(name: number, position: number): number {
  return (Math.imul(position ^ (name << 20), 0x9e3779b1) >>> 13) & 0xff;
}

/** One end's program. */
export class Program implements Side {
  readonly end: DataChannel;
  readonly events: ChannelEvent[] = [];
  /** Bytes sent, and bytes received and found right. */
  sent = 0;
  received = 0;
  /** The moment from which input is accepted. */
  acceptAt: number | undefined;
  readonly #name: number;
  readonly #options: ProgramOptions;
  readonly #chance: () => number;
  readonly #dataKey: Uint8Array;
  #toConsume: { bytes: number; at: number }[] = [];
  #sendAt = 0;
  #keyAt: number | undefined;

  /** @param name 0 or 1: the other end is 1 or 0. */
  constructor(
    name: 0 | 1,
    channel: DataChannel,
    options: ProgramOptions,
    seed: number,
  ) {
    this.#name = name;
    this.end = channel;
    this.#options = options;
    this.#chance = seededNumbers(seed * 2 + name);
    this.#dataKey = seededRandom(seed)(64);
  }

  /** Bytes not sent yet. */
  get left(): number {
    return this.#options.total - this.sent;
  }

  get nextPump(): number | undefined {
    const times = [
      this.#keyAt,
      this.acceptAt,
      this.#toConsume[0]?.at,
      this.left > 0 && this.end.writable ? this.#sendAt : undefined,
    ].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  pump(now: number): void {
    if (this.acceptAt !== undefined && this.acceptAt <= now) {
      this.acceptAt = undefined;
      this.end.setAccepting(true, now);
    }
    if (this.#keyAt !== undefined && this.#keyAt <= now) {
      this.#keyAt = undefined;
      this.end.provideDataKey({
        plaintext: this.#dataKey.slice(),
        ciphertextBlob: new Uint8Array([1, 2, 3]),
        challengeAcknowledged: true,
      }, now);
    }
    this.#takeEvents(now);
    while (this.#toConsume.length > 0 && this.#toConsume[0]!.at <= now) {
      this.end.consumed(this.#toConsume.shift()!.bytes, now);
      this.#takeEvents(now);
    }
    while (this.left > 0 && this.end.writable && this.#sendAt <= now) {
      const length = Math.min(
        this.left,
        1 + Math.floor(this.#chance() * this.#options.chunk),
      );
      const payload = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        payload[i] = byteAt(this.#name, this.sent + i);
      }
      this.end.send(payload, now);
      this.sent += length;
      if (this.#options.rest !== undefined) {
        this.#sendAt = now + this.#chance() * this.#options.rest;
      }
    }
  }

  #takeEvents(now: number): void {
    for (
      let event = this.end.pollEvent();
      event !== undefined;
      event = this.end.pollEvent()
    ) {
      if (event.type === "payload") this.#check(event.payload, now);
      else this.events.push(event);
      if (
        event.type === "data-key-needed" || event.type === "data-key-offered"
      ) this.#keyAt = now + (this.#options.keyDelay ?? 0);
    }
  }

  #check(payload: Uint8Array, now: number): void {
    for (const byte of payload) {
      if (byte !== byteAt(1 - this.#name, this.received)) {
        assert.fail(`byte ${this.received} is not the one that was sent`);
      }
      this.received++;
    }
    const at = this.#options.slowness
      ? Math.max(
        this.#toConsume.at(-1)?.at ?? 0,
        now + this.#chance() * this.#options.slowness,
      )
      : now;
    this.#toConsume.push({ bytes: payload.length, at });
  }
}

/** What a conversation is made of. */
export interface ConversationOptions {
  readonly seed: number;
  readonly client: ProgramOptions;
  readonly agent: ProgramOptions;
  readonly clientChannel?: Partial<DataChannelOptions>;
  readonly agentChannel?: Partial<DataChannelOptions>;
  readonly link?: Omit<LinkOptions, "seed">;
  /** The agent refuses input for so many milliseconds. */
  readonly refuseFor?: number;
}

/** A plan with a session type and, if wanted, encryption. */
export function plan(encrypted: boolean): HandshakePlan {
  return {
    agentVersion: "3.3.0.0",
    actions: [
      {
        actionType: "SessionType",
        parameters: { SessionType: "Port", Properties: { portNumber: "22" } },
      },
      ...(encrypted
        ? [{
          actionType: "KMSEncryption",
          parameters: {
            KMSKeyId: "key",
            Challenge: "AAECAwQFBgcICQoLDA0ODw==",
          },
        }]
        : []),
    ],
  };
}

/** A client and an agent in conversation. The client is the link's left end. */
export class Conversation {
  readonly client: Program;
  readonly agent: Program;
  readonly link: Link;

  constructor(options: ConversationOptions) {
    const { seed } = options;
    const now = options.link?.now ?? linkStart;
    this.client = new Program(
      0,
      new DataChannel(
        {
          role: "client",
          random: seededRandom(seed + 1e6),
          ...options.clientChannel,
        },
        now,
      ),
      options.client,
      seed,
    );
    this.agent = new Program(
      1,
      new DataChannel({
        role: "agent",
        random: seededRandom(seed + 2e6),
        accepting: options.refuseFor === undefined,
        ...options.agentChannel,
      }, now),
      options.agent,
      seed,
    );
    if (options.refuseFor !== undefined) {
      this.agent.acceptAt = now + options.refuseFor;
    }
    this.link = new Link(this.client, this.agent, { ...options.link, seed });
  }

  /** True when every byte is where it belongs and nobody waits for anything. */
  get finished(): boolean {
    const { client, agent } = this;
    return client.left === 0 && agent.left === 0 &&
      client.received === agent.sent && agent.received === client.sent &&
      client.end.unacknowledged === 0 && agent.end.unacknowledged === 0;
  }

  /** Where things stand, for an error's text. */
  get state(): string {
    const of = ({ sent, left, received, end }: Program) =>
      `sent ${sent} (${left} left) received ${received} unacknowledged ${end.unacknowledged}` +
      ` resends ${end.resends} over ${end.over} rejected ${end.rejected}`;
    return `at ${this.link.now - linkStart} ms: client ${
      of(this.client)
    }; agent ${of(this.agent)}; events ${
      JSON.stringify([this.client.events, this.agent.events])
    }`;
  }
}
