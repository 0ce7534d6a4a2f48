/**
 * The agent's word to the service about its session; no client sees it (data-channel.md §3).
 *
 * @module
 */

import { decodeJsonObject, encodeJson, textMember } from "./json.ts";

/** What an agent reports. */
export interface AgentSessionState {
  readonly state: "Connected" | "Terminating" | string;
  readonly sessionId: string;
}

/** The JSON in the agent's order of keys. */
export function encodeSessionState(state: AgentSessionState): Uint8Array {
  return encodeJson({
    SchemaVersion: 1,
    SessionState: state.state,
    SessionId: state.sessionId,
  });
}

/**
 * Reads it.
 *
 * @throws {PayloadError} If it is not a JSON object, or a member is no text.
 */
export function decodeSessionState(payload: Uint8Array): AgentSessionState {
  const object = decodeJsonObject(payload, "agent_session_state");
  return {
    state: textMember(object, "SessionState", "agent_session_state"),
    sessionId: textMember(object, "SessionId", "agent_session_state"),
  };
}
