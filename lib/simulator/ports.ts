/**
 * The ports that simulated nodes have under another number on this machine: port 22 is mostly taken
 * by its own sshd, or not ours to listen on.
 *
 * @module
 */

/** A node's port → the port of this machine that it leads to. */
export type Ports = ReadonlyMap<number, number>;

/**
 * Reads one from what a user writes on a command line: `22=2222`.
 *
 * @returns The node's port and this machine's; `undefined` for anything else.
 */
export function parsePort(
  text: string,
): readonly [number, number] | undefined {
  const [, from, to] = /^([1-9]\d{0,4})=([1-9]\d{0,4})$/.exec(text) ?? [];
  const pair = [Number(from), Number(to)] as const;
  return pair.every((port) => port <= 65_535) ? pair : undefined;
}
