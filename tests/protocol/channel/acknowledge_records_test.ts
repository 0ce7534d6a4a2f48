import assert from "node:assert/strict";
import fc from "fast-check";
import { AcknowledgeRecords } from "../../../lib/protocol/channel/acknowledge_records.ts";
import {
  acknowledgeBytes,
  encodeAcknowledge,
} from "../../../lib/protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";

function message(
  sequenceNumber: number,
  id: Uint8Array = new Uint8Array(16),
  messageType = "output_stream_data",
): ClientMessage {
  return decodeClientMessage(encodeClientMessage({
    messageType,
    createdDate: 1,
    sequenceNumber,
    flags: 0,
    messageId: id,
    payloadType: 1,
    payload: new Uint8Array(1),
  }));
}

Deno.test("acknowledge records: hold what encodeAcknowledge encodes, for any message", () => {
  fc.assert(fc.property(
    fc.maxSafeNat(),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.constantFrom("output_stream_data", "input_stream_data"),
    (number, id, type) => {
      const records = new AcknowledgeRecords();
      const one = message(number, id, type);
      records.add(one, 5);
      const expected = encodeAcknowledge({
        messageType: type,
        messageId: one.messageIdText,
        sequenceNumber: number,
      });
      assert.deepEqual(records.at(0), expected);
      assert.ok(expected.length <= acknowledgeBytes);
      assert.equal(records.time(0), 5);
    },
  ));
});

Deno.test("acknowledge records: a message's memory may be written again at once", () => {
  const frame = encodeClientMessage({
    messageType: "output_stream_data",
    createdDate: 1,
    sequenceNumber: 7,
    flags: 0,
    messageId: new Uint8Array(16).fill(0xab),
    payloadType: 1,
    payload: new Uint8Array(1),
  });
  const records = new AcknowledgeRecords();
  records.add(decodeClientMessage(frame), 0);
  frame.fill(0);
  const text = new TextDecoder().decode(records.at(0));
  assert.match(text, /"abababab-abab-abab-abab-abababababab"/);
  assert.match(text, /Number":7,/);
});

Deno.test("acknowledge records: a queue of any length, in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -200, max: 400 }), { maxLength: 20 }),
      (steps) => {
        const records = new AcknowledgeRecords();
        const model: number[] = [];
        let next = 0;
        for (const step of steps) {
          for (let i = 0; i < step; i++) {
            records.add(message(next), next);
            model.push(next++);
          }
          for (let i = 0; i > step && model.length > 0; i--) {
            assert.equal(records.time(0), model.shift());
            records.shift();
          }
          assert.equal(records.length, model.length);
          for (const place of [0, model.length - 1]) {
            if (model.length === 0) continue;
            const text = new TextDecoder().decode(records.at(place));
            assert.ok(text.includes(`Number":${model[place]},`), text);
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});
