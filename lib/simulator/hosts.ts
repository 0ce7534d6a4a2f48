/**
 * The names that simulated nodes know: a network of this machine's loopback addresses.
 *
 * @module
 */

import { FleetError } from "./fleet.ts";

/** Names in lower case → a loopback address, or {@linkcode blackhole}. */
export type Hosts = Readonly<Record<string, string>>;

/** The address of a host that drops whatever comes. */
export const blackhole = "blackhole";

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  if (address === "::1") return true;
  const parts = address.split(".");
  return parts.length === 4 && parts[0] === "127" &&
    parts.every((part) =>
      /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256
    );
}

/**
 * Refuses hosts that would lead off this machine.
 *
 * @throws {FleetError} Naming the host.
 */
export function checkHosts(hosts: Hosts): void {
  for (const [name, address] of Object.entries(hosts)) {
    if (name === "" || name !== name.toLowerCase()) {
      throw new FleetError(
        `Cannot use host '${name}': it must be a name in lower case`,
      );
    }
    if (address !== blackhole && !isLoopback(address)) {
      throw new FleetError(
        `Cannot use address '${address}' of host '${name}': it must be a loopback address, ` +
          `as 127.0.0.1, or ${blackhole}`,
      );
    }
  }
}

/**
 * Reads descriptions of hosts, one text per host: `db.internal=127.0.0.1`, `::1` or `blackhole`.
 *
 * @throws {FleetError} For a description that cannot be read, an address that is not loopback, and
 *   a name given twice.
 */
export function parseHosts(descriptions: readonly string[]): Hosts {
  const found = new Map<string, string>();
  for (const text of descriptions) {
    const mark = text.lastIndexOf("=");
    const name = text.slice(0, Math.max(0, mark)).toLowerCase();
    if (name === "") {
      throw new FleetError(
        `Cannot read host '${text}': write name=address, as db.internal=127.0.0.1`,
      );
    }
    if (found.has(name)) {
      throw new FleetError(`Cannot use host '${name}' twice`);
    }
    found.set(name, text.slice(mark + 1));
  }
  const hosts = Object.fromEntries(found);
  checkHosts(hosts);
  return hosts;
}
