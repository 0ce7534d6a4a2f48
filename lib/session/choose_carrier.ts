/**
 * What carries the connections of a port session, by the document's properties and the agent's
 * version (sessions.md §4).
 *
 * @module
 */

import type { StartedEvent } from "../protocol/channel/events.ts";
import {
  agentIsAfter,
  keepAliveDisabledAfter,
  multiplexingAfter,
  remoteHostsAfter,
} from "../protocol/message/version.ts";
import { BasicPort } from "./basic_port.ts";
import type { Carrier, CarrierHost } from "./carrier.ts";
import { MuxPort } from "./mux_port.ts";
import { StdioPort } from "./stdio_port.ts";
import type { LocalConnection } from "./transport.ts";

/** `type` of the documents whose client listens (sessions.md §4). */
const localPortForwarding = "LocalPortForwarding";

/** What the session is for. */
export interface CarrierRequest {
  /** True where the destination is another host than the node. */
  readonly remoteHost: boolean;
  /** The one connection of a session without a listener. */
  readonly standardStreams?: LocalConnection;
}

/** A carrier, and when its session has begun. */
export interface ChosenCarrier {
  readonly carrier: Carrier;
  /**
   * - `probe`: sends a message whose acknowledgement shows that the agent is ready;
   * - `silence`: no end for a while has to do;
   * - `at once`: whoever is connected learns by himself what becomes of it.
   */
  readonly ready:
    | { readonly by: "probe"; readonly probe: () => void }
    | { readonly by: "silence" }
    | { readonly by: "at once" };
}

/**
 * Chooses a session's carrier.
 *
 * @param event What the handshake settled.
 * @param request What the session is for.
 * @param host The session.
 * @returns The carrier, or a sentence that says why there is none.
 */
export function chooseCarrier(
  { sessionType, agentVersion = "", properties }: StartedEvent,
  { remoteHost, standardStreams }: CarrierRequest,
  host: CarrierHost,
): ChosenCarrier | string {
  if (sessionType !== "Port" || properties === null) {
    return "The document starts another session than one for ports";
  }
  if (standardStreams !== undefined) {
    return properties.type === localPortForwarding
      ? "The document is one for forwards, whose type is LocalPortForwarding; " +
        "one for standard input and output has none, as AWS-StartSSHSession"
      : {
        carrier: new StdioPort(host, standardStreams),
        ready: { by: "at once" },
      };
  }
  // An older agent ignores the host, and would lead to a port of its own without a word.
  if (remoteHost && !agentIsAfter(agentVersion, remoteHostsAfter)) {
    return `Agent ${agentVersion} cannot forward to other hosts: 3.1.1374.0 or later does`;
  }
  if (!agentIsAfter(agentVersion, multiplexingAfter)) {
    return { carrier: new BasicPort(host), ready: { by: "silence" } };
  }
  const mux = new MuxPort(
    host,
    !agentIsAfter(agentVersion, keepAliveDisabledAfter),
  );
  return { carrier: mux, ready: { by: "probe", probe: () => mux.probe() } };
}
