/**
 * What sessions can be started on: nodes and containers whose agent is connected.
 *
 * @module
 */

import type { SimulatedNode } from "./options.ts";
import type { SessionNode } from "./registry.ts";
import {
  agentConnected,
  containerAgentVersion,
  containerTarget,
  type SimulatedContainer,
  type SimulatedTask,
} from "./tasks.ts";

/** All targets of one run, by what StartSession calls them. */
export class SessionTargets {
  readonly #connected = new Map<string, SessionNode>();

  /**
   * @param nodes Every node.
   * @param tasks Every ECS task.
   */
  constructor(
    nodes: readonly SimulatedNode[],
    tasks: readonly SimulatedTask[],
  ) {
    for (const node of nodes) {
      if (connected(node)) this.#connected.set(node.id, node);
    }
    for (const task of tasks) {
      for (const container of task.containers) {
        if (!agentConnected(task, container)) continue;
        const node = containerNode(task, container);
        this.#connected.set(node.id, node);
      }
    }
  }

  /**
   * The target of that name, if its agent has its control channel open.
   *
   * @param target `i-…`, `mi-…` or `ecs:…`.
   */
  find(target: string): SessionNode | undefined {
    return this.#connected.get(target);
  }
}

/**
 * A container as a session sees it.
 *
 * @param task Its task.
 * @param container The container.
 */
export function containerNode(
  task: SimulatedTask,
  container: SimulatedContainer,
): SessionNode {
  return {
    id: containerTarget(task, container),
    agentVersion: containerAgentVersion,
    container: true,
  };
}

/** Whether the node's agent has its control channel open. */
function connected(node: SimulatedNode): boolean {
  return node.registered && node.ping === "Online" &&
    (node.ec2State ?? "running") === "running";
}
