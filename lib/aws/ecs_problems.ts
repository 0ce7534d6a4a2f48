/**
 * What keeps a container from taking sessions, as far as ECS tells it (api.md §6; AWS's list of
 * prerequisites of ECS Exec).
 *
 * @module
 */

import type { EcsContainer, EcsTask, EcsTaskDefinition } from "./ecs_task.ts";
import type { EcsProblem } from "./ecs_target_errors.ts";

/** The first platform versions of Fargate with ECS Exec. */
const FIRST_LINUX = "1.4.0";
const FIRST_WINDOWS = "1.0.0";

/**
 * Names what is missing; empty when nothing is known to be.
 *
 * @param task The task.
 * @param container One of its containers; `undefined` while it is not settled which.
 * @param definition What the task was made from; `undefined` where that may not be asked.
 */
export function ecsProblems(
  task: EcsTask,
  container: EcsContainer | undefined,
  definition: EcsTaskDefinition | undefined,
): EcsProblem[] {
  if (task.lastStatus !== "RUNNING") {
    // The rest follows from that.
    return [{
      kind: "task-state",
      status: task.lastStatus,
      reason: task.stoppedReason,
    }];
  }
  const problems: EcsProblem[] = [];
  const fargate = task.launchType === "FARGATE";
  const needed = isWindows(task, definition) ? FIRST_WINDOWS : FIRST_LINUX;
  const version = task.platformVersion;
  if (fargate && version !== undefined && isBefore(version, needed)) {
    problems.push({ kind: "platform-version", version, needed });
  }
  if (!task.executeCommandEnabled) problems.push({ kind: "exec-disabled" });
  // On EC2 the role of the instance does where a task has none.
  if (
    fargate && definition !== undefined &&
    (task.roleArn ?? definition.roleArn) === undefined
  ) problems.push({ kind: "no-role" });
  if (container === undefined) return problems;
  const { lastStatus: status, agent, runtimeId } = container;
  if (status !== undefined && status !== "RUNNING") {
    problems.push({ kind: "container-state", status });
  } else if (runtimeId === undefined) {
    problems.push({ kind: "container-state", status: "not started yet" });
  } else if (agent !== undefined && agent.status !== "RUNNING") {
    problems.push({
      kind: "agent-state",
      status: agent.status,
      reason: agent.reason,
    });
  }
  return problems;
}

/**
 * Whether a task's containers are Windows'.
 *
 * @param task The task.
 * @param definition What it was made from, which tells where the task does not.
 */
export function isWindows(
  task: EcsTask,
  definition: EcsTaskDefinition | undefined,
): boolean {
  return /^windows/i.test(
    task.platformFamily ?? definition?.operatingSystem ?? "",
  );
}

function isBefore(version: string, needed: string): boolean {
  const [ours, theirs] = [version, needed].map((text) =>
    text.split(".").map(Number)
  );
  for (const [at, part] of (theirs ?? []).entries()) {
    const own = ours?.[at] ?? 0;
    // What is no number, as LATEST, is not before anything.
    if (Number.isNaN(own) || own > part) return false;
    if (own < part) return true;
  }
  return false;
}
