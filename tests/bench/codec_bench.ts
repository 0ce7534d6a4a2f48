import { createHash } from "node:crypto";
import {
  decodeClientMessage,
  encodeClientMessage,
} from "../../lib/protocol/message/client_message.ts";

const messageId = new Uint8Array(16).fill(7);

for (const size of [120, 1024, 16384]) {
  const payload = Uint8Array.from({ length: size }, (_, i) => i % 251);
  const fields = {
    messageType: "input_stream_data",
    createdDate: 1_700_000_000_000,
    sequenceNumber: 12345,
    flags: 0,
    messageId,
    payloadType: 1,
    payload,
  };
  const frame = encodeClientMessage(fields);
  const group = `client message, ${size} B`;

  Deno.bench({
    name: `encode ${size} B`,
    group,
    fn: () => {
      encodeClientMessage(fields);
    },
  });

  Deno.bench({
    name: `decode ${size} B`,
    group,
    fn: () => {
      // The digest is checked when the frame is decoded.
      decodeClientMessage(frame);
    },
  });

  Deno.bench({
    name: `SHA-256 of ${size} B alone`,
    group,
    baseline: true,
    fn: () => {
      createHash("sha256").update(payload).digest("hex");
    },
  });
}
