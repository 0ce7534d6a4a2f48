import assert from "node:assert/strict";
import { Log, type LogLevel } from "../../lib/log/log.ts";
import { encodeAcknowledge } from "../../lib/protocol/message/acknowledge.ts";
import { encodeClientMessage } from "../../lib/protocol/message/client_message.ts";
import { logTraffic } from "../../lib/session/traffic_log.ts";
import {
  type Transport,
  type TransportClose,
  TransportError,
} from "../../lib/session/transport.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

const payload = "what was typed, a password";

function message(
  messageType: string,
  sequenceNumber: number,
  bytes: Uint8Array = new TextEncoder().encode(payload),
): Uint8Array {
  return encodeClientMessage({
    messageType,
    createdDate: 1_700_000_000_000,
    sequenceNumber,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: messageType === "acknowledge" ? 0 : 1,
    payload: bytes,
  });
}

function acknowledge(sequenceNumber: number): Uint8Array {
  return message(
    "acknowledge",
    0,
    encodeAcknowledge({
      messageType: "input_stream_data",
      messageId: "",
      sequenceNumber,
    }),
  );
}

/** A transport that gives what a test hands it, behind the log. */
async function open(level: LogLevel) {
  const clock = new ManualClock();
  const log = new Log();
  const lines: string[] = [];
  if (level > 0) log.add({ level, write: (line) => lines.push(line) });
  const incoming: Uint8Array[][] = [];
  const sent: (Uint8Array | string)[] = [];
  const end = Promise.withResolvers<TransportClose>();
  const inner: Transport = {
    send: (frame) => void sent.push(frame),
    sendText: (text) => void sent.push(text),
    buffered: 5,
    drained: () => Promise.resolve(),
    read: () => Promise.resolve(incoming.shift()),
    check: () => {},
    canAsk: true,
    closed: end.promise,
    close: () => Promise.resolve(),
  };
  const transport = await logTraffic(
    () => Promise.resolve(inner),
    log,
    clock,
  )({
    url: "wss://example.com/v1/data-channel/me?X-Amz-Signature=abc",
    headers: { Authorization: "AWS4-HMAC-SHA256 Credential=x" },
  });
  return { clock, log, lines, incoming, sent, end, inner, transport };
}

Deno.test("traffic log: without listeners there is nothing in between", async () => {
  const { inner, transport } = await open(0);
  assert.equal(transport, inner);
});

Deno.test("traffic log: connections, payload sizes and totals at level 1", async () => {
  const { clock, lines, incoming, sent, end, transport } = await open(1);
  transport.sendText('{"TokenValue":"secret"}');
  for (const size of [10, 1024, 1024, 4096, 4096, 1024, 16_384, 8000]) {
    transport.send(message("input_stream_data", 0, new Uint8Array(size)));
  }
  incoming.push([acknowledge(0)]);
  assert.equal((await transport.read())?.length, 1);
  assert.equal(await transport.read(), undefined);
  assert.equal(transport.buffered, 5);
  transport.check(5000);
  await clock.advance(1500);
  end.resolve({ code: 1006, reason: "gone", clean: false });
  await transport.closed;
  assert.equal(sent.length, 9);
  assert.deepEqual(lines.slice(0, -1), [
    "stream open stream=1 host=example.com signed=true ms=0",
    "payload size stream=1 bytes=1024",
    "payload size stream=1 bytes=4096",
    "payload size stream=1 bytes=16384",
    "stream checked stream=1 limit=5000",
  ]);
  assert.match(
    lines.at(-1) ?? "",
    /^stream closed stream=1 code=1006 reason=gone clean=false seconds=1.5 frames-sent=9 frames-received=1 /,
  );
});

Deno.test("traffic log: each message at level 2, with its round trip and nothing of its payload", async () => {
  const { clock, lines, incoming, transport } = await open(2);
  transport.sendText('{"TokenValue":"secret"}');
  transport.send(message("input_stream_data", 7));
  await clock.advance(20);
  transport.send(message("input_stream_data", 7));
  await clock.advance(22);
  incoming.push([
    acknowledge(7),
    acknowledge(7),
    message("output_stream_data", 3),
    new Uint8Array(5),
  ]);
  await transport.read();
  assert.deepEqual(lines.slice(1), [
    "→ open_data_channel stream=1",
    "→ input_stream_data stream=1 seq=7 payload=Output bytes=26",
    "→ input_stream_data stream=1 seq=7 payload=Output bytes=26 again=true",
    "← acknowledge stream=1 seq=7 rtt=42",
    "← acknowledge stream=1 seq=7",
    "← output_stream_data stream=1 seq=3 payload=Output bytes=26",
    '← damaged stream=1 bytes=5 error="Cannot decode client message: the frame has 5 bytes"',
  ]);
  assert(!lines.join().includes("password"));
});

Deno.test("traffic log: a connection that cannot be opened is told, and thrown", async () => {
  const log = new Log();
  const lines: string[] = [];
  log.add({ level: 1, write: (line) => lines.push(line) });
  const failing = logTraffic(
    () => Promise.reject(new TransportError("Cannot resolve name")),
    log,
    new ManualClock(),
  );
  await assert.rejects(
    failing({ url: "wss://example.com/", headers: {} }),
    TransportError,
  );
  assert.deepEqual(lines, [
    'stream not opened stream=1 host=example.com signed=false ms=0 error="Cannot resolve name"',
  ]);
});
