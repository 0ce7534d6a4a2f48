import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import {
  ClientMessageError,
  decodeClientMessage,
  encodeClientMessage,
  type FrameFault,
  headerBytes,
} from "../../../lib/protocol/message/client_message.ts";
import {
  uuidBytes,
  uuidText,
} from "../../../lib/protocol/message/message_id.ts";
import { MessageType } from "../../../lib/protocol/message/payload.ts";
import { linkStart, seededRandom } from "../../testkit/link.ts";
import { fromHex, patterned, toHex, vectorsOf } from "../../testkit/vectors.ts";

interface MessageVector {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly hex?: string;
  readonly headerHex?: string;
  readonly sha256?: string;
}

function payloadOf(vector: MessageVector): Uint8Array {
  const { payloadHex, payloadPattern, payloadLength } = vector.fields;
  if (payloadPattern === undefined) return fromHex(payloadHex ?? "");
  assert.equal(payloadPattern, "byte i = i mod 251");
  return patterned(Number(payloadLength));
}

function encodeVector(vector: MessageVector): Uint8Array {
  const { fields } = vector;
  return encodeClientMessage({
    messageType: fields.messageType!,
    schemaVersion: Number(fields.schemaVersion),
    createdDate: BigInt(fields.createdDate!),
    sequenceNumber: BigInt(fields.sequenceNumber!),
    flags: BigInt(fields.flags!),
    messageId: uuidBytes(fields.messageId!),
    payloadType: Number(fields.payloadType),
    payload: payloadOf(vector),
  });
}

Deno.test("messages.json: fields to bytes and bytes to fields", async (t) => {
  for (
    const vector of await vectorsOf<MessageVector>("messages.json", "vectors")
  ) {
    await t.step(vector.name, () => {
      const { fields } = vector;
      const frame = encodeVector(vector);
      assert(vector.hex !== undefined || vector.sha256 !== undefined);
      if (vector.hex !== undefined) assert.equal(toHex(frame), vector.hex);
      if (vector.headerHex !== undefined) {
        assert.equal(toHex(frame.subarray(0, 120)), vector.headerHex);
      }
      if (vector.sha256 !== undefined) {
        const sum = createHash("sha256").update(frame).digest("hex");
        assert.equal(sum, vector.sha256);
      }
      const message = decodeClientMessage(
        vector.hex === undefined ? frame : fromHex(vector.hex),
      );
      assert.deepEqual({
        headerLength: `${message.headerLength}`,
        messageType: message.messageType,
        schemaVersion: `${message.schemaVersion}`,
        createdDate: `${message.createdDate}`,
        sequenceNumber: `${message.sequenceNumber}`,
        flags: `${message.flags}`,
        messageId: message.messageIdText,
        payloadDigestHex: toHex(message.payloadDigest),
        payloadType: `${message.payloadType}`,
        payloadLength: `${message.payload.length}`,
      }, {
        headerLength: fields.headerLength,
        messageType: fields.messageType,
        schemaVersion: fields.schemaVersion,
        createdDate: fields.createdDate,
        sequenceNumber: fields.sequenceNumber,
        flags: fields.flags,
        messageId: fields.messageId,
        payloadDigestHex: fields.payloadDigestHex,
        payloadType: fields.payloadType,
        payloadLength: fields.payloadLength,
      });
      assert.deepEqual(message.payload, payloadOf(vector));
      assert.equal(message.sequence, Number(message.sequenceNumber));
    });
  }
});

interface Official {
  readonly result:
    | "accepted"
    | "deserialize-error"
    | "validate-error"
    | "panic";
  readonly messageType?: string;
  readonly payloadHexFirst64?: string;
  readonly messageId?: string;
}

interface NegativeVector {
  readonly name: string;
  readonly hex: string;
  readonly newClientShould: string;
  readonly officialClient: Official;
}

/** Where our parser's verdict is not the official client's, and which note says why. */
const better: Readonly<Record<string, string>> = {
  "truncated-before-payload-length": "pitfalls.md §1.9: panic",
  "truncated-in-payload-length": "pitfalls.md §1.9: panic",
  "truncated-119": "pitfalls.md §1.9: panic",
  "header-length-122": "pitfalls.md §1.9: panic",
  "header-length-oversized": "pitfalls.md §1.9: panic",
  "header-length-little-endian": "pitfalls.md §1.9: panic",
  "payload-length-zero-with-payload": "data-channel.md §2.2 rule 3",
  "payload-length-too-large": "data-channel.md §2.2 rule 3",
  "payload-length-all-ones": "data-channel.md §2.2 rule 3",
  "message-type-nul-then-space": "data-channel.md §2.2 rule 5: NUL kept",
  "start-publication-112-header-empty": "data-channel.md §2.1: refused",
};

