/**
 * The ECS calls behind a session into a container (api.md §6).
 *
 * @module
 */

import type { SessionGrant } from "../session/control.ts";
import { abortable, type AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import { present } from "./present.ts";

/** What to run where. */
export interface ExecuteCommandRequest {
  /** Name or ARN. */
  readonly cluster: string;
  /** Id or ARN. */
  readonly task: string;
  /** Needed when the task has more than one container. */
  readonly container?: string | undefined;
  readonly command: string;
}

/** The session that ExecuteCommand made, and where. */
export interface ExecuteCommandResult {
  readonly grant: SessionGrant;
  readonly clusterArn: string;
  readonly taskArn: string;
  readonly containerName: string;
}

/** One container of a task. */
export interface EcsContainer {
  readonly name: string;
  /** The third part of the target string; absent before the container runs. */
  readonly runtimeId?: string;
  readonly lastStatus?: string;
}

/** One task. */
export interface EcsTask {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly lastStatus: string;
  /** False: the task was started without `--enable-execute-command`. */
  readonly executeCommandEnabled: boolean;
  readonly containers: readonly EcsContainer[];
}

/** The ECS calls of one identity in one region. All reject with AwsCallError. */
export class EcsCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * ExecuteCommand, interactive: the only kind there is.
   *
   * @param request What to run where.
   */
  async executeCommand(
    request: ExecuteCommandRequest,
    signal?: AbortSignal,
  ): Promise<ExecuteCommandResult> {
    const { ExecuteCommandCommand } = await import("@aws-sdk/client-ecs");
    const output = await this.#clients.call("ecs:ExecuteCommand", async () => {
      const client = await this.#clients.ecs();
      return await client.send(
        new ExecuteCommandCommand({
          cluster: request.cluster,
          task: request.task,
          container: request.container,
          command: request.command,
          interactive: true,
        }),
        abortable(signal),
      );
    }, signal);
    const { sessionId, streamUrl, tokenValue } = output.session ?? {};
    if (!sessionId || !streamUrl || !tokenValue) {
      throw new AwsCallError({
        action: "ecs:ExecuteCommand",
        code: "IncompleteAnswer",
        kind: "service",
        reason: "the answer has no complete session",
        requestId: output.$metadata.requestId,
      });
    }
    return {
      grant: { sessionId, streamUrl, tokenValue },
      clusterArn: output.clusterArn ?? request.cluster,
      taskArn: output.taskArn ?? request.task,
      containerName: output.containerName ?? request.container ?? "",
    };
  }

  /**
   * DescribeTasks.
   *
   * @param cluster Name or ARN.
   * @param tasks Ids or ARNs, at most 100.
   * @returns The tasks found, in the service's order.
   */
  async describeTasks(
    cluster: string,
    tasks: readonly string[],
    signal?: AbortSignal,
  ): Promise<EcsTask[]> {
    const { DescribeTasksCommand } = await import("@aws-sdk/client-ecs");
    const output = await this.#clients.call("ecs:DescribeTasks", async () => {
      const client = await this.#clients.ecs();
      return await client.send(
        new DescribeTasksCommand({ cluster, tasks: [...tasks] }),
        abortable(signal),
      );
    }, signal);
    return (output.tasks ?? []).map((task) => ({
      taskArn: task.taskArn ?? "",
      clusterArn: task.clusterArn ?? cluster,
      lastStatus: task.lastStatus ?? "unknown",
      executeCommandEnabled: task.enableExecuteCommand ?? false,
      containers: (task.containers ?? []).map((container) =>
        present({
          name: container.name ?? "",
          runtimeId: container.runtimeId,
          lastStatus: container.lastStatus,
        })
      ),
    }));
  }
}
