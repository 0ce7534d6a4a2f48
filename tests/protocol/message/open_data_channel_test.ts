import assert from "node:assert/strict";
import {
  decodeOpenDataChannel,
  encodeOpenDataChannel,
} from "../../../lib/protocol/message/open_data_channel.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const input = {
  requestId: "81801c70-592b-4edc-9e73-710ad06f1edf",
  tokenValue: 'TOKENVALUE+/=<>&"\\',
  clientId: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
  clientVersion: "1.2.896.0",
};

Deno.test("open data channel: the five fields in the official order (data-channel.md §1.3)", () => {
  const text = encodeOpenDataChannel(input);
  assert.deepEqual(Object.entries(JSON.parse(text)), [
    ["MessageSchemaVersion", "1.0"],
    ["RequestId", input.requestId],
    ["TokenValue", input.tokenValue],
    ["ClientId", input.clientId],
    ["ClientVersion", input.clientVersion],
  ]);
  assert.deepEqual(decodeOpenDataChannel(bytes(text)), input);
});

Deno.test("open data channel: old clients leave fields out, but never the token", () => {
  assert.deepEqual(decodeOpenDataChannel(bytes('{"TokenValue":"t"}')), {
    requestId: "",
    tokenValue: "t",
    clientId: "",
    clientVersion: "",
  });
  for (
    const text of [
      "",
      "[]",
      "{}",
      '{"TokenValue":""}',
      '{"TokenValue":1}',
      '{"TokenValue":"t","ClientId":1}',
    ]
  ) {
    assert.throws(() => decodeOpenDataChannel(bytes(text)), PayloadError, text);
  }
});

Deno.test("open data channel: no error tells the token", () => {
  for (
    const text of [
      '{"TokenValue":"hunter2","ClientId":1}',
      '{"TokenValue":"hunter2"x}',
    ]
  ) {
    assert.throws(() => decodeOpenDataChannel(bytes(text)), (error) => {
      assert(error instanceof PayloadError);
      assert.doesNotMatch(`${error.stack} ${error.cause}`, /hunter2/);
      return true;
    });
  }
});
