import assert from "node:assert/strict";
import {
  decodeSessionState,
  encodeSessionState,
} from "../../../lib/protocol/message/session_state.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";
import { vectorsOf } from "../../testkit/vectors.ts";

Deno.test("agent_session_state: the text of agent-transcripts.json", async () => {
  interface Case {
    readonly steps: readonly { messageType?: string; payload: string }[];
  }
  let seen = 0;
  for (
    const { steps } of await vectorsOf<Case>("agent-transcripts.json", "cases")
  ) {
    for (const step of steps) {
      if (step.messageType !== "agent_session_state") continue;
      seen++;
      const payload = new TextEncoder().encode(step.payload);
      const state = decodeSessionState(payload);
      assert.deepEqual(state, {
        state: "Connected",
        sessionId: "user-0123456789abcdef0",
      });
      assert.deepEqual(encodeSessionState(state), payload);
    }
  }
  assert(seen > 0);
});

Deno.test("agent_session_state: wrong shapes are refused", () => {
  for (const text of ["", "[]", '{"SessionState":1}', '{"SessionId":[]}']) {
    assert.throws(
      () => decodeSessionState(new TextEncoder().encode(text)),
      PayloadError,
      text,
    );
  }
});
