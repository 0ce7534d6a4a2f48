/**
 * The calls of the ECS API that lead to a session in a container (api.md §6).
 *
 * @module
 */

import { simulatorCallerArn } from "../credentials.ts";
import type { SessionRegistry } from "../registry.ts";
import { containerNode } from "../session_targets.ts";
import {
  agentConnected,
  agentRuns,
  containerSessionLimit,
  type SimulatedContainer,
  type SimulatedTask,
} from "../tasks.ts";
import {
  describeServices,
  describeTaskDefinition,
  describeTasks,
} from "./ecs_describe.ts";
import { listClusters, listServices, listTasks } from "./ecs_lists.ts";
import { EcsState, invalidParameter } from "./ecs_state.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, optionalText, requiredText } from "./json_input.ts";
import type { Pager } from "./paging.ts";

/** What the ECS API needs. */
export interface EcsOptions {
  readonly tasks: readonly SimulatedTask[];
  readonly registry: SessionRegistry;
  readonly pager: Pager;
  /** A session's StreamUrl (data-channel.md §1.1). */
  readonly streamUrl: (sessionId: string) => string;
  readonly region: string;
  /** Bare names of documents that IAM lets nobody start a session with. */
  readonly denyDocuments: readonly string[];
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** The document behind ExecuteCommand. */
export const executeDocument = "AmazonECS-ExecuteInteractiveCommand";

/** The front of the ids of ExecuteCommand's sessions, in place of the caller's name. */
const sessionName = "ecs-execute-command";

/** The ECS API of one run. */
export class SimulatedEcs {
  readonly #options: EcsOptions;
  readonly #state: EcsState;
  readonly #started: number;

  /** @param options Tasks, sessions, time. */
  constructor(options: EcsOptions) {
    this.#options = options;
    this.#state = new EcsState(options.tasks, options.region);
    this.#started = options.now();
  }

  /**
   * Answers a call.
   *
   * @param operation The part of X-Amz-Target behind the dot.
   * @param input The request's JSON object.
   * @throws ApiError What AWS would answer instead.
   */
  handle(operation: string, input: JsonObject): JsonObject {
    const context = { state: this.#state, pager: this.#options.pager };
    switch (operation) {
      case "ListClusters":
        return listClusters(input, context);
      case "ListServices":
        return listServices(input, context);
      case "ListTasks":
        return listTasks(input, context);
      case "DescribeTasks":
        return describeTasks(input, this.#state, this.#started);
      case "DescribeTaskDefinition":
        return describeTaskDefinition(input, this.#state);
      case "DescribeServices":
        return describeServices(input, this.#state);
      case "ExecuteCommand":
        return this.#executeCommand(input);
      default:
        throw new ApiError(
          "UnknownOperationException",
          `The simulator has no ECS operation ${operation}`,
        );
    }
  }

  #executeCommand(input: JsonObject): JsonObject {
    const command = requiredText(input, "command");
    const { task, container } = this.#place(input);
    if (input["interactive"] !== true) {
      throw invalidParameter(
        "Interactive is the only mode supported currently.",
      );
    }
    this.#checkPermission(task);
    if (!agentRuns(task)) {
      throw invalidParameter(
        "The execute command failed because execute command was not enabled when the task was " +
          "run or the execute command agent isn’t running. Wait and try again or run a new task " +
          "with execute command enabled and try again.",
      );
    }
    if (!agentConnected(task, container)) {
      throw new ApiError(
        "TargetNotConnectedException",
        "The execute command failed due to an internal error. Try again later.",
      );
    }
    const { registry, streamUrl } = this.#options;
    const node = containerNode(task, container);
    const living = registry.active().filter((each) => each.node.id === node.id);
    if (living.length >= containerSessionLimit) {
      throw new ApiError(
        "ClientException",
        "Unable to start new execute sessions because the maximum session limit of " +
          `${containerSessionLimit} has been reached.`,
      );
    }
    const { id } = registry.start({
      node,
      name: sessionName,
      documentName: executeDocument,
      parameters: { command: [command] },
      reason: undefined,
      owner: simulatorCallerArn,
    });
    const token = registry.grantToken(id);
    return {
      clusterArn: this.#state.clusterArn(task.cluster),
      taskArn: this.#state.taskArn(task),
      containerArn: this.#state.containerArn(task, container),
      containerName: container.name,
      interactive: true,
      // Lower-case first letters, unlike SSM's.
      session: { sessionId: id, streamUrl: streamUrl(id), tokenValue: token },
    };
  }

  /** Where to run it. ECS's words for what is not there are unverified. */
  #place(
    input: JsonObject,
  ): { readonly task: SimulatedTask; readonly container: SimulatedContainer } {
    const cluster = this.#state.cluster(input);
    const task = this.#state.findTask(cluster, requiredText(input, "task"));
    if (task === undefined) {
      throw invalidParameter("The referenced task was not found.");
    }
    const name = optionalText(input, "container");
    const [only, ...more] = task.containers;
    const container = name === undefined
      ? more.length === 0 ? only : undefined
      : task.containers.find((each) => each.name === name);
    if (container === undefined) {
      throw invalidParameter(
        name === undefined
          ? "A container name is required for a task with several containers."
          : "The referenced container was not found in the task.",
      );
    }
    return { task, container };
  }

  #checkPermission(task: SimulatedTask): void {
    if (!this.#options.denyDocuments.includes(executeDocument)) return;
    throw new ApiError(
      "AccessDeniedException",
      `User: ${simulatorCallerArn} is not authorized to perform: ecs:ExecuteCommand on resource: ` +
        `${
          this.#state.taskArn(task)
        } because no identity-based policy allows the ` +
        "ecs:ExecuteCommand action",
    );
  }
}
