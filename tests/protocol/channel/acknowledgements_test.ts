import assert from "node:assert/strict";
import {
  acknowledgeDelay,
  Acknowledgements,
  echoDelay,
} from "../../../lib/protocol/channel/acknowledgements.ts";
import { decodeAcknowledgedNumber } from "../../../lib/protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import { uuidBytes } from "../../../lib/protocol/message/message_id.ts";

const ackId = "0a0b0c0d-0e0f-4a0b-8c0d-0e0f0a0b0c0d";
const peersId = "dd01e56b-ff48-483e-a508-b5f073f31b16";

function queue(delay = acknowledgeDelay): Acknowledgements {
  return new Acknowledgements(delay, () => uuidBytes(ackId));
}

function numbered(sequenceNumber: number): ClientMessage {
  return decodeClientMessage(encodeClientMessage({
    messageType: "output_stream_data",
    createdDate: 1,
    sequenceNumber,
    flags: 0,
    messageId: uuidBytes(peersId),
    payloadType: 1,
    payload: new Uint8Array(1),
  }));
}

function drain(acknowledgements: Acknowledgements, now: number): number[] {
  const numbers: number[] = [];
  for (;;) {
    const frame = acknowledgements.poll(now);
    if (frame === undefined) return numbers;
    numbers.push(decodeAcknowledgedNumber(decodeClientMessage(frame).payload));
  }
}

Deno.test("acknowledgements: every field as data-channel.md §4.2 has it", () => {
  const acknowledgements = queue();
  assert.equal(acknowledgements.poll(1000), undefined);
  acknowledgements.add(numbered(7), 1000);
  const message = decodeClientMessage(acknowledgements.poll(1000)!);
  assert.equal(message.messageType, "acknowledge");
  assert.equal(message.schemaVersion, 1);
  assert.equal(message.createdDate, 1000n);
  assert.equal(message.sequenceNumber, 0n);
  assert.equal(message.flags, 3n);
  assert.equal(message.payloadType, 0);
  assert.equal(message.messageIdText, ackId);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(message.payload)), {
    AcknowledgedMessageType: "output_stream_data",
    AcknowledgedMessageId: peersId,
    AcknowledgedMessageSequenceNumber: 7,
    IsSequentialMessage: true,
  });
});

Deno.test("acknowledgements: at once after a pause, within 2 ms in a bulk transfer", () => {
  const acknowledgements = queue();
  acknowledgements.add(numbered(0), 1000);
  assert.equal(acknowledgements.due, 1000);
  assert.deepEqual(drain(acknowledgements, 1000), [0]);
  assert.equal(acknowledgements.due, undefined);
  acknowledgements.add(numbered(1), 1001);
  acknowledgements.add(numbered(2), 1002);
  assert.equal(acknowledgements.due, 1003);
  assert.deepEqual(drain(acknowledgements, 1002.9), []);
  assert.deepEqual(drain(acknowledgements, 1003), [1, 2]);
  acknowledgements.add(numbered(3), 1013);
  assert.equal(acknowledgements.due, 1013);
  assert.deepEqual(drain(acknowledgements, 1013), [3]);
});

Deno.test("acknowledgements: a message after a pause takes along those that wait", () => {
  const acknowledgements = queue(1000);
  acknowledgements.add(numbered(0), 1000);
  assert.deepEqual(drain(acknowledgements, 1000), [0]);
  acknowledgements.add(numbered(1), 1005);
  assert.equal(acknowledgements.due, 2005);
  acknowledgements.add(numbered(2), 1020);
  assert.deepEqual(drain(acknowledgements, 1020), [1, 2]);
});

Deno.test("acknowledgements: 16 KiB of them do not wait", () => {
  const acknowledgements = queue();
  acknowledgements.add(numbered(0), 1000);
  drain(acknowledgements, 1000);
  let count = 0, bytes = 0;
  while (acknowledgements.due !== 1000) {
    acknowledgements.add(numbered(++count), 1000);
    assert(count < 1000);
  }
  for (;;) {
    const frame = acknowledgements.poll(1000);
    if (frame === undefined) break;
    bytes += frame.length;
    count--;
  }
  assert.equal(count, 0);
  assert(bytes > 15 * 1024 && bytes < 17 * 1024, `${bytes} bytes`);
});

Deno.test("acknowledgements: no delay at all where none is wanted", () => {
  const acknowledgements = queue(0);
  for (let number = 0; number < 3; number++) {
    acknowledgements.add(numbered(number), 1000);
    assert.equal(acknowledgements.due, 1000);
    assert.deepEqual(drain(acknowledgements, 1000), [number]);
  }
});

Deno.test("acknowledgements: a new connection hears the last ones again, in order", () => {
  const acknowledgements = queue();
  for (let i = 0; i < 600; i++) acknowledgements.add(numbered(i), 1000);
  assert.equal(drain(acknowledgements, 1000).length, 600);
  acknowledgements.add(numbered(600), 1000);
  acknowledgements.reconnected(1200, 90_000);
  assert.equal(acknowledgements.due, 90_000);
  assert.deepEqual(
    drain(acknowledgements, 90_000),
    Array.from({ length: 257 }, (_, i) => 344 + i),
    "the last 256 that went out, then the one that had not",
  );
  acknowledgements.reconnected(99_000, 99_001);
  assert.deepEqual(drain(acknowledgements, 99_001), [], "old ones arrived");
});

Deno.test("acknowledgements: the last one is said again after a silence, more where messages get lost", () => {
  const acknowledgements = queue();
  for (let i = 0; i < 9; i++) acknowledgements.add(numbered(i), 1000);
  assert.equal(drain(acknowledgements, 1002).length, 9);
  assert.equal(acknowledgements.echoDue, 1000 + echoDelay);
  acknowledgements.echo(1000 + echoDelay - 1);
  assert.deepEqual(drain(acknowledgements, 1000 + echoDelay - 1), []);
  acknowledgements.echo(1000 + echoDelay);
  assert.deepEqual(drain(acknowledgements, 1000 + echoDelay), [8]);
  assert.equal(acknowledgements.echoDue, undefined, "once only");
  acknowledgements.repeated();
  acknowledgements.add(numbered(8), 1100);
  assert.deepEqual(drain(acknowledgements, 1100), [8]);
  acknowledgements.echo(1100 + echoDelay);
  assert.deepEqual(drain(acknowledgements, 1100 + echoDelay), [6, 7, 8, 8]);
  assert.equal(acknowledgements.echoDue, undefined);
});

Deno.test("acknowledgements: an end that says everything once", () => {
  const acknowledgements = new Acknowledgements(
    0,
    () => uuidBytes(ackId),
    false,
  );
  acknowledgements.repeated();
  acknowledgements.add(numbered(0), 1000);
  assert.deepEqual(drain(acknowledgements, 1000), [0]);
  assert.equal(acknowledgements.echoDue, undefined);
  acknowledgements.reconnected(1000, 1001);
  assert.equal(acknowledgements.due, undefined);
});
