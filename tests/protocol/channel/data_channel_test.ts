import assert from "node:assert/strict";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  encodeFlag,
  Flag,
  MessageType,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import { encodeSize } from "../../../lib/protocol/message/size.ts";
import { linkStart as start } from "../../testkit/link.ts";

import { Bench, dataKey, text } from "../../testkit/channel_bench.ts";

const types = (events: readonly ChannelEvent[]) =>
  events.map(({ type }) => type);

Deno.test("sending: numbers count every payload type, flags are 0, ids differ (data-channel.md §4.1)", () => {
  const bench = Bench.shell();
  const { channel } = bench;
  channel.send(text("a"), start);
  channel.resize({ cols: 80, rows: 24 }, start);
  assert.equal(channel.flag(Flag.DisconnectToPort, start), 2);
  channel.send(text("b"), start);
  channel.send(new Uint8Array(), start); // cannot be sent
  const sent = bench.sent();
  assert.deepEqual(
    sent.map((
      message,
    ) => [
      message.messageType,
      message.sequence,
      message.payloadType,
      message.flags,
      message.createdDate,
    ]),
    [1, 3, 10, 1].map((
      type,
      i,
    ) => ["input_stream_data", i, type, 0n, BigInt(start)]),
  );
  assert.equal(new Set(sent.map(({ messageIdText }) => messageIdText)).size, 4);
  for (const { messageIdText } of sent) {
    assert.match(messageIdText, /^.{14}4.{4}[89ab]/);
  }
});

Deno.test("sending: the agent's first message alone carries SYN", () => {
  const bench = new Bench("agent");
  for (const part of ["a", "b"]) bench.channel.send(text(part), start);
  bench.channel.send(text("e"), start, PayloadType.StdErr);
  bench.channel.send(text("EXIT_CODE: 0"), start, PayloadType.ExitCode);
  assert.deepEqual(
    bench.sent().map((
      message,
    ) => [message.messageType, message.flags, message.payloadType]),
    [[1n, 1], [0n, 1], [0n, 11], [0n, 12]].map((
      [flags, type],
    ) => ["output_stream_data", flags, type]),
  );
});

Deno.test("sending: no payload before the session, no byte after its end", () => {
  const bench = new Bench("client");
  assert.equal(bench.channel.writable, false);
  assert.throws(
    () => bench.channel.send(text("a"), start),
    /Cannot send payload: the session has not begun/,
  );
  bench.channel.resize({ cols: 80, rows: 24 }, start);
  assert.equal(bench.sent().length, 1);
  bench.channel.receive(
    bench.frame(
      MessageType.ChannelClosed,
      0,
      0,
      text('{"SessionId":"s","Output":"bye"}'),
    ),
    start,
  );
  assert.equal(bench.channel.over, true);
  bench.channel.send(text("a"), start);
  bench.channel.resize({ cols: 1, rows: 1 }, start);
  bench.stream(0, "late");
  bench.channel.provideDataKey({ plaintext: dataKey }, start);
  bench.channel.refuseDataKey("no", start);
  bench.channel.handleTimeout(start + 1e9);
  assert.equal(bench.channel.writable, false);
  assert.equal(bench.channel.nextTimeout, undefined);
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(bench.events(), [{
    type: "closed",
    sessionId: "s",
    output: "bye",
  }]);
});

Deno.test("sending: an acknowledged flag can be waited for", () => {
  const bench = Bench.shell();
  const number = bench.channel.flag(Flag.TerminateSession, start);
  assert.equal(bench.channel.isAcknowledged(number), false);
  bench.sent();
  bench.acknowledge(number);
  assert.equal(bench.channel.isAcknowledged(number), true);
  assert.equal(bench.channel.isAcknowledged(number + 1), false);
});

Deno.test("sending: a full window is not writable until something is acknowledged", () => {
  const bench = Bench.shell();
  let count = 0;
  while (bench.channel.writable) {
    bench.channel.send(new Uint8Array(16 * 1024), start);
    assert(++count < 100);
  }
  assert.equal(bench.sent().length, count);
  bench.now += 40;
  bench.acknowledge(0);
  assert.equal(bench.channel.writable, true);
  assert.equal(bench.channel.unacknowledged, count - 1);
  assert.equal(bench.channel.roundTrip, 40);
});

Deno.test("receiving: acknowledged at once after a pause, within 2 ms in a row", () => {
  const bench = new Bench("client");
  bench.stream(0, "a");
  assert.equal(bench.channel.nextTimeout, start);
  assert.deepEqual(bench.acknowledged(), [0]);
  for (let number = 1; number < 40; number++) {
    bench.now += 0.5;
    bench.stream(number, "b");
    assert(bench.channel.nextTimeout! <= bench.now + 2);
    const waited = bench.acknowledged();
    assert(waited.length <= 5);
  }
  bench.now += 2;
  bench.acknowledged();
  bench.now += 10;
  bench.stream(40, "c");
  assert.deepEqual(bench.acknowledged(), [40]);
});

Deno.test("receiving: acknowledgements go out before anything else", () => {
  const bench = Bench.shell();
  bench.now += 20;
  bench.channel.send(text("a"), bench.now);
  bench.stream(1, "b");
  assert.deepEqual(bench.sent().map(({ messageType }) => messageType), [
    "acknowledge",
    "input_stream_data",
  ]);
});

