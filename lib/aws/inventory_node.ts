/**
 * A node as Session Manager and EC2 together know it, and whether sessions reach it.
 *
 * @module
 */

import { judge, shortReason, type VerdictFacts } from "./diagnose.ts";
import type { Ec2Instance } from "./ec2.ts";
import { present } from "./present.ts";
import type { NodeInformation } from "./ssm.ts";

/**
 * Whether a session could be started: `reachable` where the agent is online, `unknown` where
 * Session Manager has not said yet, or may not be asked.
 */
export type Reach = "reachable" | "unreachable" | "unknown";

/** What is known of a node; absent members are not known, or not there. */
export interface InventoryNode {
  /** `i-…` or `mi-…`. */
  readonly id: string;
  /** The Name tag; of an `mi-` node the name of its activation. */
  readonly name?: string;
  /** Those that EC2 tells; Session Manager tells none. */
  readonly tags: Readonly<Record<string, string>>;
  readonly computerName?: string;
  /** The private IP address. */
  readonly address?: string;
  readonly publicAddress?: string;
  readonly privateDnsName?: string;
  readonly publicDnsName?: string;
  /** EC2's word: running, stopped, … */
  readonly state?: string;
  /** Session Manager's word: Online, ConnectionLost, Inactive. */
  readonly ping?: string;
  readonly lastPing?: Date;
  /** `Linux`, `Windows`, `MacOS`. */
  readonly platform?: string;
  readonly platformName?: string;
  readonly platformVersion?: string;
  readonly agentVersion?: string;
  readonly launchTime?: Date;
  /** ARN of the instance profile. */
  readonly instanceProfile?: string;
  readonly reach: Reach;
  /** Why sessions do not reach it, in a few words; absent where they may. */
  readonly reason?: string;
}

/** What the two services said of one node so far. */
export interface NodeSightings {
  readonly id: string;
  readonly information: NodeInformation | undefined;
  readonly instance: Ec2Instance | undefined;
}

/** Whose lists have been heard to their ends, so that a node that is not in one is not there. */
export interface Heard {
  readonly sessionManager: boolean;
  readonly ec2: boolean;
}

/**
 * What the sightings make of a node.
 * @param sightings At least one of the two.
 * @param heard Whose lists are complete.
 */
export function inventoryNode(
  { id, information, instance }: NodeSightings,
  heard: Heard,
): InventoryNode {
  const facts: VerdictFacts = {
    registered: information !== undefined
      ? true
      : heard.sessionManager
      ? false
      : undefined,
    ping: information?.ping,
    lastPing: information?.lastPing,
    ec2State: instance?.state ??
      (heard.ec2 && id.startsWith("i-") ? "absent" : undefined),
    instanceProfile: instance && instance.instanceProfile !== undefined,
  };
  const verdict = judge(facts);
  const reason = shortReason(verdict, facts);
  const node = {
    id,
    name: instance?.name ?? information?.name,
    tags: instance?.tags ?? {},
    computerName: information?.computerName,
    address: instance?.address ?? information?.address,
    publicAddress: instance?.publicAddress,
    privateDnsName: instance?.privateDnsName,
    publicDnsName: instance?.publicDnsName,
    state: instance?.state,
    ping: information?.ping,
    lastPing: information?.lastPing,
    platform: information?.platform ??
      (instance?.platform === "windows" ? "Windows" : undefined),
    platformName: information?.platformName,
    platformVersion: information?.platformVersion,
    agentVersion: information?.agentVersion,
    launchTime: instance?.launchTime,
    instanceProfile: instance?.instanceProfile,
    reach: verdict === "online"
      ? "reachable"
      : reason === undefined
      ? "unknown"
      : "unreachable",
    reason,
  } as const;
  return present(node);
}
