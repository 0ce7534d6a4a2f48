/**
 * Tasks and containers to choose from, and in which order.
 *
 * @module
 */

import type { EcsSpec } from "./ecs_spec.ts";
import type { EcsCandidate } from "./ecs_target_errors.ts";
import {
  type EcsContainer,
  type EcsTask,
  lastPart,
  serviceOf,
} from "./ecs_task.ts";

/**
 * A task to choose.
 *
 * @param spec What was asked for; a container in it stays.
 * @param task The task.
 */
export function taskCandidate(spec: EcsSpec, task: EcsTask): EcsCandidate {
  const id = lastPart(task.taskArn);
  const { containers } = task;
  const named = containers.filter(({ name }) => name === spec.container);
  return {
    id,
    spec: { ...spec, service: serviceOf(task), task: id },
    service: serviceOf(task),
    state: task.lastStatus,
    exec: execState(task, named.length > 0 ? named : containers),
    startedAt: task.startedAt,
  };
}

/**
 * A container to choose.
 *
 * @param place Its task.
 * @param task The same, as ECS tells it.
 * @param container The container.
 */
export function containerCandidate(
  place: Omit<EcsSpec, "container">,
  task: EcsTask,
  container: EcsContainer,
): EcsCandidate {
  return {
    id: container.name,
    spec: { ...place, container: container.name },
    service: undefined,
    state: container.lastStatus ?? "unknown",
    exec: execState(task, [container]),
    startedAt: undefined,
  };
}

/**
 * Sorts candidates: those that take commands first, then the youngest.
 *
 * @param a One.
 * @param b Another.
 */
export function inOrder(a: EcsCandidate, b: EcsCandidate): number {
  const rank = ({ state, exec }: EcsCandidate) =>
    (state === "RUNNING" ? 0 : 2) + (exec === "agent RUNNING" ? 0 : 1);
  const age = ({ startedAt }: EcsCandidate) => -(startedAt?.getTime() ?? 0);
  return rank(a) - rank(b) || age(a) - age(b) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Whether commands would be taken, in a word or two. */
function execState(
  task: EcsTask,
  containers: readonly EcsContainer[],
): string {
  if (!task.executeCommandEnabled) return "exec off";
  const states = containers.flatMap(({ agent }) => agent?.status ?? []);
  const bad = states.find((state) => state !== "RUNNING");
  return `agent ${bad ?? states[0] ?? "unknown"}`;
}