Deno.test("negative.json: reject, accept or ignore as each vector says", async (t) => {
  const differing = new Set<string>();
  for (
    const vector of await vectorsOf<NegativeVector>("negative.json", "vectors")
  ) {
    const { name, newClientShould: should, officialClient: official } = vector;
    const because = better[name] === undefined ? "" : ` (${better[name]})`;
    await t.step(`${name}: ${should}${because}`, () => {
      const frame = fromHex(vector.hex);
      const channel = new DataChannel({
        role: "client",
        random: seededRandom(1),
      }, 0);
      channel.receive(frame, linkStart);
      const answer = channel.pollTransmit(linkStart),
        event = channel.pollEvent();
      assert.equal(channel.pollTransmit(linkStart), undefined);
      if (should.startsWith("reject")) {
        assert.throws(() => decodeClientMessage(frame), ClientMessageError);
        assert.equal(channel.rejected, 1);
        assert.equal(answer, undefined);
        assert.equal(event, undefined);
        if (official.result === "accepted" || official.result === "panic") {
          differing.add(name);
        }
        return;
      }
      const message = decodeClientMessage(frame);
      if (official.result !== "accepted") differing.add(name);
      else {
        if (message.messageType !== official.messageType) differing.add(name);
        assert.equal(
          toHex(message.payload.subarray(0, 64)),
          official.payloadHexFirst64 ?? "",
        );
        if (message.headerLength === 116) {
          assert.equal(message.messageIdText, official.messageId);
        }
      }
      if (/ignore/.test(should)) {
        assert.equal(answer, undefined);
        assert.equal(event, undefined);
        return;
      }
      assert.match(should, /^(accept|trim)/);
      if (message.messageType === MessageType.ChannelClosed) {
        assert.equal(event?.type, "closed");
        return;
      }
      // Its number is 5, so it is held, and acknowledged.
      const acknowledgement = decodeClientMessage(answer!);
      assert.equal(acknowledgement.messageType, MessageType.Acknowledge);
      const text = new TextDecoder().decode(acknowledgement.payload);
      assert.deepEqual(JSON.parse(text), {
        AcknowledgedMessageType: "output_stream_data",
        AcknowledgedMessageId: message.messageIdText,
        AcknowledgedMessageSequenceNumber: 5,
        IsSequentialMessage: true,
      });
    });
  }
  assert.deepEqual([...differing].sort(), Object.keys(better).sort());
});

const good = {
  messageType: MessageType.InputStreamData,
  createdDate: 1700000000123,
  sequenceNumber: 7,
  flags: 0,
  messageId: uuidBytes("dd01e56b-ff48-483e-a508-b5f073f31b16"),
  payloadType: 1,
  payload: new Uint8Array([0x61]),
};

Deno.test("serializer-refusals.json: what the official serializer refuses", async (t) => {
  interface Refusal {
    readonly Name: string;
    readonly Error: string;
  }
  const attempts: Readonly<Record<string, () => Uint8Array>> = {
    "empty-payload": () =>
      encodeClientMessage({ ...good, payload: new Uint8Array() }),
    "type-33-bytes": () =>
      encodeClientMessage({ ...good, messageType: "x".repeat(33) }),
    // Our ids are bytes: the equivalent of no id is an empty one.
    "nil-uuid-pointer": () =>
      encodeClientMessage({ ...good, messageId: new Uint8Array() }),
    "created-date-0": () => encodeClientMessage({ ...good, createdDate: 0 }),
  };
  for (
    const { Name: name, Error: error } of await vectorsOf<Refusal>(
      "serializer-refusals.json",
    )
  ) {
    await t.step(`${name}: ${error || "taken"}`, () => {
      const attempt = attempts[name];
      assert(attempt !== undefined, `no attempt for ${name}`);
      if (error === "") assert(attempt().length > headerBytes);
      else assert.throws(attempt, RangeError);
    });
  }
});

