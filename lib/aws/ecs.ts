/**
 * The ECS calls behind a session into a container (api.md §6).
 *
 * @module
 */

import type { SessionGrant } from "../session/control.ts";
import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import {
  type EcsTask,
  ecsTask,
  type EcsTaskDefinition,
  ecsTaskDefinition,
  lastPart,
} from "./ecs_task.ts";
import { AwsCallError } from "./errors.ts";
import { SsmCalls } from "./ssm.ts";
import { startOrEnd } from "./started_session.ts";

export type { EcsContainer, EcsTask, EcsTaskDefinition } from "./ecs_task.ts";

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

/** How many tasks one call describes at most, and one page of a list holds. */
const PAGE = 100;

/** The ECS calls of one identity in one region. All reject with AwsCallError. */
export class EcsCalls {
  readonly #clients: AwsClients;
  readonly #ssm: SsmCalls;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
    this.#ssm = new SsmCalls(clients);
  }

  /**
   * ExecuteCommand, interactive: the only kind there is. When the signal aborts while the answer is
   * on its way, the session it may have made is terminated.
   *
   * @param request What to run where.
   * @param signal Gives up.
   */
  async executeCommand(
    request: ExecuteCommandRequest,
    signal?: AbortSignal,
  ): Promise<ExecuteCommandResult> {
    return await startOrEnd(
      (hold) => this.#execute(request, hold),
      ({ grant }) => this.#ssm.terminateSession(grant.sessionId),
      signal,
    );
  }

  async #execute(
    request: ExecuteCommandRequest,
    signal: AbortSignal,
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
        { abortSignal: signal },
      );
    });
    const { sessionId, streamUrl, tokenValue } = output.session ?? {};
    this.#clients.settings.log?.secret(tokenValue ?? "");
    if (!sessionId || !streamUrl || !tokenValue) {
      if (sessionId) {
        await this.#ssm.terminateSession(sessionId).catch(() => {});
      }
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
    return (output.tasks ?? []).map((task) => ecsTask(task, cluster));
  }

  /**
   * DescribeTaskDefinition.
   *
   * @param definition The ARN, or family and revision.
   */
  async describeTaskDefinition(
    definition: string,
    signal?: AbortSignal,
  ): Promise<EcsTaskDefinition> {
    const { DescribeTaskDefinitionCommand } = await import(
      "@aws-sdk/client-ecs"
    );
    const output = await this.#clients.call(
      "ecs:DescribeTaskDefinition",
      async () => {
        const client = await this.#clients.ecs();
        return await client.send(
          new DescribeTaskDefinitionCommand({ taskDefinition: definition }),
          abortable(signal),
        );
      },
      signal,
    );
    return ecsTaskDefinition(output.taskDefinition ?? {});
  }

  /**
   * ListTasks: those that are to run, page after page.
   *
   * @param cluster Name or ARN.
   * @param service Name or ARN; `undefined` for all tasks of the cluster.
   * @returns ARNs.
   */
  async *listTasks(
    cluster: string,
    service: string | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { ListTasksCommand } = await import("@aws-sdk/client-ecs");
    yield* this.#pages("ecs:ListTasks", async (nextToken) => {
      const client = await this.#clients.ecs();
      const { taskArns, nextToken: next } = await client.send(
        new ListTasksCommand({
          cluster,
          serviceName: service,
          desiredStatus: "RUNNING",
          maxResults: PAGE,
          nextToken,
        }),
        abortable(signal),
      );
      return { items: taskArns ?? [], next };
    }, signal);
  }

  /**
   * ListServices, page after page.
   *
   * @param cluster Name or ARN.
   * @returns The services' names.
   */
  async *listServices(
    cluster: string,
    signal?: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { ListServicesCommand } = await import("@aws-sdk/client-ecs");
    yield* this.#pages("ecs:ListServices", async (nextToken) => {
      const client = await this.#clients.ecs();
      const { serviceArns = [], nextToken: next } = await client.send(
        new ListServicesCommand({ cluster, maxResults: PAGE, nextToken }),
        abortable(signal),
      );
      return { items: serviceArns.map(lastPart), next };
    }, signal);
  }

  /**
   * ListClusters, page after page.
   *
   * @returns The clusters' names.
   */
  async *listClusters(
    signal?: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { ListClustersCommand } = await import("@aws-sdk/client-ecs");
    yield* this.#pages("ecs:ListClusters", async (nextToken) => {
      const client = await this.#clients.ecs();
      const { clusterArns = [], nextToken: next } = await client.send(
        new ListClustersCommand({ maxResults: PAGE, nextToken }),
        abortable(signal),
      );
      return { items: clusterArns.map(lastPart), next };
    }, signal);
  }

  async *#pages(
    action: string,
    page: (token: string | undefined) => Promise<
      { readonly items: readonly string[]; readonly next: string | undefined }
    >,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string, void, void> {
    let token: string | undefined;
    do {
      const { items, next } = await this.#clients.call(
        action,
        () => page(token),
        signal,
      );
      yield* items;
      token = next || undefined;
    } while (token !== undefined);
  }
}
