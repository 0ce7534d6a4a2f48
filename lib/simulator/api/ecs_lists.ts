/**
 * ListClusters, ListServices and ListTasks: ARNs, page by page.
 *
 * @module
 */

import { ApiError } from "./errors.ts";
import { type EcsState, invalidParameter } from "./ecs_state.ts";
import { type JsonObject, optionalText, typeError } from "./json_input.ts";
import type { Pager } from "./paging.ts";

/** What the lists are made from. */
export interface EcsListContext {
  readonly state: EcsState;
  readonly pager: Pager;
}

/**
 * Answers ListClusters.
 *
 * @param input The request.
 * @param context What there is.
 * @throws ApiError InvalidParameterException
 */
export function listClusters(
  input: JsonObject,
  { state, pager }: EcsListContext,
): JsonObject {
  const arns = state.clusters.map((name) => state.clusterArn(name));
  return page("clusterArns", arns, input, pager, 100, ["ListClusters"]);
}

/**
 * Answers ListServices; ten at a time unless more are asked for, as ECS does.
 *
 * @param input The request.
 * @param context What there is.
 * @throws ApiError ClusterNotFoundException, InvalidParameterException
 */
export function listServices(
  input: JsonObject,
  { state, pager }: EcsListContext,
): JsonObject {
  const cluster = state.cluster(input);
  const arns = state.services(cluster).map((name) =>
    state.serviceArn(cluster, name)
  );
  return page("serviceArns", arns, input, pager, 10, ["ListServices", cluster]);
}

/**
 * Answers ListTasks: those that are to run, unless others are asked for.
 *
 * @param input The request.
 * @param context What there is.
 * @throws ApiError ClusterNotFoundException, ServiceNotFoundException, InvalidParameterException
 */
export function listTasks(
  input: JsonObject,
  { state, pager }: EcsListContext,
): JsonObject {
  const cluster = state.cluster(input);
  const named = optionalText(input, "serviceName");
  const service = named === undefined
    ? undefined
    : state.findService(cluster, named);
  if (named !== undefined && service === undefined) {
    throw new ApiError("ServiceNotFoundException", "Service not found.");
  }
  const family = optionalText(input, "family");
  const launchType = optionalText(input, "launchType");
  const wanted = optionalText(input, "desiredStatus") ?? "RUNNING";
  if (!["RUNNING", "PENDING", "STOPPED"].includes(wanted)) {
    throw invalidParameter(`Invalid desiredStatus: ${wanted}`);
  }
  const arns = state.tasks
    .filter((task) =>
      task.cluster === cluster &&
      (service === undefined || task.service === service) &&
      (family === undefined || task.family === family) &&
      (launchType === undefined || task.launchType === launchType) &&
      // No task is ever to be pending: it is to run, and pends on the way.
      (task.status === "STOPPED" ? "STOPPED" : "RUNNING") === wanted
    )
    .map((task) => state.taskArn(task));
  return page("taskArns", arns, input, pager, 100, [
    "ListTasks",
    cluster,
    service,
    family,
    launchType,
    wanted,
  ]);
}

function page(
  member: string,
  arns: readonly string[],
  input: JsonObject,
  pager: Pager,
  usual: number,
  question: unknown,
): JsonObject {
  const { items, nextToken } = pager.page(
    arns,
    pageSize(input) ?? usual,
    optionalText(input, "nextToken"),
    question,
    "InvalidParameterException",
  );
  return { [member]: items, nextToken };
}

/** 1 to 100 (the model's words for `maxResults`). */
function pageSize(input: JsonObject): number | undefined {
  const size = input["maxResults"];
  if (size === undefined || size === null) return undefined;
  if (typeof size !== "number" || !Number.isInteger(size)) {
    throw typeError("maxResults", "Integer");
  }
  if (size < 1 || size > 100) {
    throw invalidParameter("maxResults must be between 1 and 100.");
  }
  return size;
}
