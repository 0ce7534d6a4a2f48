/**
 * From `ecs:cluster/service[/task][/container]` to a container that takes sessions.
 *
 * @module
 */

import { visible } from "../text.ts";
import {
  containerCandidate,
  inOrder,
  taskCandidate,
} from "./ecs_candidates.ts";
import { type EcsNameCalls, notFound } from "./ecs_not_found.ts";
import { ecsProblems, isWindows } from "./ecs_problems.ts";
import { type EcsSpec, formatEcsSpec } from "./ecs_spec.ts";
import {
  AmbiguousContainerError,
  ContainerNotFoundError,
  ContainerNotReadyError,
} from "./ecs_target_errors.ts";
import {
  type EcsContainer,
  type EcsTask,
  type EcsTaskDefinition,
  lastPart,
  serviceOf,
} from "./ecs_task.ts";
import { AwsCallError } from "./errors.ts";

/** The calls a lookup makes; `EcsCalls` has them. */
export interface EcsTargetCalls extends EcsNameCalls {
  /** ARNs of the tasks that are to run. */
  listTasks(
    cluster: string,
    service: string | undefined,
    signal?: AbortSignal,
  ): AsyncIterable<string>;
  /** At most 100 tasks. */
  describeTasks(
    cluster: string,
    tasks: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly EcsTask[]>;
  /** What a task was made from. */
  describeTaskDefinition(
    definition: string,
    signal?: AbortSignal,
  ): Promise<EcsTaskDefinition>;
}

/** A container that takes sessions, as far as ECS tells. */
export interface ResolvedContainer {
  /** What StartSession takes, and the target of the session's encryption. */
  readonly id: string;
  /** The cluster's ARN. */
  readonly clusterArn: string;
  /** The task's ARN. */
  readonly taskArn: string;
  /** All four parts, the service as far as there is one. */
  readonly spec: EcsSpec & {
    readonly task: string;
    readonly container: string;
  };
  readonly platform: "Linux" | "Windows";
  /** What the task was made from. */
  readonly definitionArn: string | undefined;
  /** The role that its agent connects with, where that is known. */
  readonly roleArn: string | undefined;
  /** Its root file system cannot be written, as far as that is known. */
  readonly readOnly: boolean;
}

/** Tasks of a list, at most: one call describes so many, less one, that tells whether there are more. */
const LONGEST_LIST = 99;

/**
 * Finds the container: the tasks of the service, what the only one of them was made from, and of
 * several containers the only essential one.
 *
 * @param spec What is meant.
 * @param calls The lookups.
 * @param signal Gives up.
 * @throws AmbiguousContainerError, ContainerNotFoundError, ContainerNotReadyError, or AwsCallError
 * when a lookup is not permitted or the network fails.
 */
export async function resolveContainer(
  spec: EcsSpec,
  calls: EcsTargetCalls,
  signal?: AbortSignal,
): Promise<ResolvedContainer> {
  const task = await findTask(spec, calls, signal);
  const definition = await definitionOf(task, calls, signal);
  const place = {
    cluster: spec.cluster,
    service: serviceOf(task),
    task: lastPart(task.taskArn),
  };
  const container = chooseContainer(spec, place, task, definition);
  const named = { ...place, container: container.name };
  const problems = ecsProblems(task, container, definition);
  if (problems.length > 0) {
    throw new ContainerNotReadyError(
      named,
      formatEcsSpec(named),
      problems,
      task.definitionArn,
    );
  }
  return {
    // Names, as the official CLI makes it (api.md §6).
    id: `ecs:${lastPart(task.clusterArn)}_${place.task}_${container.runtimeId}`,
    clusterArn: task.clusterArn,
    taskArn: task.taskArn,
    spec: named,
    platform: isWindows(task, definition) ? "Windows" : "Linux",
    definitionArn: task.definitionArn,
    roleArn: task.roleArn ?? definition?.roleArn,
    readOnly: definition?.containers.find(({ name }) => name === container.name)
      ?.readOnly ?? false,
  };
}

async function findTask(
  spec: EcsSpec,
  calls: EcsTargetCalls,
  signal: AbortSignal | undefined,
): Promise<EcsTask> {
  const { cluster, service } = spec;
  const where = service === undefined
    ? `cluster ${visible(cluster)}`
    : `service ${visible(service)} of cluster ${visible(cluster)}`;
  const ids: string[] = [];
  let more = false;
  try {
    if (spec.task !== undefined) ids.push(spec.task);
    else {
      for await (const arn of calls.listTasks(cluster, service, signal)) {
        more = ids.length === LONGEST_LIST;
        if (more) break;
        ids.push(arn);
      }
    }
    if (ids.length === 0) {
      throw new ContainerNotFoundError(`a task that runs in ${where}`);
    }
    const tasks = await calls.describeTasks(cluster, ids, signal);
    const found = spec.task === undefined || service === undefined
      ? tasks
      : tasks.filter((task) => serviceOf(task) === service);
    const running = found.filter(({ lastStatus }) => lastStatus === "RUNNING");
    // What is still on its way up, or down, is meant only where nothing runs.
    const [only, ...others] = running.length > 0 ? running : found.slice(0, 1);
    if (only === undefined) {
      throw new ContainerNotFoundError(
        spec.task === undefined
          ? `a task that runs in ${where}`
          : `task ${spec.task} in ${where}: a task is known for about an hour ` +
            "after its end",
      );
    }
    if (others.length === 0 && !more) return only;
    throw new AmbiguousContainerError(
      formatEcsSpec({ ...spec, task: undefined }),
      "task",
      running.map((task) => taskCandidate(spec, task)).toSorted(inOrder),
      more,
    );
  } catch (error) {
    throw await notFound(error, spec, calls, signal);
  }
}

/** Less is known without it, and the session can do without. */
async function definitionOf(
  task: EcsTask,
  calls: EcsTargetCalls,
  signal: AbortSignal | undefined,
): Promise<EcsTaskDefinition | undefined> {
  if (task.definitionArn === undefined) return undefined;
  try {
    return await calls.describeTaskDefinition(task.definitionArn, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (
      error instanceof AwsCallError &&
      (error.kind === "access-denied" || error.kind === "invalid")
    ) return undefined;
    throw error;
  }
}

function chooseContainer(
  spec: EcsSpec,
  place: Omit<EcsSpec, "container">,
  task: EcsTask,
  definition: EcsTaskDefinition | undefined,
): EcsContainer {
  const { containers } = task;
  if (spec.container !== undefined) {
    const named = containers.find(({ name }) => name === spec.container);
    if (named !== undefined) return named;
    throw new ContainerNotFoundError(
      `container ${visible(spec.container)} in ` +
        formatEcsSpec({ ...place, container: undefined }),
      containers.map(({ name }) => ({
        name,
        spec: { ...spec, container: name },
      })),
    );
  }
  const [only, ...others] = containers;
  if (only !== undefined && others.length === 0) return only;
  const essential = containers.filter(({ name }) =>
    definition?.containers.some((each) => each.name === name && each.essential)
  );
  const [main, ...more] = essential;
  if (main !== undefined && more.length === 0) return main;
  const text = formatEcsSpec({ ...place, container: undefined });
  // What is wrong with the task is wrong with each container; a choice would lead nowhere.
  const problems = ecsProblems(task, undefined, definition);
  if (problems.length > 0 || only === undefined) {
    throw new ContainerNotReadyError(
      { ...place, container: undefined },
      text,
      problems.length > 0 ? problems : [{
        kind: "task-state",
        status: "without containers yet",
        reason: undefined,
      }],
      task.definitionArn,
    );
  }
  throw new AmbiguousContainerError(
    text,
    "container",
    containers.map((container) => containerCandidate(place, task, container))
      .toSorted(inOrder),
    false,
  );
}
