import assert from "node:assert/strict";
import { ChannelState } from "../../../lib/protocol/channel/channel_state.ts";
import type {
  ChannelEvent,
  StartedEvent,
} from "../../../lib/protocol/channel/events.ts";

const started: StartedEvent = {
  type: "started",
  sessionType: "Standard_Stream",
  properties: null,
  agentVersion: undefined,
  customerMessage: "",
  encrypted: false,
  handshake: false,
};

Deno.test("channel state: events in their order, each once", () => {
  const state = new ChannelState(() => {});
  assert.equal(state.poll(), undefined);
  for (let flag = 0; flag < 3; flag++) state.emit({ type: "flag", flag });
  assert.deepEqual(state.poll(), { type: "flag", flag: 0 });
  state.emit({ type: "flag", flag: 3 });
  const rest: (ChannelEvent | undefined)[] = [];
  for (let i = 0; i < 4; i++) rest.push(state.poll());
  assert.deepEqual(rest, [
    ...[1, 2, 3].map((flag) => ({ type: "flag", flag })),
    undefined,
  ]);
  state.emit({ type: "paused" });
  assert.deepEqual(state.poll(), { type: "paused" });
});

Deno.test("channel state: the beginning is known at once", () => {
  let calls = 0;
  const state = new ChannelState(() => calls++);
  assert.equal(state.started, false);
  state.emit(started);
  assert.equal(state.started, true);
  assert.equal(calls, 1);
});

Deno.test("channel state: nothing comes after the end, what came before stays", () => {
  for (const end of ["closed", "failed"] as const) {
    const state = new ChannelState(() => assert.fail("started after the end"));
    state.emit({ type: "flag", flag: 1 });
    if (end === "failed") state.fail("handshake", "why");
    else state.emit({ type: "closed", sessionId: "s", output: "" });
    assert.equal(state.over, true);
    state.emit(started);
    state.emit({ type: "flag", flag: 2 });
    state.fail("encryption", "again");
    assert.equal(state.started, false);
    assert.equal(state.poll()?.type, "flag");
    assert.deepEqual(
      state.poll(),
      end === "failed"
        ? { type: "failed", reason: "handshake", message: "why" }
        : { type: "closed", sessionId: "s", output: "" },
    );
    assert.equal(state.poll(), undefined);
  }
});
