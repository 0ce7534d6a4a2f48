/**
 * Whatever a peer sends, a client survives it: no exception, no hang, no memory without bound; and
 * every parser refuses with its own error and no other. Deterministic by its seed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DataChannel } from "../../lib/protocol/channel/data_channel.ts";
import { decodeAcknowledgedNumber } from "../../lib/protocol/message/acknowledge.ts";
import { decodeChannelClosed } from "../../lib/protocol/message/channel_closed.ts";
import {
  type ClientMessage,
  ClientMessageError,
  decodeClientMessage,
  encodeClientMessage,
} from "../../lib/protocol/message/client_message.ts";
import {
  decodeChallenge,
  decodeHandshakeComplete,
  decodeHandshakeRequest,
  decodeHandshakeResponse,
} from "../../lib/protocol/message/handshake.ts";
import { decodeOpenDataChannel } from "../../lib/protocol/message/open_data_channel.ts";
import {
  decodeExitCode,
  decodeFlag,
  MessageType,
  PayloadError,
  PayloadType,
} from "../../lib/protocol/message/payload.ts";
import { decodeSessionState } from "../../lib/protocol/message/session_state.ts";
import { decodeSize } from "../../lib/protocol/message/size.ts";
import { linkStart, seededRandom } from "../testkit/link.ts";
import { anyJson, Draw, mutated, mutatedJson, text } from "./draw.ts";

const frames = 100_000, handshakes = 10_000;
/** Bytes that a client may hold for its session in these tests. */
const capacity = 4096;

function frameOf(
  fields: Partial<Parameters<typeof encodeClientMessage>[0]>,
): Uint8Array {
  return encodeClientMessage({
    messageType: MessageType.OutputStreamData,
    createdDate: linkStart,
    sequenceNumber: 0,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: PayloadType.Output,
    payload: text("x"),
    ...fields,
  });
}

const goodRequests = [
  '{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream","Properties":null}}]}',
  '{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"portNumber":"80","type":"LocalPortForwarding"}}},' +
  '{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k","Challenge":"AAECAwQFBgcICQoLDA0ODw=="}}]}',
];

/** A frame: noise, a mutated good one, or a well-formed one with any content. */
function anyFrame(draw: Draw, next: number): Uint8Array {
  const kind = draw.below(10);
  if (kind === 0) return draw.bytes(draw.below(300));
  const sequenceNumber = draw.of([
    next,
    next,
    next,
    next + 1,
    next + draw.below(20),
    draw.below(next + 1),
    -1,
    2 ** 53,
    2n ** 63n - 1n,
    -(2n ** 63n),
    10 ** 9 + draw.below(1e6),
  ]);
  const serviceHeader = draw.below(10) === 0;
  const payload = draw.below(3) === 0
    ? text(anyJson(draw))
    : draw.bytes(1 + draw.below(80));
  const frame = frameOf({
    messageType: draw.of([
      MessageType.OutputStreamData,
      MessageType.OutputStreamData,
      ...Object.values(MessageType),
      "made_up",
      "",
    ]),
    sequenceNumber,
    payloadType: draw.of([
      1,
      1,
      1,
      1,
      ...Object.values(PayloadType),
      0,
      13,
      0xffff_ffff,
    ]),
    payload: payload.length === 0 ? text("{}") : payload,
    flags: draw.below(4),
    serviceHeader,
  });
  return kind < 4 ? mutated(draw, frame) : frame;
}

