/**
 * DescribeTasks, DescribeTaskDefinition and DescribeServices: as much as tells whether and how a
 * container takes commands.
 *
 * @module
 */

import { simulatorAccountId } from "../credentials.ts";
import type { SimulatedContainer, SimulatedTask } from "../tasks.ts";
import { type EcsState, invalidParameter } from "./ecs_state.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, requiredText, typeError } from "./json_input.ts";

/** How many tasks one call describes at most. */
const mostTasks = 100;
/** How many services one call describes at most. */
const mostServices = 10;

/**
 * Answers DescribeTasks.
 *
 * @param input The request.
 * @param state What there is.
 * @param started When the tasks began, in milliseconds since the Unix epoch.
 * @throws ApiError ClusterNotFoundException, InvalidParameterException
 */
export function describeTasks(
  input: JsonObject,
  state: EcsState,
  started: number,
): JsonObject {
  const cluster = state.cluster(input);
  const names = textsOf(input, "tasks", mostTasks, "Tasks");
  const found = names.map((name) => ({
    name,
    task: state.findTask(cluster, name),
  }));
  return {
    tasks: found.flatMap(({ task }) =>
      task === undefined ? [] : [describeTask(task, state, started)]
    ),
    failures: found.flatMap(({ name, task }) =>
      task === undefined ? [{ arn: name, reason: "MISSING" }] : []
    ),
  };
}

/**
 * Answers DescribeTaskDefinition.
 *
 * @param input The request.
 * @param state What there is.
 * @throws ApiError ClientException for a definition that is not there.
 */
export function describeTaskDefinition(
  input: JsonObject,
  state: EcsState,
): JsonObject {
  const definition = state.findDefinition(
    requiredText(input, "taskDefinition"),
  );
  if (definition === undefined) {
    throw new ApiError(
      "ClientException",
      "Unable to describe task definition.",
    );
  }
  const { family, revision, example: task } = definition;
  return {
    taskDefinition: {
      taskDefinitionArn: state.definitionArn(definition),
      family,
      revision,
      status: "ACTIVE",
      taskRoleArn: task.role
        ? `arn:aws:iam::${simulatorAccountId}:role/${family}-task`
        : undefined,
      networkMode: "awsvpc",
      requiresCompatibilities: [task.launchType],
      runtimePlatform: {
        cpuArchitecture: "X86_64",
        operatingSystemFamily: task.platform === "Windows"
          ? "WINDOWS_SERVER_2022_CORE"
          : "LINUX",
      },
      containerDefinitions: task.containers.map((container) => ({
        name: container.name,
        image: `${container.name}:latest`,
        essential: container.essential,
        readonlyRootFilesystem: container.readOnly ? true : undefined,
      })),
    },
    tags: [],
  };
}

/**
 * Answers DescribeServices.
 *
 * @param input The request.
 * @param state What there is.
 * @throws ApiError ClusterNotFoundException, InvalidParameterException
 */
export function describeServices(
  input: JsonObject,
  state: EcsState,
): JsonObject {
  const cluster = state.cluster(input);
  const found = textsOf(input, "services", mostServices, "Services").map((
    name,
  ) => ({ name, service: state.findService(cluster, name) }));
  return {
    services: found.flatMap(({ service }) => {
      if (service === undefined) return [];
      const tasks = state.tasks.filter((task) =>
        task.cluster === cluster && task.service === service
      );
      const count = (status: SimulatedTask["status"]) =>
        tasks.filter((task) => task.status === status).length;
      return [{
        serviceArn: state.serviceArn(cluster, service),
        serviceName: service,
        clusterArn: state.clusterArn(cluster),
        status: "ACTIVE",
        desiredCount: count("RUNNING") + count("PENDING"),
        runningCount: count("RUNNING"),
        pendingCount: count("PENDING"),
        enableExecuteCommand: tasks.some(({ execEnabled }) => execEnabled),
      }];
    }),
    failures: found.flatMap(({ name, service }) =>
      service === undefined ? [{ arn: name, reason: "MISSING" }] : []
    ),
  };
}

function describeTask(
  task: SimulatedTask,
  state: EcsState,
  started: number,
): JsonObject {
  const { service, family, status, launchType, platform } = task;
  const definition = state.definitionOf(task);
  const stopped = status === "STOPPED";
  return {
    taskArn: state.taskArn(task),
    clusterArn: state.clusterArn(task.cluster),
    taskDefinitionArn: definition && state.definitionArn(definition),
    group: service === undefined ? `family:${family}` : `service:${service}`,
    lastStatus: status,
    desiredStatus: stopped ? "STOPPED" : "RUNNING",
    launchType,
    // EC2's tasks have neither a platform version nor a family of it.
    platformVersion: launchType === "FARGATE"
      ? task.platformVersion
      : undefined,
    platformFamily: launchType === "FARGATE"
      ? platform === "Windows" ? "Windows_Server_2022_Core" : "Linux"
      : undefined,
    enableExecuteCommand: task.execEnabled,
    createdAt: started / 1000,
    startedAt: status === "PENDING" ? undefined : started / 1000,
    stoppedAt: stopped ? started / 1000 : undefined,
    stopCode: stopped ? "UserInitiated" : undefined,
    stoppedReason: stopped ? "Task stopped by user" : undefined,
    overrides: { containerOverrides: [] },
    containers: task.containers.map((container) =>
      describeContainer(task, container, state, started)
    ),
    tags: [],
  };
}

function describeContainer(
  task: SimulatedTask,
  container: SimulatedContainer,
  state: EcsState,
  started: number,
): JsonObject {
  const { status, agent } = task;
  return {
    containerArn: state.containerArn(task, container),
    taskArn: state.taskArn(task),
    name: container.name,
    image: `${container.name}:latest`,
    lastStatus: status,
    runtimeId: status === "PENDING" ? undefined : container.runtimeId,
    networkInterfaces: [],
    managedAgents: task.execEnabled
      ? [{
        name: "ExecuteCommandAgent",
        lastStatus: agent,
        lastStartedAt: agent === "PENDING" ? undefined : started / 1000,
        reason: agent === "STOPPED"
          ? "Received Container Stopped event"
          : undefined,
      }]
      : undefined,
  };
}

/** A list of names that must hold something; ECS's words for the limits are unverified. */
function textsOf(
  input: JsonObject,
  member: string,
  most: number,
  what: string,
): readonly string[] {
  const value = input[member] ?? [];
  if (!Array.isArray(value)) throw typeError(member, "List");
  if (!value.every((each) => typeof each === "string")) {
    throw typeError(member, "String");
  }
  if (value.length === 0) throw invalidParameter(`${what} cannot be empty.`);
  if (value.length > most) {
    throw invalidParameter(`${what} cannot be more than ${most}.`);
  }
  return value;
}
