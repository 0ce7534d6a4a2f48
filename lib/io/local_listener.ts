/**
 * Places on this machine that local programs connect to: TCP ports and Unix sockets.
 *
 * @module
 */

import type {
  LocalAddress,
  LocalConnection,
  LocalListener,
} from "../session/transport.ts";
import { PortInUseError, tcpListenError } from "./listen_error.ts";
import { listenUnix } from "./unix_listener.ts";
import { ListeningPlace } from "./listening_place.ts";

export { ListenError, PortInUseError } from "./listen_error.ts";

/** How often a port is drawn that has to be free at several addresses at once. */
const draws = 20;

/**
 * Listens on one place.
 * @param address The place; port 0 is any that is free.
 * @throws PortInUseError, ListenError
 */
export async function listenLocal(
  address: LocalAddress,
): Promise<LocalListener> {
  return address.kind === "unix"
    ? await listenUnix(address.path)
    : listenOn(address.hostname, address.port);
}

/**
 * Listens on one port at several addresses.
 * @param hosts Numeric addresses; each must work.
 * @param optionalHosts Numeric addresses that are left out where they are not there, or where the
 * port is in use.
 * @param port The port; 0 is one that is free at all of them.
 * @returns At least as many as there are `hosts`, in order, all with the same port.
 * @throws PortInUseError, ListenError
 */
export function listenTcp(
  hosts: readonly string[],
  optionalHosts: readonly string[],
  port: number,
): LocalListener[] {
  for (let left = port === 0 ? draws : 1;; left--) {
    try {
      // The last draw does without the optional ones rather than fail.
      return listenOnAll(hosts, optionalHosts, port, left > 1);
    } catch (error) {
      if (left > 1 && error instanceof PortInUseError) continue;
      throw error;
    }
  }
}

function listenOnAll(
  hosts: readonly string[],
  optionalHosts: readonly string[],
  port: number,
  every: boolean,
): LocalListener[] {
  const listeners: LocalListener[] = [];
  let common = port;
  try {
    for (const host of [...hosts, ...optionalHosts]) {
      try {
        const listener = listenOn(host, common);
        listeners.push(listener);
        common = portOf(listener);
      } catch (error) {
        const optional = listeners.length >= hosts.length;
        if (!optional || (every && error instanceof PortInUseError)) {
          throw error;
        }
      }
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

function portOf({ address }: LocalListener): number {
  return address.kind === "tcp" ? address.port : 0;
}

function listenOn(hostname: string, port: number): LocalListener {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname, port });
  } catch (error) {
    throw tcpListenError(hostname, port, error);
  }
  return new ListeningPlace(
    { kind: "tcp", hostname, port: listener.addr.port },
    listener,
    withoutDelay,
  );
}

/** What is typed or asked in few bytes goes out at once. */
function withoutDelay(conn: Deno.TcpConn): LocalConnection {
  conn.setNoDelay(true);
  return conn;
}