/** Encoding what was decoded gives the same bytes; false where there is no encoding for it. */
function checkReencoding(frame: Uint8Array, message: ClientMessage): boolean {
  const { headerLength, payload } = message;
  const type = text(message.messageType.padEnd(32));
  // A type that is no ASCII came out of noise; an empty payload cannot be sent.
  if (type.length !== 32) return false;
  if (payload.length === 0 && headerLength === 116) return false;
  const again = encodeClientMessage({
    messageType: message.messageType,
    schemaVersion: message.schemaVersion,
    createdDate: message.createdDate,
    sequenceNumber: message.sequenceNumber,
    flags: message.flags,
    messageId: message.messageId,
    payloadType: message.payloadType,
    payload,
    serviceHeader: headerLength === 112,
  });
  // The padding of the type is trimmed, and the digest of these is not looked at.
  const expected = frame.slice();
  expected.set(type, 4);
  if (message.messageType.endsWith("_publication") || payload.length === 0) {
    expected.set(again.subarray(80, 112), 80);
  }
  assert.deepEqual(again, expected);
  return true;
}

/** Drains a client as a driver does, and checks what it holds. */
class Client {
  readonly channel: DataChannel;
  now = linkStart;
  sent = 0;
  #undelivered = 0;
  #keysAsked = 0;

  constructor(seed: number) {
    this.channel = new DataChannel(
      { role: "client", random: seededRandom(seed), receiveCapacity: capacity },
      this.now,
    );
  }

