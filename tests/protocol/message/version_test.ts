import assert from "node:assert/strict";
import {
  agentIsAfter,
  clientVersion,
  compareAsAgent,
  keepAliveDisabledAfter,
  keepAliveUpToClient,
  multiplexingAfter,
  multiplexingFromClient,
  noOutputSeparationUpToClient,
  terminateFlagAfter,
} from "../../../lib/protocol/message/version.ts";
import { vectorsOf } from "../../testkit/vectors.ts";

Deno.test("version-gates-client.json: what an agent's version switches", async (t) => {
  interface Gate {
    readonly AgentVersion: string;
    readonly Mux: boolean;
    readonly KeepAliveDisabled: boolean;
    readonly TerminateFlag: boolean;
  }
  for (
    const gate of await vectorsOf<Gate>("version-gates-client.json", "cases")
  ) {
    const { AgentVersion: version } = gate;
    await t.step(`agent "${version}"`, () => {
      assert.deepEqual({
        AgentVersion: version,
        Mux: agentIsAfter(version, multiplexingAfter),
        KeepAliveDisabled: agentIsAfter(version, keepAliveDisabledAfter),
        TerminateFlag: agentIsAfter(version, terminateFlagAfter),
      }, gate);
    });
  }
});

Deno.test("version-gates-agent.json: what a client's version switches", async (t) => {
  interface Gate {
    readonly ClientVersion: string;
    readonly Mux: boolean;
    readonly SmuxKeepAliveDisabled: boolean;
    readonly OldForSeparateOutputCustomMessage: boolean;
  }
  for (
    const gate of await vectorsOf<Gate>("version-gates-agent.json", "cases")
  ) {
    const { ClientVersion: version } = gate;
    await t.step(`client "${version}"`, () => {
      assert.deepEqual({
        ClientVersion: version,
        Mux: compareAsAgent(version, multiplexingFromClient) >= 0,
        SmuxKeepAliveDisabled: compareAsAgent(version, keepAliveUpToClient) > 0,
        OldForSeparateOutputCustomMessage:
          compareAsAgent(version, noOutputSeparationUpToClient) <= 0,
      }, gate);
    });
  }
});

Deno.test("our version: four numeric parts, above every gate of the agent", () => {
  assert.match(clientVersion, /^\d+\.\d+\.\d+\.\d+$/);
  assert(compareAsAgent(clientVersion, "1.2.764.0") >= 0);
  assert(compareAsAgent(clientVersion, multiplexingFromClient) >= 0);
  assert(compareAsAgent(clientVersion, keepAliveUpToClient) > 0);
  assert(compareAsAgent(clientVersion, noOutputSeparationUpToClient) > 0);
  assert.equal(compareAsAgent(clientVersion, clientVersion), 0);
});

Deno.test("agent's comparison: numbers as numbers, text as text, more parts are greater", () => {
  assert(compareAsAgent("1.10", "1.9") > 0);
  assert(compareAsAgent("1.2", "1.2.0") < 0);
  assert(compareAsAgent("1.b", "1.a") > 0);
  assert(compareAsAgent("1.a", "1.b") < 0);
  assert.equal(compareAsAgent("1.a", "1.a"), 0);
});
