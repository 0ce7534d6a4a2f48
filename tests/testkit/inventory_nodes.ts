/**
 * Nodes as an inventory tells them, for tests of the list and the choice.
 *
 * @module
 */

import type { InventoryNode, InventoryUpdate } from "../../lib/aws/mod.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";

/**
 * A node that can be reached.
 * @param letter Its id is made of it: a hex digit.
 * @param more What is different.
 */
export function inventoryNodeOf(
  letter: string,
  more: Partial<InventoryNode> = {},
): InventoryNode {
  return {
    id: `i-${letter.repeat(17)}`,
    tags: {},
    state: "running",
    ping: "Online",
    platform: "Linux",
    agentVersion: "3.3.987.0",
    reach: "reachable",
    ...more,
  };
}

/** Nodes that come in one update. */
export function updateOf(...nodes: readonly InventoryNode[]): InventoryUpdate {
  return { kind: "nodes", nodes };
}

/** A service that may not be asked. */
export function problemOf(source: "session-manager" | "ec2"): InventoryUpdate {
  return {
    kind: "problem",
    source,
    error: new AwsCallError({
      action: source === "ec2"
        ? "ec2:DescribeInstances"
        : "ssm:DescribeInstanceInformation",
      code: "AccessDenied",
      kind: "access-denied",
      reason: "not authorised",
    }),
  };
}
