import assert from "node:assert/strict";
import { silenceLimit } from "../../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import { decodeAcknowledgedNumber } from "../../../lib/protocol/message/acknowledge.ts";
import { MessageType } from "../../../lib/protocol/message/payload.ts";
import { linkStart as start, publication } from "../../testkit/link.ts";

import { Bench, text } from "../../testkit/channel_bench.ts";

const types = (events: readonly ChannelEvent[]) =>
  events.map(({ type }) => type);

Deno.test("silence: five minutes without a word in answer, and only then", () => {
  const bench = Bench.shell();
  bench.pass(24 * 3600_000); // an idle shell may be silent for ever
  assert.equal(bench.channel.over, false);
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  const repeats = bench.pass(silenceLimit - 1);
  assert(repeats.length > 0);
  assert.equal(bench.channel.over, false);
  bench.pass(1);
  assert.deepEqual(bench.events(), [{
    type: "failed",
    reason: "unresponsive",
    message: "The agent has been silent for 5 minutes",
  }]);
});

Deno.test("silence: any stream data or acknowledgement is a word, the service's is none", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  for (let number = 1; number < 5; number++) {
    bench.pass(silenceLimit - 1);
    bench.stream(number, "alive");
    bench.pass(silenceLimit - 1);
    bench.acknowledge(12345);
    bench.sent();
  }
  assert.equal(bench.channel.over, false);
  bench.pass(silenceLimit - 1);
  bench.channel.receive(publication("start_publication"), bench.now);
  bench.channel.receive(new Uint8Array(5), bench.now);
  bench.pass(1);
  assert.equal(bench.channel.over, true);
});

Deno.test("silence: no time counts while paused or disconnected", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.pass(silenceLimit - 1);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.pass(24 * 3600_000);
  bench.channel.receive(publication("start_publication"), bench.now);
  bench.pass(silenceLimit - 1);
  bench.channel.disconnected(bench.now);
  bench.pass(24 * 3600_000);
  bench.channel.reconnected(bench.now);
  bench.sent();
  bench.pass(silenceLimit - 1);
  assert.equal(bench.channel.over, false);
  bench.pass(1);
  assert.equal(bench.channel.over, true);
});

Deno.test("silence: an agent waits for its client for ever", () => {
  const bench = new Bench("agent");
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.pass(2 * silenceLimit);
  assert.equal(bench.channel.over, false);
});

Deno.test("pause: no repeats, but new messages and answers; any word of the peer ends it", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.channel.receive(publication("pause_publication"), bench.now);
  assert.deepEqual(bench.events(), [{ type: "paused" }]);
  assert.equal(bench.channel.paused, true);
  assert.deepEqual(bench.pass(60_000), []);
  bench.channel.send(text("b"), bench.now);
  assert.equal(bench.sent().length, 1);
  bench.stream(1, "here again");
  assert.deepEqual(types(bench.events()), ["unpaused", "payload"]);
  assert.equal(bench.channel.paused, false);
  assert.equal(bench.sent().length, 1);
  assert(bench.pass(3000).length > 0);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.acknowledge(0);
  bench.channel.receive(publication("start_publication"), bench.now);
  assert.deepEqual(types(bench.events()), ["paused", "unpaused"]);
});

Deno.test("pause: what was found lost just before it waits too", () => {
  const bench = Bench.shell();
  for (let i = 0; i < 30; i++) bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.now += 5;
  for (let number = 1; number < 30; number++) bench.acknowledge(number);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.now += 1000;
  assert.deepEqual(bench.sent(), []);
  bench.channel.receive(publication("start_publication"), bench.now);
  assert.deepEqual(
    bench.pass(1000).map(({ sequence }) => sequence).slice(0, 1),
    [0],
  );
});

Deno.test("reconnect: nothing goes out without a connection, then all of it in order, and acknowledgements", () => {
  const bench = Bench.shell();
  for (const part of ["a", "b", "c"]) bench.channel.send(text(part), bench.now);
  bench.sent();
  bench.acknowledge(1);
  bench.stream(1, "x");
  bench.channel.disconnected(bench.now);
  bench.channel.send(text("d"), bench.now);
  assert.deepEqual(bench.pass(600_000), []);
  assert.equal(bench.channel.nextTimeout, undefined);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.channel.reconnected(bench.now);
  assert.equal(bench.channel.paused, false);
  // The acknowledgements first: of 0, which may have died with the connection, and of 1.
  const sent = bench.sent();
  assert.deepEqual(
    sent.splice(0, 2).map(({ payload }) => decodeAcknowledgedNumber(payload)),
    [0, 1],
  );
  assert.deepEqual(
    sent.map(({ messageType, sequence }) => [messageType, sequence]),
    [
      ["input_stream_data", 0],
      ["input_stream_data", 2],
      ["input_stream_data", 3],
    ],
  );
  assert.equal(bench.channel.resends, 2);
});

Deno.test("channel_closed: the end even if nobody can read it", () => {
  const bench = Bench.shell();
  bench.channel.receive(
    bench.frame(MessageType.ChannelClosed, 0, 0, text("not JSON")),
    start,
  );
  assert.deepEqual(bench.events(), [{
    type: "closed",
    sessionId: "",
    output: "",
  }]);
  assert.equal(bench.channel.over, true);
});
