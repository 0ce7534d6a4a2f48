/**
 * A forward as `--json` shows it.
 *
 * @module
 */

import { formatAddress } from "../../lib/io/listen_error.ts";
import type { Forward } from "../../lib/session/forward.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import type { ForwardSpec } from "./spec.ts";

/** What is shown of a forward. */
export interface DescribedForward {
  readonly spec: ForwardSpec;
  /** The destination, as the user calls it: `web-server:80`. */
  readonly destination: string;
  readonly listeners: readonly LocalListener[];
  readonly forward: Pick<Forward, "sessionIds">;
}

/**
 * The object for a forward; docs/forwarding.md shows it.
 * @param described A forward that is ready.
 */
export function describeForward(
  { spec, listeners, forward, destination }: DescribedForward,
): Readonly<Record<string, unknown>> {
  const { address } = listeners[0]!;
  return {
    destination,
    remoteHost: spec.remoteHost ?? null,
    remotePort: spec.remotePort,
    ...(address.kind === "unix"
      ? { localSocket: address.path }
      : { localAddress: address.hostname, localPort: address.port }),
    addresses: listeners.map((each) => formatAddress(each.address)),
    sessionIds: forward.sessionIds,
    pid: Deno.pid,
  };
}
