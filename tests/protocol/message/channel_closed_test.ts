import assert from "node:assert/strict";
import {
  decodeChannelClosed,
  encodeChannelClosed,
  errorTitle,
} from "../../../lib/protocol/message/channel_closed.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("channel_closed: the real sample of data-channel.md §7", () => {
  const output =
    `\n${errorTitle}\nEncountered error while initiating handshake. Handshake timed out. ` +
    "Please ensure that you have the latest version of the session manager plugin.";
  const fields = {
    messageId: "e61ab986-0000-0000-0000-000000000000",
    createdDate: "2021-10-01T09:24:34.917Z",
    destinationId: "9eb2aa6d-0000-0000-0000-000000000000",
    sessionId: "xxxxxxxxxxxx-00326d985ae62b3af",
    output,
  };
  const payload = encodeChannelClosed(fields);
  assert.deepEqual(
    Object.entries(JSON.parse(new TextDecoder().decode(payload))),
    [
      ["MessageId", fields.messageId],
      ["CreatedDate", fields.createdDate],
      ["DestinationId", fields.destinationId],
      ["SessionId", fields.sessionId],
      ["MessageType", "channel_closed"],
      ["SchemaVersion", 1],
      ["Output", output],
    ],
  );
  assert.deepEqual(decodeChannelClosed(payload), {
    sessionId: fields.sessionId,
    output,
  });
});

Deno.test("channel_closed: absent members are empty, wrong ones refused", () => {
  assert.deepEqual(decodeChannelClosed(bytes("{}")), {
    sessionId: "",
    output: "",
  });
  assert.deepEqual(
    decodeChannelClosed(bytes('{"output":"x","SESSIONID":"s"}')),
    { sessionId: "s", output: "x" },
  );
  for (const text of ["", "[]", '{"Output":1}', '{"SessionId":{}}']) {
    assert.throws(() => decodeChannelClosed(bytes(text)), PayloadError, text);
  }
});
