import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ClientMessageError,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import type { DirectionFaults } from "../../../lib/simulator/options.ts";
import {
  disorder,
  FaultLink,
  isFaulty,
  seededRandom,
} from "../../../lib/simulator/service/faults.ts";
import {
  frameKind,
  mayBeLost,
} from "../../../lib/simulator/service/frame_kind.ts";
import {
  encodeClosed,
  encodePublication,
} from "../../../lib/simulator/service/service_messages.ts";

const none: DirectionFaults = {
  loss: 0,
  repeat: 0,
  reorder: 0,
  wrongDigest: 0,
};

function output(sequenceNumber: number): Uint8Array {
  return encodeClientMessage({
    messageType: "output_stream_data",
    createdDate: 1,
    sequenceNumber,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: 1,
    payload: new Uint8Array([7]),
  });
}

/** Sends so many messages, one each millisecond, and gives what arrives with its time. */
function run(
  faults: Partial<DirectionFaults>,
  latency: number,
  count: number,
  seed = 1,
): { at: number; frame: Uint8Array }[] {
  const link = new FaultLink(
    { ...none, ...faults },
    latency,
    seededRandom(seed),
  );
  const arrived: { at: number; frame: Uint8Array }[] = [];
  for (let now = 0; now < count || link.travelling > 0; now++) {
    if (now < count) link.push(output(now), now);
    for (let f = link.poll(now); f !== undefined; f = link.poll(now)) {
      arrived.push({ at: now, frame: f });
    }
    const next = link.nextTimeout;
    assert.ok(next === undefined || next > now);
  }
  return arrived;
}

const numbers = (arrived: { frame: Uint8Array }[]) =>
  arrived.map(({ frame }) => decodeClientMessage(frame).sequence);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("latency alone: everything, in order, that much later", () => {
  const arrived = run({}, 50, 100);
  assert.deepEqual(numbers(arrived), upTo(100));
  assert.deepEqual(arrived.map(({ at }) => at), upTo(100).map((n) => n + 50));
});

Deno.test("loss loses about so many, and the rest stays in order", () => {
  const arrived = numbers(run({ loss: 0.3 }, 0, 10_000));
  assert.ok(arrived.length > 6700 && arrived.length < 7300);
  assert.deepEqual(arrived, [...arrived].sort((a, b) => a - b));
  assert.equal(new Set(arrived).size, arrived.length);
});

Deno.test("repeat repeats, a little later", () => {
  const arrived = numbers(run({ repeat: 0.2 }, 5, 10_000));
  assert.ok(arrived.length > 11_700 && arrived.length < 12_300);
  assert.equal(new Set(arrived).size, 10_000);
});

Deno.test("reorder lets messages be overtaken, none lost or repeated", () => {
  const arrived = run({ reorder: 0.1 }, 5, 10_000);
  const order = numbers(arrived);
  assert.deepEqual([...order].sort((a, b) => a - b), upTo(10_000));
  const late = arrived.filter(({ at }, i) => at > order[i]! + 5);
  assert.ok(late.length > 800 && late.length < 1200);
  assert.ok(arrived.every(({ at }, i) => at <= order[i]! + 5 + disorder));
});

Deno.test("a wrong digest is one the parser refuses; the sender's frame is untouched", () => {
  const link = new FaultLink({ ...none, wrongDigest: 1 }, 0, seededRandom(1));
  const frame = output(1);
  link.push(frame, 0);
  const arrived = link.poll(0);
  assert.ok(arrived);
  assert.throws(
    () => decodeClientMessage(arrived),
    (error) => error instanceof ClientMessageError && error.fault === "digest",
  );
  assert.equal(decodeClientMessage(frame).sequence, 1);
});

Deno.test("the same seed gives the same run, another seed another", () => {
  const some = { loss: 0.1, repeat: 0.1, reorder: 0.1 };
  const order = (seed: number) => numbers(run(some, 3, 500, seed));
  assert.deepEqual(order(7), order(7));
  assert.notDeepEqual(order(7), order(8));
});

Deno.test("what the service says is never lost, repeated or damaged, and overtakes nothing", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      (seed, kinds) => {
        const link = new FaultLink(
          { loss: 0.5, repeat: 0.5, reorder: 0.5, wrongDigest: 0.5 },
          5,
          seededRandom(seed),
        );
        const sent: Uint8Array[] = [];
        for (const [i, own] of kinds.entries()) {
          const frame = own ? encodeClosed("s", "c", `${i}`, 1) : output(i);
          sent.push(frame);
          link.push(frame, i / 4);
        }
        const arrived: Uint8Array[] = [];
        for (let f = link.poll(1e9); f; f = link.poll(1e9)) arrived.push(f);
        const own = (frames: Uint8Array[]) =>
          frames.filter((frame) => !mayBeLost(frame));
        assert.deepEqual(own(arrived), own(sent));
        // Nothing that was sent before one of them arrives behind it, repeats included.
        for (const [i, frame] of arrived.entries()) {
          if (mayBeLost(frame)) continue;
          const before = sent.slice(0, sent.indexOf(frame)).map(sequenceOf);
          const behind = arrived.slice(i + 1).filter(mayBeLost).map(sequenceOf);
          assert.ok(behind.every((number) => !before.includes(number)));
        }
      },
    ),
  );
});

/** The number of an output message, digest or no digest; -1 for the service's own. */
function sequenceOf(frame: Uint8Array): number {
  return mayBeLost(frame)
    ? new DataView(frame.slice().buffer).getInt32(52)
    : -1;
}

Deno.test("without faults there is no need of a link", () => {
  assert.equal(isFaulty(none, 0), false);
  assert.equal(isFaulty(none, 1), true);
  for (const name of ["loss", "repeat", "reorder", "wrongDigest"]) {
    assert.equal(isFaulty({ ...none, [name]: 0.1 }, 0), true);
  }
});

Deno.test("the relay knows every kind by its first bytes", () => {
  const kind = (messageType: string) =>
    frameKind(encodeClientMessage({
      messageType,
      createdDate: 1,
      sequenceNumber: 0,
      flags: 0,
      messageId: new Uint8Array(16),
      payloadType: 1,
      payload: new Uint8Array([7]),
    }));
  assert.equal(kind("input_stream_data"), "input");
  assert.equal(kind("output_stream_data"), "output");
  assert.equal(kind("acknowledge"), "acknowledge");
  assert.equal(kind("agent_session_state"), "session state");
  assert.equal(kind("channel_closed"), "other");
  assert.equal(frameKind(new Uint8Array(0)), "other");
});

Deno.test("the service's messages parse, with the headers the service uses", () => {
  const closed = decodeClientMessage(encodeClosed("s-1", "c-1", "why", 5));
  assert.equal(closed.headerLength, 112);
  assert.equal(closed.messageType, "channel_closed");
  const json = JSON.parse(new TextDecoder().decode(closed.payload));
  assert.equal(json.MessageId, closed.messageIdText);
  assert.deepEqual({ ...json, MessageId: "" }, {
    MessageId: "",
    CreatedDate: "1970-01-01T00:00:00.005Z",
    DestinationId: "c-1",
    SessionId: "s-1",
    MessageType: "channel_closed",
    SchemaVersion: 1,
    Output: "why",
  });
  for (const type of ["start", "pause"] as const) {
    const frame = encodePublication(type, 5);
    assert.equal(frame.length, 120);
    const message = decodeClientMessage(frame);
    assert.equal(message.messageType, `${type}_publication`);
    assert.equal(message.headerLength, 116);
    assert.equal(message.payload.length, 0);
    assert.ok(message.payloadDigest.every((byte) => byte === 0));
  }
});