  take(frame: Uint8Array, draw: Draw): void {
    this.now += draw.of([0, 0, 0.1, 1, 20, 300]);
    this.channel.receive(frame, this.now);
    let events = 0;
    for (
      let event = this.channel.pollEvent();
      event !== undefined;
      event = this.channel.pollEvent()
    ) {
      events++;
      if (event.type === "payload") this.#undelivered += event.payload.length;
      if (event.type === "data-key-needed" && this.#keysAsked++ % 2 === 0) {
        this.channel.provideDataKey({
          plaintext: new Uint8Array(64),
          ciphertextBlob: new Uint8Array(3),
        }, this.now);
      }
      if (event.type === "failed") {
        assert.match(event.message, /^[A-Z][^\n]*[^.\n]$/);
      }
    }
    // One frame can release what is held, and a single payload may be larger than the queue.
    assert(events <= 10_000);
    assert(
      this.#undelivered <= capacity + 400,
      `${this.#undelivered} bytes wait for the session`,
    );
    if (draw.below(50) === 0) {
      this.channel.consumed(this.#undelivered, this.now);
      this.#undelivered = 0;
    }
    if (this.channel.started && this.channel.writable && draw.below(20) === 0) {
      this.channel.send(text("input"), this.now);
    }
    const next = this.channel.nextTimeout;
    if (next !== undefined && next <= this.now) {
      this.channel.handleTimeout(this.now);
    }
    let frames = 0;
    for (
      let out = this.channel.pollTransmit(this.now);
      out !== undefined;
      out = this.channel.pollTransmit(this.now)
    ) {
      // Everything that leaves is well-formed.
      const message = decodeClientMessage(out);
      assert(
        message.messageType === MessageType.Acknowledge ||
          message.messageType === MessageType.InputStreamData,
      );
      assert(++frames <= 20_000);
    }
    this.sent += frames;
  }
}

Deno.test(`${frames} random and mutated frames: parsed or refused, never more`, () => {
  const draw = new Draw(20261121);
  let client = new Client(0), clients = 0, next = 0;
  let parsed = 0, refused = 0, reencoded = 0, sent = 0;
  for (let i = 0; i < frames; i++) {
    // Lives of different length: a beginning is worth as much as a long conversation.
    if (client.channel.over || draw.below(300) === 0) {
      sent += client.sent;
      client = new Client(++clients);
      next = 0;
      if (draw.below(2) === 0) {
        client.take(
          frameOf({
            payloadType: PayloadType.HandshakeRequest,
            payload: text(draw.of(goodRequests)),
          }),
          draw,
        );
        next = 1;
      }
    }
    const frame = anyFrame(draw, next);
    let message: ClientMessage | undefined;
    try {
      message = decodeClientMessage(frame);
    } catch (error) {
      assert(error instanceof ClientMessageError, `${error}`);
      refused++;
    }
    if (message !== undefined) {
      parsed++;
      if (checkReencoding(frame, message)) reencoded++;
    }
    const copy = frame.slice();
    client.take(frame, draw);
    assert.deepEqual(frame, copy, "a received frame was written to");
    if (
      message?.messageType === MessageType.OutputStreamData &&
      message.sequence === next
    ) next++;
  }
  for (const count of [parsed, refused, reencoded]) {
    assert(count > frames / 10, `${[parsed, refused, reencoded]}`);
  }
  assert(sent > frames / 10 && clients > 100);
});

Deno.test(`${handshakes} mutated handshakes: answered, refused or ended with a sentence`, () => {
  const draw = new Draw(6);
  const ends = new Map<string, number>();
  for (let i = 0; i < handshakes; i++) {
    const client = new Client(i);
    const steps: [number, Uint8Array][] = [
      [PayloadType.HandshakeRequest, text(draw.of(goodRequests))],
      [
        PayloadType.EncChallengeRequest,
        text(
          '{"Challenge":"EBESExQVFhcYGRobpkE/+bj44IuaCnckql0wAXhSgo2oYqmtRk92bOwO"}',
        ),
      ],
      [
        PayloadType.HandshakeComplete,
        text('{"HandshakeTimeToComplete":123456789,"CustomerMessage":""}'),
      ],
    ];
    if (draw.below(2) === 0) steps.splice(1, 1);
    for (const step of steps) {
      const kind = draw.below(4);
      if (kind === 0) step[1] = text(mutatedJson(draw, step[1]));
      if (kind === 1) step[1] = mutated(draw, step[1]);
      if (kind === 2 && draw.below(3) === 0) step[1] = text(anyJson(draw));
    }
    if (draw.below(5) === 0) steps.reverse();
    let sequenceNumber = 0;
    for (const [payloadType, payload] of steps) {
      if (payload.length === 0) continue;
      client.take(frameOf({ payloadType, sequenceNumber, payload }), draw);
      if (draw.below(10) > 0) sequenceNumber++;
    }
    client.take(frameOf({ sequenceNumber, payload: text("output") }), draw);
    client.now += 13_000;
    client.channel.handleTimeout(client.now);
    const { started, over } = client.channel;
    const end = `${started ? "started" : "not started"}, ${
      over ? "over" : "going on"
    }`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  for (
    const end of [
      "started, going on",
      "not started, over",
      "not started, going on",
    ]
  ) {
    assert(
      (ends.get(end) ?? 0) > handshakes / 50,
      `${end}: ${JSON.stringify([...ends])}`,
    );
  }
  assert.equal(({} as Record<string, unknown>).SessionType, undefined);
});

Deno.test("every payload parser refuses with PayloadError and nothing else", () => {
  const parsers: readonly ((payload: Uint8Array) => unknown)[] = [
    decodeAcknowledgedNumber,
    decodeChannelClosed,
    decodeChallenge,
    decodeHandshakeComplete,
    decodeHandshakeRequest,
    decodeHandshakeResponse,
    decodeOpenDataChannel,
    decodeExitCode,
    decodeFlag,
    decodeSessionState,
    decodeSize,
  ];
  const draw = new Draw(7);
  let parsed = 0, refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const good = draw.of(goodRequests);
    const payload = draw.of([
      () => draw.bytes(draw.below(60)),
      () => text(anyJson(draw)),
      () => text(mutatedJson(draw, text(good))),
      () => text(`${"[".repeat(20_000)}`),
    ].slice(0, i % 1000 === 0 ? 4 : 3))();
    for (const parse of parsers) {
      try {
        parse(payload);
        parsed++;
      } catch (error) {
        assert(error instanceof PayloadError, `${parse.name}: ${error}`);
        refused++;
      }
    }
  }
  assert(
    parsed > 10_000 && refused > 10_000,
    `${parsed} parsed, ${refused} refused`,
  );
});
