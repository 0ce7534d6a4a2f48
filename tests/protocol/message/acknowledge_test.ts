import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeAcknowledgedNumber,
  encodeAcknowledge,
} from "../../../lib/protocol/message/acknowledge.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const id = "dd01e56b-ff48-483e-a508-b5f073f31b16";

function decode(text: string): number {
  return decodeAcknowledgedNumber(new TextEncoder().encode(text));
}

Deno.test("acknowledge: the official text", () => {
  const payload = encodeAcknowledge({
    messageType: "output_stream_data",
    messageId: id,
    sequenceNumber: 12,
  });
  assert.equal(
    new TextDecoder().decode(payload),
    `{"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"${id}",` +
      `"AcknowledgedMessageSequenceNumber":12,"IsSequentialMessage":true}`,
  );
});

Deno.test("acknowledge: every number and type comes back", () => {
  fc.assert(fc.property(
    fc.oneof(fc.nat({ max: 100_000 }), fc.maxSafeInteger()),
    fc.oneof(
      fc.constantFrom("input_stream_data", "output_stream_data"),
      fc.string({ maxLength: 40 }),
    ),
    fc.oneof(fc.constant(id), fc.uuid(), fc.string()),
    (sequenceNumber, messageType, messageId) => {
      const payload = encodeAcknowledge({
        messageType,
        messageId,
        sequenceNumber,
      });
      assert.equal(decodeAcknowledgedNumber(payload), sequenceNumber);
      assert.deepEqual(JSON.parse(new TextDecoder().decode(payload)), {
        AcknowledgedMessageType: messageType,
        AcknowledgedMessageId: messageId,
        AcknowledgedMessageSequenceNumber: sequenceNumber,
        IsSequentialMessage: true,
      });
    },
  ));
});

Deno.test("acknowledge: any JSON that means the same gives the same number", () => {
  for (
    const [text, number] of [
      ['{"AcknowledgedMessageSequenceNumber":7}', 7],
      ['{"acknowledgedmessagesequencenumber": 7, "x": [1, {}]}', 7],
      ['{"IsSequentialMessage":true,"AcknowledgedMessageSequenceNumber":7}', 7],
      [
        '{"AcknowledgedMessageSequenceNumber":7,"IsSequentialMessage":false}',
        7,
      ],
      [
        '{"AcknowledgedMessageSequenceNumber":7 ,"IsSequentialMessage":true}',
        7,
      ],
      ['{"AcknowledgedMessageSequenceNumber":0,"IsSequentialMessage":true}', 0],
      [
        '{"AcknowledgedMessageSequenceNumber":-1,"IsSequentialMessage":true}',
        -1,
      ],
      [
        '{"AcknowledgedMessageSequenceNumber":1e3,"IsSequentialMessage":true}',
        1000,
      ],
      [
        '{"AcknowledgedMessageSequenceNumber":9007199254740991,"IsSequentialMessage":true}',
        Number.MAX_SAFE_INTEGER,
      ],
      ['{"AcknowledgedMessageSequenceNumber":null}', 0],
      ["{}", 0],
    ] as const
  ) assert.equal(decode(text), number, text);
});

Deno.test("acknowledge: what has no number is refused", () => {
  for (
    const text of [
      "",
      "[]",
      "null",
      "7",
      '{"AcknowledgedMessageSequenceNumber":01,"IsSequentialMessage":true}',
      '{"AcknowledgedMessageSequenceNumber":,"IsSequentialMessage":true}',
      '{"AcknowledgedMessageSequenceNumber":7.5,"IsSequentialMessage":true}',
      '{"AcknowledgedMessageSequenceNumber":"7","IsSequentialMessage":true}',
      '{"AcknowledgedMessageSequenceNumber":1e999,"IsSequentialMessage":true}',
      '{"AcknowledgedMessageSequenceNumber":7,"IsSequentialMessage":tru',
      '{"AcknowledgedMessageSequenceNumber":7,"IsSequentialMessage":true]',
      '{"AcknowledgedMessageSequenceNumber":7',
    ]
  ) assert.throws(() => decode(text), PayloadError, text);
  assert.throws(
    () => decodeAcknowledgedNumber(new Uint8Array([0xff, 0xfe])),
    PayloadError,
  );
});

Deno.test("acknowledge: the official form is read from its end, without building an object", () => {
  const end =
    '"AcknowledgedMessageSequenceNumber":123456,"IsSequentialMessage":true}';
  for (
    const start of [
      "",
      "not JSON ",
      '"A',
      '{"AcknowledgedMessageType":"x',
      '{"AcknowledgedMessageId":"y",',
    ]
  ) {
    assert.equal(decode(start + " " + end), 123456, start);
  }
  assert.equal(decode(" " + end.replace("123456", "0")), 0);
  assert.equal(
    decode(" " + end.replace("123456", "123456789012345")),
    123456789012345,
  );
  // Sixteen digits may not be exact: that is the JSON parser's business.
  assert.throws(
    () => decode(" " + end.replace("123456", "1234567890123456")),
    PayloadError,
  );
});
