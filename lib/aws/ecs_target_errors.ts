/**
 * What a lookup of a container comes to when there is none to connect to.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { EcsSpec } from "./ecs_spec.ts";

/** One of several tasks or containers that may be meant. */
export interface EcsCandidate {
  /** What tells it from the others: a task's id, or a container's name. */
  readonly id: string;
  /** How to name it alone. */
  readonly spec: EcsSpec;
  /** The service it belongs to; of tasks. */
  readonly service: string | undefined;
  /** ECS's `lastStatus`. */
  readonly state: string;
  /** `exec off`, or the state of the agent that takes commands. */
  readonly exec: string;
  /** When a task started. */
  readonly startedAt: Date | undefined;
}

/** Several tasks, or several containers of one, are what was asked for. */
export class AmbiguousContainerError extends Error {
  override name = "AmbiguousContainerError";
  /**
   * @param text What was asked for.
   * @param kind What there are several of.
   * @param candidates At least two; those that take commands first.
   * @param more True when there are more than these.
   */
  constructor(
    readonly text: string,
    readonly kind: "task" | "container",
    readonly candidates: readonly EcsCandidate[],
    readonly more: boolean,
  ) {
    super(
      `Cannot choose a ${kind}: ${visible(text)} has ` +
        `${more ? "more than " : ""}${candidates.length}`,
    );
  }
}

/** No cluster, service, task or container is what was asked for. */
export class ContainerNotFoundError extends Error {
  override name = "ContainerNotFoundError";
  /**
   * @param what The sentence's end, as `a service web in cluster prod`.
   * @param suggestions Names like it, and how to ask for them; best first, may be empty.
   * @param known All names there are, where they are few.
   */
  constructor(
    what: string,
    readonly suggestions: readonly {
      readonly name: string;
      readonly spec: EcsSpec;
    }[] = [],
    readonly known: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(`Cannot find ${what}`, options);
  }
}

/** One thing that keeps a container from taking sessions. */
export type EcsProblem =
  /** The task is on its way up or down, or gone. */
  | {
    readonly kind: "task-state";
    readonly status: string;
    readonly reason: string | undefined;
  }
  /** The container alone is. */
  | { readonly kind: "container-state"; readonly status: string }
  /** Execute command was not enabled when the task was started. */
  | { readonly kind: "exec-disabled" }
  /** The agent does not run. */
  | {
    readonly kind: "agent-state";
    readonly status: string;
    readonly reason: string | undefined;
  }
  /** The agent has nobody's permissions to connect with. */
  | { readonly kind: "no-role" }
  /** Fargate did not have it then. */
  | {
    readonly kind: "platform-version";
    readonly version: string;
    readonly needed: string;
  };

/** The container is there, and takes no sessions. */
export class ContainerNotReadyError extends Error {
  override name = "ContainerNotReadyError";
  /**
   * @param spec The container, or its task.
   * @param text How to call it.
   * @param problems What is missing, at least one.
   * @param definitionArn What the task was made from.
   */
  constructor(
    readonly spec: EcsSpec,
    text: string,
    readonly problems: readonly EcsProblem[],
    readonly definitionArn: string | undefined,
  ) {
    super(
      `Cannot start session in ${visible(text)}: ` +
        problems.map(phrase).join("; "),
    );
  }
}

function phrase(problem: EcsProblem): string {
  switch (problem.kind) {
    case "task-state":
      return `the task is ${visible(problem.status)}` + because(problem.reason);
    case "container-state":
      return `the container is ${visible(problem.status)}`;
    case "exec-disabled":
      return "execute command was not enabled when the task was started";
    case "agent-state":
      return `the agent that takes commands is ${visible(problem.status)}` +
        because(problem.reason);
    case "no-role":
      return "the task has no task role, so its agent may not connect to " +
        "Session Manager";
    case "platform-version":
      return `Fargate platform version ${visible(problem.version)} has no ` +
        `execute command; ${problem.needed} or later has`;
  }
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : ` (${visible(reason)})`;
}
