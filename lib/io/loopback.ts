/**
 * Which host names mean this machine.
 *
 * @module
 */

/**
 * Whether a host is this machine by its mere name: `localhost`, 127.0.0.0/8 or `::1`. A name that
 * only resolves to such an address is not.
 *
 * @param hostname As `URL.hostname` has it, an IPv6 address with or without brackets.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" ||
    hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
