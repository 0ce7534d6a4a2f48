/**
 * Versions of agents and clients, and what they switch (handshake.md §6).
 *
 * @module
 */

/**
 * The ClientVersion that we send everywhere. Agents compare it with their gates, and the service
 * may with its own: four numeric parts, not below 1.2.764.0 (handshake.md §6.2). The number is the
 * newest official client whose wire behaviour is the one that we speak.
 */
export const clientVersion = "1.2.896.0";

/** Agents above this take Flag 2 instead of the TerminateSession call (handshake.md §6.1). */
export const terminateFlagAfter = "2.3.722.0";
/** Agents above this multiplex port sessions. */
export const multiplexingAfter = "3.0.196.0";
/** Agents above this want no smux keepalive. */
export const keepAliveDisabledAfter = "3.1.1511.0";

/** Agents above this connect to other hosts; older ones ignore the host (A release notes, 3.1.1188.0). */
export const remoteHostsAfter = "3.1.1187.0";

/** Agents above this can keep a command's outputs apart and send its exit code (A release notes, 3.1.1511.0). */
export const exitCodesAfter = "3.1.1510.0";

/** Clients from this on get the multiplexed port session (handshake.md §6.2). */
export const multiplexingFromClient = "1.1.70";
/** Agents keep smux alive for clients up to this. */
export const keepAliveUpToClient = "1.2.331.0";
/** Clients up to this are told that they cannot keep stdout and stderr apart. */
export const noOutputSeparationUpToClient = "1.2.295";

/**
 * The client's rule for an agent's version: strictly greater, with the same number of parts, and
 * integers as far as the comparison has to look; anything else counts as "not supported"
 * (handshake.md §6.1).
 */
export function agentIsAfter(agentVersion: string, gate: string): boolean {
  const agent = agentVersion.split("."), limit = gate.split(".");
  if (agent.length !== limit.length) return false;
  for (const [i, part] of agent.entries()) {
    if (!/^[+-]?\d+$/.test(part)) return false;
    const difference = Number(part) - Number(limit[i]);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * The agent's rule for a client's version: part by part, numbers as numbers, otherwise as text;
 * where all are equal, more parts is greater (handshake.md §6.2).
 *
 * @returns Below, at or above 0, as `a` is below, equal to or above `b`.
 */
export function compareAsAgent(a: string, b: string): number {
  const left = a.split("."), right = b.split(".");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareParts(a: string, b: string): number {
  if (/^[+-]?\d+$/.test(a) && /^[+-]?\d+$/.test(b)) {
    return Number(a) - Number(b);
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
