/**
 * What an agent has to be at least for what people do with it.
 *
 * @module
 */

import {
  agentIsAfter,
  exitCodesAfter,
  multiplexingAfter,
  remoteHostsAfter,
} from "../protocol/message/version.ts";

/** Something that agents can do from some version on. */
export interface AgentFeature {
  /** What it is, as the end of "too old for …". */
  readonly what: string;
  /** The first version that has it, as far as that is documented; else those above `after` have. */
  readonly since?: string;
  /** Agents above this have it. */
  readonly after?: string;
  /** True for what nothing works without. */
  readonly essential?: boolean;
}

/**
 * Features, the oldest first. Versions are those of AWS's user guide where no gate of the protocol
 * is named (handshake.md §6.1).
 */
export const agentFeatures: readonly AgentFeature[] = [
  { what: "sessions", since: "2.3.68.0", essential: true },
  { what: "sessions that KMS encrypts", since: "2.3.539.0" },
  { what: "forwarded ports and SSH", since: "2.3.672.0" },
  {
    what: "many connections in one session",
    after: multiplexingAfter,
  },
  { what: "logs streamed to CloudWatch", since: "3.0.284.0" },
  {
    what: "hosts behind the node",
    since: "3.1.1374.0",
    after: remoteHostsAfter,
  },
  {
    what: "exit codes and outputs kept apart",
    since: "3.1.1511.0",
    after: exitCodesAfter,
  },
];

/**
 * What an agent cannot do.
 * @param version Its version.
 * @returns `undefined` for a version that cannot be compared.
 */
export function missingFeatures(
  version: string,
): readonly AgentFeature[] | undefined {
  // Every agent has four numbers, and one that has not cannot be told from an old one.
  if (!/^\d+(\.\d+){3}$/.test(version)) return undefined;
  return agentFeatures.filter(({ since = "", after }) =>
    after === undefined
      ? version !== since && !agentIsAfter(version, since)
      : !agentIsAfter(version, after)
  );
}

/**
 * Which versions have a feature, as a phrase.
 * @param feature The feature.
 */
export function neededVersion({ since, after = "" }: AgentFeature): string {
  return since === undefined ? `later than ${after}` : `${since} or later`;
}