Deno.test("receiving: a full queue refuses what is next, keeps what is further, loses nothing", () => {
  const bench = Bench.shell({ receiveCapacity: 10 });
  bench.now += 20;
  bench.channel.consumed(2, bench.now);
  bench.stream(1, "0123456789abcdef"); // larger than the queue, which is empty
  assert.deepEqual(bench.acknowledged(), [1]);
  bench.now += 20;
  bench.stream(2, "x");
  bench.stream(3, "y");
  bench.pass(5);
  bench.now += 20;
  bench.stream(2, "x");
  bench.stream(3, "y");
  assert.deepEqual(bench.acknowledged(), [3]);
  assert.deepEqual(bench.delivered(), ["0123456789abcdef"]);
  // It was kept: with room it is taken and acknowledged without coming again.
  bench.channel.consumed(16, bench.now);
  assert.deepEqual(bench.delivered(), ["x", "y"]);
  bench.now += 20;
  assert.deepEqual(bench.acknowledged(), [2]);
  // Held and acknowledged, but the queue has no room for it: it waits for `consumed`.
  bench.stream(5, "0123456789");
  bench.stream(4, "z");
  assert.deepEqual(bench.delivered(), ["z"]);
  bench.channel.consumed(2, bench.now);
  assert.deepEqual(bench.delivered(), []);
  bench.channel.consumed(1, bench.now);
  assert.deepEqual(bench.delivered(), ["0123456789"]);
});

Deno.test("receiving: consuming more than there is opens no larger queue", () => {
  const bench = Bench.shell({ receiveCapacity: 10 });
  bench.channel.consumed(1000, start);
  bench.now += 20;
  for (let number = 1; number <= 3; number++) bench.stream(number, "12345");
  assert.deepEqual(bench.delivered(), ["12345", "12345"]);
});

Deno.test("receiving: an agent that does not accept refuses input and sizes, but takes flags", () => {
  const bench = new Bench("agent", { accepting: false });
  bench.stream(0, encodeFlag(Flag.TerminateSession), PayloadType.Flag);
  assert.deepEqual(bench.events(), [{ type: "flag", flag: 2 }]);
  assert.deepEqual(bench.acknowledged(), [0]);
  bench.now += 20;
  bench.stream(1, encodeSize({ cols: 80, rows: 24 }), PayloadType.Size);
  bench.stream(2, "held");
  assert.deepEqual(bench.acknowledged(), [2]);
  bench.channel.setAccepting(true, bench.now);
  assert.deepEqual(bench.events(), []);
  bench.stream(1, encodeSize({ cols: 80, rows: 24 }), PayloadType.Size);
  assert.deepEqual(types(bench.events()), ["size", "payload"]);
  bench.channel.setAccepting(false, bench.now);
  bench.stream(3, "no");
  assert.deepEqual(bench.events(), []);
  bench.stream(4, "behind");
  bench.stream(3, "no");
  bench.channel.setAccepting(true, bench.now);
  bench.stream(3, "yes");
  assert.deepEqual(bench.delivered(), ["yes", "behind"]);
});

Deno.test("receiving: malformed controls and unknown types are acknowledged, or they would jam the stream", () => {
  const client = Bench.shell();
  const agent = new Bench("agent");
  agent.stream(0, "x");
  agent.sent();
  agent.events();
  for (const bench of [client, agent]) {
    for (
      const [i, [type, payload]] of ([
        [PayloadType.Flag, "no"],
        [PayloadType.Size, "{}"],
        [PayloadType.Error, "x"],
        [PayloadType.Parameter, "x"],
        [13, "x"],
        [0, "x"],
        [0xffff_ffff, "x"],
        [PayloadType.HandshakeResponse, "x"],
        [PayloadType.EncChallengeResponse, "x"],
        [PayloadType.HandshakeRequest, "x"],
        [PayloadType.HandshakeComplete, "x"],
      ] as const).entries()
    ) {
      bench.now += 20;
      bench.stream(i + 1, payload, type);
      assert.deepEqual(bench.acknowledged(), [i + 1], `type ${type}`);
      assert.deepEqual(bench.events(), [], `type ${type}`);
    }
    assert.equal(bench.channel.over, false);
    assert(bench.channel.rejected >= 6);
  }
});

Deno.test("receiving: only the peer's stream counts, and an empty payload delivers nothing", () => {
  const bench = Bench.shell();
  bench.channel.receive(
    bench.frame(MessageType.InputStreamData, 1, 1, text("x")),
    start,
  );
  bench.channel.receive(
    bench.frame(MessageType.AgentSessionState, 1, 1, text("{}")),
    start,
  );
  bench.channel.receive(
    bench.frame(MessageType.Acknowledge, 0, 0, text("{")),
    start,
  );
  assert.equal(bench.channel.rejected, 3);
  assert.deepEqual([bench.sent(), bench.events()], [[], []]);
  const empty = bench.frame(MessageType.OutputStreamData, 1, 1, text("x"))
    .slice(0, 120);
  empty[119] = 0;
  bench.now += 20;
  bench.channel.receive(empty, bench.now);
  assert.deepEqual(bench.acknowledged(), [1]);
  assert.deepEqual(bench.events(), []);
});
