import assert from "node:assert/strict";
import { Acknowledgements } from "../../../lib/protocol/channel/acknowledgements.ts";
import { ChannelState } from "../../../lib/protocol/channel/channel_state.ts";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { Handshake } from "../../../lib/protocol/channel/handshake_flow.ts";
import { Receiver } from "../../../lib/protocol/channel/receiver.ts";
import {
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import { PayloadType } from "../../../lib/protocol/message/payload.ts";
import { linkStart as now } from "../../testkit/link.ts";

function numbered(sequenceNumber: number, payloadType: number, bytes = 1) {
  return decodeClientMessage(encodeClientMessage({
    messageType: "output_stream_data",
    createdDate: now,
    sequenceNumber,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType,
    payload: new Uint8Array(bytes).fill(sequenceNumber),
  }));
}

function bench(handshake?: Partial<Handshake>, capacity = 100) {
  const state = new ChannelState(() => {});
  const acknowledgements = new Acknowledgements(0, () => new Uint8Array(16));
  const receiver = new Receiver(
    {
      role: "client",
      handshake: handshake as Handshake | undefined,
      acknowledgements,
      state,
    },
    capacity,
    true,
  );
  return { receiver, state, acknowledgements };
}

Deno.test("receiver: a fault of our own is not taken for the peer's", () => {
  const broken = () => {
    throw new TypeError("ours");
  };
  const { receiver, state } = bench({ begun: true, receive: broken });
  assert.throws(
    () => receiver.receive(numbered(0, PayloadType.HandshakeRequest), now),
    TypeError,
  );
  state.started = true;
  state.cipher = new SessionCipher(
    new Uint8Array(32),
    new Uint8Array(32),
    broken,
  );
  state.cipher.decrypt = broken;
  assert.throws(
    () => receiver.receive(numbered(0, PayloadType.Output), now),
    TypeError,
  );
  assert.equal(state.over, false);
  const { receiver: other, state: ended } = bench();
  ended.emit = broken;
  assert.throws(
    () => other.receive(numbered(0, PayloadType.Flag, 4), now),
    TypeError,
  );
});

Deno.test("receiver: what cannot be taken is not acknowledged, and taken when it comes again", () => {
  const { receiver, state, acknowledgements } = bench({ begun: true });
  receiver.receive(numbered(0, PayloadType.Output), now);
  assert.equal(acknowledgements.due, undefined);
  assert.equal(state.poll(), undefined);
  state.started = true;
  receiver.receive(numbered(0, PayloadType.Output), now);
  assert.equal(acknowledgements.due, now);
  assert.equal(state.poll()?.type, "payload");
});

Deno.test("receiver: the queue is full to the byte, and an empty one takes anything", () => {
  const { receiver, state } = bench(undefined, 10);
  state.started = true;
  receiver.receive(numbered(0, PayloadType.Output, 6), now);
  receiver.receive(numbered(1, PayloadType.Output, 4), now);
  receiver.receive(numbered(2, PayloadType.Output, 1), now);
  const lengths = () => {
    const found: number[] = [];
    for (let event = state.poll(); event !== undefined; event = state.poll()) {
      if (event.type === "payload") found.push(event.payload.length);
    }
    return found;
  };
  assert.deepEqual(lengths(), [6, 4]);
  receiver.consumed(9, now);
  assert.deepEqual(lengths(), [1]);
  receiver.receive(numbered(3, PayloadType.Output, 50), now);
  assert.deepEqual(lengths(), []);
  receiver.consumed(1, now);
  assert.deepEqual(lengths(), []);
  receiver.consumed(1, now);
  assert.deepEqual(lengths(), [50]);
});

Deno.test("receiver: at the end everything that is in order goes out, full queue or not", () => {
  const { receiver, state } = bench(undefined, 10);
  state.started = true;
  for (const [number, length] of [[0, 10], [1, 6], [2, 7], [4, 8]] as const) {
    receiver.receive(numbered(number, PayloadType.Output, length), now);
  }
  receiver.finish(now);
  const found: number[] = [];
  for (let event = state.poll(); event !== undefined; event = state.poll()) {
    if (event.type === "payload") found.push(event.payload.length);
  }
  assert.deepEqual(found, [10, 6, 7], "but nothing behind a gap");
});

Deno.test("receiver: held messages stop at the end of the session", () => {
  const { receiver, state } = bench({
    begun: true,
    receive: () => state.fail("handshake", "why"),
  });
  state.started = true;
  receiver.receive(numbered(1, PayloadType.Output), now);
  receiver.receive(numbered(0, PayloadType.HandshakeComplete), now);
  assert.equal(state.poll()?.type, "failed");
  assert.equal(state.poll(), undefined);
});
