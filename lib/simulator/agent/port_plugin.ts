/**
 * Port sessions, as the agent's `port.go` runs them (sessions.md §4): which of the two kinds it is,
 * and where it leads.
 *
 * @module
 */

import {
  agentIsAfter,
  compareAsAgent,
  multiplexingAfter,
  multiplexingFromClient,
} from "../../protocol/message/version.ts";
import { BasicPort } from "./basic_port.ts";
import { MuxPort } from "./mux_port.ts";
import { PortDestination } from "./port_destination.ts";
import {
  type PluginContext,
  type PluginEnd,
  SessionFailure,
  type SessionPlugin,
} from "./session_plugin.ts";

/** `type` of the documents whose client listens. */
export const localPortForwarding = "LocalPortForwarding";

/** Everything with a port. Its end is told by nobody but the service (pitfalls.md §2.22). */
export const portPlugin: SessionPlugin = {
  sessionType: "Port",
  requireHandshake: true,
  encryption: false,
  reportsEnd: false,
  run: runPort,
};

/** Both versions decide: the agent has to know smux, and what the client speaks (sessions.md §4). */
export function isMultiplexed(
  properties: Readonly<Record<string, string>>,
  agentVersion: string,
  clientVersion: string,
): boolean {
  return properties.type === localPortForwarding &&
    agentIsAfter(agentVersion, multiplexingAfter) &&
    compareAsAgent(clientVersion, multiplexingFromClient) >= 0;
}

async function runPort(context: PluginContext): Promise<PluginEnd> {
  const { properties, agentVersion, clientVersion } = context;
  if ((properties.portNumber ?? "") === "") {
    throw new SessionFailure("Port number is empty in session properties.");
  }
  const destination = PortDestination.find(context);
  if (isMultiplexed(properties, agentVersion, clientVersion)) {
    return await new MuxPort(context, destination).run();
  }
  const redials = properties.type === localPortForwarding;
  return await new BasicPort(context, destination, redials).run();
}
