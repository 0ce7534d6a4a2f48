/**
 * Tasks of ECS and their definitions, as far as sessions in their containers depend on them.
 *
 * @module
 */

import type {
  Task,
  TaskDefinition as SdkDefinition,
} from "@aws-sdk/client-ecs";
import { present } from "./present.ts";

/** The agent in a container that takes commands. */
export interface EcsAgent {
  /** `RUNNING`, `PENDING` or `STOPPED`. */
  readonly status: string;
  /** Why it has stopped. */
  readonly reason?: string;
}

/** One container of a task. */
export interface EcsContainer {
  readonly name: string;
  /** The third part of the target string; absent before the container runs. */
  readonly runtimeId?: string;
  readonly lastStatus?: string;
  /** Absent in a task without execute command. */
  readonly agent?: EcsAgent;
}

/** One task. */
export interface EcsTask {
  readonly taskArn: string;
  readonly clusterArn: string;
  /** What it was made from. */
  readonly definitionArn?: string;
  /** `service:<name>`, or `family:<name>` of a task that was run by itself. */
  readonly group?: string;
  readonly lastStatus: string;
  /** Why it stopped. */
  readonly stoppedReason?: string;
  readonly startedAt?: Date;
  /** False: the task was started without `--enable-execute-command`. */
  readonly executeCommandEnabled: boolean;
  /** `FARGATE`, `EC2`, `EXTERNAL`, … */
  readonly launchType?: string;
  /** Fargate's, as `1.4.0`. */
  readonly platformVersion?: string;
  /** Fargate's, as `Linux` or `Windows_Server_2022_Core`. */
  readonly platformFamily?: string;
  /** The role it was started with in place of its definition's. */
  readonly roleArn?: string;
  readonly containers: readonly EcsContainer[];
}

/** One container of a task's definition. */
export interface EcsContainerDefinition {
  readonly name: string;
  /** The task ends with it. */
  readonly essential: boolean;
  /** Its root file system cannot be written. */
  readonly readOnly: boolean;
}

/** A task's definition. */
export interface EcsTaskDefinition {
  /** The role of the programs in the task, the agent among them. */
  readonly roleArn?: string;
  /** `LINUX`, `WINDOWS_SERVER_2022_CORE`, … */
  readonly operatingSystem?: string;
  readonly containers: readonly EcsContainerDefinition[];
}

/** What the agent that takes commands is called. */
const AGENT = "ExecuteCommandAgent";

/**
 * A task of DescribeTasks.
 *
 * @param task As the service tells it.
 * @param cluster Where it was looked for.
 */
export function ecsTask(task: Task, cluster: string): EcsTask {
  return {
    ...present({
      definitionArn: task.taskDefinitionArn,
      group: task.group,
      stoppedReason: task.stoppedReason,
      startedAt: task.startedAt,
      launchType: task.launchType,
      platformVersion: task.platformVersion,
      platformFamily: task.platformFamily,
      roleArn: task.overrides?.taskRoleArn || undefined,
    }),
    taskArn: task.taskArn ?? "",
    clusterArn: task.clusterArn ?? cluster,
    lastStatus: task.lastStatus ?? "unknown",
    executeCommandEnabled: task.enableExecuteCommand ?? false,
    containers: (task.containers ?? []).map((container) => {
      const agent = container.managedAgents?.find(({ name }) => name === AGENT);
      return present({
        name: container.name ?? "",
        runtimeId: container.runtimeId,
        lastStatus: container.lastStatus,
        agent: agent && present({
          status: agent.lastStatus ?? "unknown",
          reason: agent.reason,
        }),
      });
    }),
  };
}

/**
 * A definition of DescribeTaskDefinition.
 *
 * @param definition As the service tells it.
 */
export function ecsTaskDefinition(
  definition: SdkDefinition,
): EcsTaskDefinition {
  return {
    ...present({
      roleArn: definition.taskRoleArn || undefined,
      operatingSystem: definition.runtimePlatform?.operatingSystemFamily,
    }),
    containers: (definition.containerDefinitions ?? []).map((each) => ({
      name: each.name ?? "",
      // ECS takes a container for essential where nothing is said.
      essential: each.essential ?? true,
      readOnly: each.readonlyRootFilesystem ?? false,
    })),
  };
}

/**
 * The last part of an ARN: a cluster's or a service's name, a task's id.
 *
 * @param arn The ARN.
 */
export function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/**
 * The service that a task belongs to, if it does.
 *
 * @param task The task.
 */
export function serviceOf({ group }: EcsTask): string | undefined {
  return group?.startsWith("service:")
    ? group.slice("service:".length)
    : undefined;
}
