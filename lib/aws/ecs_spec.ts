/**
 * How a user names containers of ECS: `ecs:cluster/service`, and a task or a container behind it.
 *
 * @module
 */

import { visible } from "../text.ts";
import { InvalidTargetError } from "./target_errors.ts";

/** What the user typed, part by part. */
export interface EcsSpec {
  /** The cluster's name. */
  readonly cluster: string;
  /** The service's name; `undefined` for any task of the cluster. */
  readonly service: string | undefined;
  /** The task's id; `undefined` for any. */
  readonly task: string | undefined;
  /** The container's name; `undefined` for any. */
  readonly container: string | undefined;
}

/** What every text that is meant for ECS begins with. */
export const ECS_PREFIX = "ecs:";

/** What StartSession takes: `ecs:<cluster>_<task id>_<runtime id>` (api.md §6). */
const SESSION_TARGET = /^ecs:[A-Za-z0-9_-]+_[A-Za-z0-9]+_[A-Za-z0-9-]+$/;

/** ECS's names of clusters, services and containers. */
const NAME = /^[A-Za-z0-9_-]{1,255}$/;

/** A task's id: 32 hex digits, or with dashes as tasks had them before 2021. */
const TASK_ID =
  /^([0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** The ARN of a task or a service, up to the cluster's name. */
const ARN = /^arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:(task|service)\//;

/** The forms, for a message. */
const FORMS =
  "it is ecs:cluster/service, with /task, /container or both behind it";

/**
 * True for what StartSession takes as it is.
 *
 * @param text What the user typed.
 */
export function isSessionTarget(text: string): boolean {
  return SESSION_TARGET.test(text);
}

/**
 * Reads `ecs:cluster/service[/task][/container]`. A task is told from a service and a container by
 * its id, so that `ecs:cluster/task[/container]` does as well; the ARN of a task or a service may
 * stand for its names. A cluster alone, `ecs:cluster`, is any of its tasks; where that looks like
 * the target of a session a slash behind it tells them apart.
 *
 * @param text What the user typed.
 * @returns `undefined` for what is not meant for ECS, and for the target of a session.
 * @throws InvalidTargetError
 */
export function parseEcsSpec(text: string): EcsSpec | undefined {
  if (!text.startsWith(ECS_PREFIX) || isSessionTarget(text)) return undefined;
  const names = text.slice(ECS_PREFIX.length).replace(ARN, "");
  const [cluster = "", ...parts] = names.replace(/\/$/, "").split("/");
  const service = parts[0] !== undefined && !TASK_ID.test(parts[0])
    ? parts.shift()
    : undefined;
  const task = parts[0] !== undefined && TASK_ID.test(parts[0])
    ? parts.shift()
    : undefined;
  const container = parts.shift();
  const [more] = parts;
  if (more !== undefined) {
    throw invalid(
      text,
      task !== undefined || container === undefined
        ? FORMS
        : `${visible(container)} is no task: a task's id has 32 hex digits`,
    );
  }
  for (const name of [cluster, service, container]) {
    if (name !== undefined && !NAME.test(name)) throw invalid(text, FORMS);
  }
  return { cluster, service, task, container };
}

/**
 * The text that is read as this.
 *
 * @param spec The parts.
 */
export function formatEcsSpec(
  { cluster, service, task, container }: EcsSpec,
): string {
  const text = ECS_PREFIX + [cluster, service, task, container]
    .filter((part) => part !== undefined).join("/");
  return isSessionTarget(text) ? `${text}/` : text;
}

function invalid(text: string, why: string): InvalidTargetError {
  return new InvalidTargetError(`Cannot use ${visible(text)}: ${why}`);
}
