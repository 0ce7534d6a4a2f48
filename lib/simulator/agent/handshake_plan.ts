/**
 * What an agent asks of its client before a session (handshake.md §1 and §3).
 *
 * @module
 */

import type { HandshakePlan } from "../../protocol/channel/handshake_request_flow.ts";
import { documentProperties } from "../api/documents.ts";
import type { AgentOptions } from "./agent_options.ts";
import type { SessionPlugin } from "./session_plugin.ts";

/**
 * The agent's requests; `undefined` where the session has no handshake.
 *
 * @param plugin What runs the session.
 * @param challenge Of the encryption context, base64 of 16 bytes.
 */
export function planHandshake(
  options: AgentOptions,
  plugin: SessionPlugin,
  challenge: string,
): HandshakePlan | undefined {
  const { kmsKeyId, agentVersion, documentName, parameters } = options;
  const encrypted = kmsKeyId !== undefined && plugin.encryption;
  if (!encrypted && !plugin.requireHandshake) return undefined;
  const actions: HandshakePlan["actions"][number][] = [{
    actionType: "SessionType",
    parameters: {
      SessionType: plugin.sessionType,
      Properties: documentProperties(documentName, parameters),
    },
  }];
  if (encrypted) {
    actions.push({
      actionType: "KMSEncryption",
      parameters: { KMSKeyId: kmsKeyId, Challenge: challenge },
    });
  }
  return {
    agentVersion,
    actions,
    separateOutput: options.separateOutput &&
      plugin.sessionType === "NonInteractiveCommands",
  };
}
