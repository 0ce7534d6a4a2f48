/**
 * What ECS knows: clusters, services, tasks and task definitions, their ARNs and how a caller names
 * them (api.md §6).
 *
 * @module
 */

import { simulatorAccountId } from "../credentials.ts";
import type { SimulatedContainer, SimulatedTask } from "../tasks.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, optionalText } from "./json_input.ts";

/** One revision of a task definition. */
export interface TaskDefinition {
  readonly family: string;
  /** From 1. */
  readonly revision: number;
  /** A task that was made from it. */
  readonly example: SimulatedTask;
}

/** The cluster that a caller means who names none. */
export const defaultCluster = "default";

/** ECS's state in one run. */
export class EcsState {
  /** All tasks, in the order in which they were described. */
  readonly tasks: readonly SimulatedTask[];
  readonly #prefix: string;
  readonly #definitions: readonly TaskDefinition[];
  readonly #definitionOf = new Map<SimulatedTask, TaskDefinition>();

  /**
   * @param tasks All tasks.
   * @param region Part of every ARN.
   */
  constructor(tasks: readonly SimulatedTask[], region: string) {
    this.tasks = tasks;
    this.#prefix = `arn:aws:ecs:${region}:${simulatorAccountId}:`;
    const definitions = new Map<string, TaskDefinition>();
    const revisions = new Map<string, number>();
    for (const task of tasks) {
      const { family, role, platform, launchType } = task;
      const key = JSON.stringify([
        family,
        role,
        platform,
        launchType,
        task.containers.map((each) => [each.name, each.essential]),
        task.containers.map((each) => each.readOnly),
      ]);
      let definition = definitions.get(key);
      if (definition === undefined) {
        const revision = (revisions.get(family) ?? 0) + 1;
        revisions.set(family, revision);
        definition = { family, revision, example: task };
        definitions.set(key, definition);
      }
      this.#definitionOf.set(task, definition);
    }
    this.#definitions = [...definitions.values()];
  }

  /** The clusters' names. */
  get clusters(): readonly string[] {
    return [...new Set(this.tasks.map(({ cluster }) => cluster))];
  }

  /** The names of a cluster's services. */
  services(cluster: string): readonly string[] {
    const names = this.tasks.filter((task) => task.cluster === cluster)
      .flatMap(({ service }) => service ?? []);
    return [...new Set(names)];
  }

  /** The ARN of a cluster. */
  clusterArn(name: string): string {
    return `${this.#prefix}cluster/${name}`;
  }

  /** The ARN of a service. */
  serviceArn(cluster: string, name: string): string {
    return `${this.#prefix}service/${cluster}/${name}`;
  }

  /** The ARN of a task. */
  taskArn(task: SimulatedTask): string {
    return `${this.#prefix}task/${task.cluster}/${task.id}`;
  }

  /** The ARN of a container. */
  containerArn(task: SimulatedTask, container: SimulatedContainer): string {
    return `${this.#prefix}container/${task.cluster}/${task.id}/${container.name}`;
  }

  /** The ARN of a task's definition. */
  definitionArn({ family, revision }: TaskDefinition): string {
    return `${this.#prefix}task-definition/${family}:${revision}`;
  }

  /** What a task was made from. */
  definitionOf(task: SimulatedTask): TaskDefinition | undefined {
    return this.#definitionOf.get(task);
  }

  /**
   * The definition a caller means.
   *
   * @param text A family, `family:revision` or an ARN; a family alone is its newest revision.
   */
  findDefinition(text: string): TaskDefinition | undefined {
    const named = text.startsWith(this.#prefix)
      ? text.slice(this.#prefix.length).replace(/^task-definition\//, "")
      : text;
    const [family, revision] = named.split(":");
    return this.#definitions.findLast((each) =>
      each.family === family &&
      (revision === undefined || String(each.revision) === revision)
    );
  }

  /**
   * The cluster a call is about.
   *
   * @param input The request, with `cluster`: a name or an ARN.
   * @throws ApiError ClusterNotFoundException
   */
  cluster(input: JsonObject): string {
    const text = optionalText(input, "cluster") ?? defaultCluster;
    const name = this.#bare(text, "cluster");
    if (!this.clusters.includes(name)) {
      throw new ApiError("ClusterNotFoundException", "Cluster not found.");
    }
    return name;
  }

  /**
   * The service a caller means; `undefined` for one that is not there.
   *
   * @param cluster The cluster's name.
   * @param text A name or an ARN.
   */
  findService(cluster: string, text: string): string | undefined {
    const name = this.#bare(text, "service").replace(`${cluster}/`, "");
    return this.services(cluster).find((each) => each === name);
  }

  /**
   * The task a caller means; `undefined` for one that is not there.
   *
   * @param cluster The cluster's name.
   * @param text An id or an ARN.
   */
  findTask(cluster: string, text: string): SimulatedTask | undefined {
    const id = this.#bare(text, "task").replace(`${cluster}/`, "");
    return this.tasks.find((task) =>
      task.cluster === cluster && task.id === id
    );
  }

  #bare(text: string, kind: string): string {
    const prefix = `${this.#prefix}${kind}/`;
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  }
}

/**
 * The error for a parameter that ECS does not take.
 *
 * @param message ECS's words where they are known.
 */
export function invalidParameter(message: string): ApiError {
  return new ApiError("InvalidParameterException", message);
}
