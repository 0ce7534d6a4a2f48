/**
 * What a fleet's engines tell, for whoever shows it: lines with the node's name in front, or JSON.
 *
 * @module
 */

import type { NodeOutcome, NodeResult, Tally } from "./outcome.ts";
import type { FleetNode, OutputStream } from "./run_on_node.ts";

/** Takes what happens on the nodes. */
export interface FleetReport {
  /** The command began on a node, or is about to. */
  started(node: FleetNode): void;
  /**
   * A node wrote something.
   * @param bytes Valid during the call only.
   * @returns A promise while too much is not written yet.
   */
  output(
    node: FleetNode,
    bytes: Uint8Array,
    stream: OutputStream,
  ): void | Promise<void>;
  /** Something is to be said of a node, for people. */
  said(node: FleetNode, sentence: string): void;
  /** A node's output is not all there; the sentence says why. */
  cut(node: FleetNode, message: string): void;
  /** The command is over on a node. */
  ended(result: NodeResult): void;
  /** All is over. */
  summary(tally: Tally, exitCode: number): void;
}

/**
 * What stands in front of a node's lines.
 * @param node The node.
 */
export function nodeTitle({ id, name, title }: FleetNode): string {
  return title ?? name ?? id;
}

/**
 * An outcome's exit code as text.
 * @param outcome The outcome.
 */
export function codeText({ code }: NodeOutcome): string {
  return code === undefined ? "-" : String(code);
}
