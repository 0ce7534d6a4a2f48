/**
 * How long the path of a Unix socket may be.
 *
 * @module
 */

/**
 * The system's limit in bytes: what `sockaddr_un` holds, less the zero at its end. A longer path
 * may be made by a detour, and then nobody can connect to it.
 * @param os The system.
 */
export function longestSocketPath(
  os: typeof Deno.build.os = Deno.build.os,
): number {
  return os === "linux" || os === "android" ? 107 : 103;
}

/**
 * The length of a path as the system counts it.
 * @param path The path.
 * @returns Bytes.
 */
export function socketPathLength(path: string): number {
  return new TextEncoder().encode(path).length;
}