Deno.test("client message: each fault has its name", () => {
  const frame = encodeClientMessage(good);
  const cases: [FrameFault, (bytes: Uint8Array) => Uint8Array | void][] = [
    ["too short", (bytes) => bytes.subarray(0, 115)],
    ["too short", (bytes) => bytes.subarray(0, 119)],
    ["header length", (bytes) => void (bytes[3] = 115)],
    ["payload length", (bytes) => void (bytes[119] = 2)],
    ["payload length", (bytes) => bytes.subarray(0, 120)],
    ["message type", (bytes) => void bytes.fill(0x20, 4, 36)],
    ["created date", (bytes) => void bytes.fill(0, 40, 48)],
    ["digest", (bytes) => void (bytes[120]! ^= 1)],
    ["digest", (bytes) => void (bytes[111]! ^= 1)],
  ];
  for (const [fault, damage] of cases) {
    const bytes = frame.slice();
    const damaged = damage(bytes) ?? bytes;
    assert.throws(
      () => decodeClientMessage(damaged),
      (error) =>
        error instanceof ClientMessageError && error.fault === fault &&
        error.name === "ClientMessageError" &&
        error.message.startsWith("Cannot decode client message: "),
      fault,
    );
  }
});

Deno.test("client message: publication needs no digest, everything else does (§2.2 rule 7)", () => {
  for (const messageType of Object.values(MessageType)) {
    const frame = encodeClientMessage({ ...good, messageType });
    frame.fill(0, 80, 112);
    if (messageType.endsWith("_publication")) {
      assert.equal(decodeClientMessage(frame).messageType, messageType);
    } else {
      assert.throws(() => decodeClientMessage(frame), /digest/);
    }
  }
});

Deno.test("client message: the service's header is four bytes shorter (§2.1)", () => {
  const fields = {
    ...good,
    serviceHeader: true,
    messageType: "channel_closed",
  };
  const frame = encodeClientMessage({
    ...fields,
    payload: new Uint8Array([1, 2]),
  });
  assert.equal(frame.length, 118);
  const message = decodeClientMessage(frame);
  assert.equal(message.headerLength, 112);
  assert.equal(message.payloadType, 0);
  assert.deepEqual([...message.payload], [1, 2]);
  const empty = encodeClientMessage({ ...fields, payload: new Uint8Array() });
  assert.equal(empty.length, 116);
  assert.equal(decodeClientMessage(empty).payload.length, 0);
});

Deno.test("client message: types are trimmed of NUL and white space in any mix", () => {
  const pad = fc.array(fc.constantFrom("\0", " ", "\t", "\n"), {
    maxLength: 6,
  });
  fc.assert(fc.property(
    pad,
    fc.constantFrom("acknowledge", "channel_closed", "made_up", "a b"),
    pad,
    (left, name, right) => {
      const text = [...left, name, ...right].join("");
      const frame = encodeClientMessage({ ...good, messageType: text });
      assert.equal(decodeClientMessage(frame).messageType, name);
    },
  ));
});

Deno.test("client message: a message starts anywhere in its buffer", () => {
  const frame = encodeClientMessage(good);
  const buffer = new Uint8Array(frame.length + 20).fill(0xee);
  buffer.set(frame, 7);
  const message = decodeClientMessage(buffer.subarray(7, 7 + frame.length));
  assert.equal(message.sequence, 7);
  assert.deepEqual([...message.payload], [0x61]);
  assert.equal(
    uuidText(message.messageId),
    "dd01e56b-ff48-483e-a508-b5f073f31b16",
  );
});

Deno.test("client message: any fields survive both ways", () => {
  const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(fc.property(
    fc.record({
      messageType: fc.oneof(
        fc.constantFrom(...Object.values(MessageType)),
        fc.stringMatching(/^[a-z_]{1,32}$/),
      ),
      createdDate: fc.oneof(
        fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      ),
      sequenceNumber: fc.oneof(signed, fc.maxSafeInteger()),
      flags: unsigned,
      messageId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      payloadType: fc.nat({ max: 0xffff_ffff }),
      payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      schemaVersion: fc.nat({ max: 0xffff_ffff }),
      serviceHeader: fc.boolean(),
    }),
    (fields) => {
      const message = decodeClientMessage(encodeClientMessage(fields));
      assert.deepEqual({
        messageType: message.messageType,
        createdDate: message.createdDate,
        sequenceNumber: message.sequenceNumber,
        flags: message.flags,
        messageId: message.messageId,
        payloadType: message.payloadType,
        payload: message.payload,
        schemaVersion: message.schemaVersion,
        serviceHeader: message.headerLength === 112,
      }, {
        ...fields,
        createdDate: BigInt(fields.createdDate),
        sequenceNumber: BigInt(fields.sequenceNumber),
        payloadType: fields.serviceHeader ? 0 : fields.payloadType,
      });
      assert.equal(message.sequence, Number(fields.sequenceNumber));
    },
  ));
});

Deno.test("client message: a fraction of a millisecond is cut off", () => {
  const frame = encodeClientMessage({ ...good, createdDate: 1700000000123.9 });
  assert.equal(decodeClientMessage(frame).createdDate, 1700000000123n);
});
