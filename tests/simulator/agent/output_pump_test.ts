import assert from "node:assert/strict";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import { AgentChannel } from "../../../lib/simulator/agent/agent_channel.ts";
import { OutputPump } from "../../../lib/simulator/agent/output_pump.ts";
import {
  fastPace,
  type Pace,
  realPace,
} from "../../../lib/simulator/agent/pace.ts";
import { ManualClock, settle } from "../../testkit/manual_clock.ts";
import { random } from "./bench.ts";

/** A pump over a channel without a handshake, whose client may be deaf. */
function setUp(pace: Pace) {
  const clock = new ManualClock();
  const client = new DataChannel(
    { role: "client", random, acknowledgeDelay: 0 },
    clock.now(),
  );
  const state = { left: 0, sizes: [] as number[], deaf: false };
  const channel = new AgentChannel({
    clock,
    pace,
    handshake: undefined,
    onEvent: () => {},
    link: {
      congested: false,
      drained: () => Promise.resolve(),
      send: (frame) => client.receive(frame, clock.now()),
    },
  });
  const pump = new OutputPump({
    channel,
    clock,
    pace,
    fill: (target) => {
      const length = Math.min(state.left, target.length);
      state.left -= length;
      if (length > 0) state.sizes.push(length);
      return length;
    },
  });
  /** The client's acknowledgements. */
  const answer = () => {
    for (let event = client.pollEvent(); event; event = client.pollEvent()) {
      if (event.type === "payload") {
        client.consumed(event.payload.length, clock.now());
      }
    }
    const frames: Uint8Array[] = [];
    for (
      let frame = client.pollTransmit(clock.now());
      frame;
      frame = client.pollTransmit(clock.now())
    ) frames.push(frame);
    channel.receive(frames);
  };
  return { clock, channel, pump, state, answer };
}

Deno.test("pump: without pauses all there is goes out in one go", async () => {
  const { channel, pump, state, clock } = setUp(fastPace);
  await settle();
  state.left = 100_000;
  pump.kick();
  assert.equal(state.left, 0);
  assert.equal(state.sizes.length, 98);
  assert.ok(state.sizes.slice(0, -1).every((size) => size === 1024));
  pump.close();
  channel.end();
  assert.equal(clock.pending, 0);
});

Deno.test("pump: a full window stops it, an acknowledgement sets it going", async () => {
  const { channel, pump, state, answer } = setUp(fastPace);
  await settle();
  state.left = 3_000_000;
  pump.kick();
  const first = state.sizes.length;
  assert.ok(state.left > 1_500_000 && state.left < 2_500_000, `${state.left}`);
  pump.kick();
  await settle();
  assert.equal(state.sizes.length, first);
  answer();
  await settle();
  assert.ok(state.sizes.length > first);
  while (state.left > 0) {
    answer();
    await settle();
  }
  pump.close();
  channel.end();
});

Deno.test("pump: with pauses one goes out, then the next a millisecond later", async () => {
  const { channel, pump, state, clock, answer } = setUp(realPace);
  await settle();
  state.left = 1024 * 100;
  pump.kick();
  // What a long silence has earned.
  const burst = state.sizes.length;
  assert.ok(burst <= 6, `${burst}`);
  for (let i = 1; i <= 50; i++) {
    await clock.advance(1);
    answer();
    assert.equal(state.sizes.length, burst + i);
  }
  pump.close();
  await clock.advance(10);
  assert.equal(state.sizes.length, burst + 50);
  channel.end();
  assert.equal(clock.pending, 0);
});
