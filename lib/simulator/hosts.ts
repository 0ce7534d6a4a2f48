/**
 * The names that simulated nodes know: a network of this machine's loopback addresses.
 *
 * @module
 */

/** Names in lower case → a loopback address, or {@linkcode blackhole}. */
export type Hosts = Readonly<Record<string, string>>;

/** The address of a host that drops whatever comes. */
export const blackhole = "blackhole";

/** A host that would lead off this machine. */
export class HostError extends Error {
  override name = "HostError";
}

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
 * @throws {HostError} Naming the host.
 */
export function checkHosts(hosts: Hosts): void {
  for (const [name, address] of Object.entries(hosts)) {
    if (name === "" || name !== name.toLowerCase()) {
      throw new HostError(
        `Cannot use host '${name}': it must be a name in lower case`,
      );
    }
    if (address !== blackhole && !isLoopback(address)) {
      throw new HostError(
        `Cannot use host '${name}': its address must be a loopback address, ` +
          `as 127.0.0.1, or ${blackhole}, not ${address}`,
      );
    }
  }
}

/**
 * Reads a host from what a user writes on a command line: `db.internal=127.0.0.1`, `db=::1`,
 * `db=blackhole`.
 *
 * @returns Name and address; `undefined` for anything else.
 */
export function parseHost(text: string): readonly [string, string] | undefined {
  const mark = text.lastIndexOf("=");
  const name = text.slice(0, Math.max(0, mark)).toLowerCase();
  const address = text.slice(mark + 1);
  if (name === "" || address !== blackhole && !isLoopback(address)) {
    return undefined;
  }
  return [name, address];
}
